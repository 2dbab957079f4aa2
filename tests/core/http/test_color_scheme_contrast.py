"""Text has enough contrast in both color schemes, and color-blind users can distinguish the sides."""

import re
from pathlib import Path

import pytest
from django.conf import settings

BASE = (Path(settings.BASE_DIR) / "static/css/core/frame.css").read_text()
COLORS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", BASE)}
TEXTS = [
    *[("ink", on) for on in ("paper", "sheet", "sunken", "a-wash", "b-wash")],
    *[("ink-soft", on) for on in ("paper", "sheet", "sunken", "a-wash", "b-wash")],
    *[
        ("on-ink", "ink"),
        ("on-a", "a"),
        ("on-b", "b"),
        ("a", "sheet"),
        ("bad", "paper"),
        ("bad", "sheet"),
        ("b", "sheet"),
        ("a", "a-wash"),
        ("b", "b-wash"),
    ],
]
# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009;
# severity 1, on linear RGB.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def linear(color):
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def contrast(one, other):
    """Return the WCAG 2.2 contrast ratio, from 1 to 21."""
    weights = (0.2126, 0.7152, 0.0722)
    light, dark = sorted(
        (sum(w * c for w, c in zip(weights, linear(x), strict=True)) for x in (one, other)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def seen(color, eyes):
    """Return Oklab coordinates of a color as seen with this kind of color vision."""
    r, g, b = (min(1, max(0, sum(m * c for m, c in zip(line, linear(color), strict=True)))) for line in EYES[eyes])
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
    )


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(text, ground, scheme):
    assert contrast(COLORS[text][scheme], COLORS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_sides_can_be_told_apart_by_all_eyes(eyes, scheme):
    a, b = (seen(COLORS[side][scheme], eyes) for side in "ab")
    assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 0.1
