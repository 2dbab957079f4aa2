"""Tests the scale of strips, and strips as HTML."""

import random
import re

import pytest
from django.template import Context, Template

from core.templatetags.strips import Scale, build_scale, strip, strip_axis

SCALE = Scale(1000, 1200, "board")


def positions(html, element):
    """Return the positions along the axis of the elements of a class, as text."""
    tags = re.findall(rf'<[a-z]+ class="{element}"[^>]*>', html)
    return [re.findall(r'(?:x1|x2|cx)="([^"]*)"', tag) for tag in tags]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([1000, None, 1100], (996, 1104)),
        ([1000], (960, 1040)),
        ([0.0], (-0.04, 0.04)),
        ([None], None),
        ([], None),
    ],
)
def test_scale_contains_all_values_with_some_space(values, ends):
    scale = build_scale(values, "board", 1000)
    assert (scale and (scale.low, scale.high)) == ends
    assert scale is None or (scale.axis_id, scale.mark) == ("board", 1000)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1000, 1200, [1050, 1100, 1150]),
        (1096.8, 1209.2, [1125, 1150, 1175, 1200]),
        (0, 100, [20, 40, 60, 80]),
        (-40, 40, [-20, 0, 20]),
        (0.1, 0.35, [0.15, 0.2, 0.25, 0.3]),
        (999_999.5, 1_000_000.5, [999_999.6, 999_999.8, 1_000_000, 1_000_000.2, 1_000_000.4]),
    ],
)
def test_ticks_are_round_few_and_off_the_ends(low, high, ticks):
    assert Scale(low, high).ticks == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1089, 1392, [1000, 1100, 1200, 1300, 1400]),
        (1516, 1576, [1500, 1520, 1540, 1560, 1580]),
        (1000, 1500, [1000, 1200, 1400, 1600]),
        (0.1, 0.35, [0.1, 0.2, 0.3, 0.4]),
        (-40, 99, [-50, 0, 50, 100]),
    ],
)
def test_values_are_between_the_first_and_the_last_tick_if_asked(low, high, ticks):
    assert build_scale([low, high], has_end_ticks=True).ticks == pytest.approx(ticks)


def test_end_ticks_enclose_any_values():
    for seed in range(50):
        low = random.Random(seed).uniform(-2000, 2000)
        high = low + 10 ** random.Random(seed + 1).uniform(-3, 4)
        ticks = build_scale([low, high], has_end_ticks=True).ticks
        assert ticks[0] <= low < high <= ticks[-1]
        assert len(ticks) <= 6


@pytest.mark.parametrize(
    ("value", "low", "high", "interval", "dot", "open_ends", "beyond"),
    [
        (1100, 1050, 1150, ["25%", "75%"], ["50%"], 0, 0),
        (1100, None, 1150, ["0%", "75%"], ["50%"], 1, 0),
        (1100, None, None, ["0%", "100%"], ["50%"], 2, 0),
        (1100, 900, 1150, ["0%", "75%"], ["50%"], 1, 0),
        (1300, 1150, None, ["75%", "100%"], None, 1, 1),
    ],
)
def test_strip_has_a_dot_and_an_interval_that_runs_out_where_it_is_open(
    value, low, high, interval, dot, open_ends, beyond
):
    html = strip(SCALE, value, low, high)
    assert positions(html, "strip-interval") == [interval]
    assert positions(html, "strip-dot") == ([dot] if dot else [])
    assert (html.count("strip-open"), html.count("strip-beyond")) == (open_ends, beyond)


def test_all_strips_of_an_axis_have_one_origin_and_one_scale():
    closed, opened = strip(SCALE, 1100, 1050, 1150), strip(SCALE, 1100, None, None)
    assert positions(closed, "strip-dot") == positions(opened, "strip-dot")
    head = re.compile(r"^<svg[^>]*><use[^>]*>")
    assert head.match(closed)[0] == head.match(opened)[0]
    assert head.match(closed)[0] == '<svg class="strip" aria-hidden="true"><use href="#board"/>'


@pytest.mark.parametrize(
    ("scale", "value", "options", "missing"),
    [
        (None, 1100, {}, "<svg"),
        (SCALE, None, {}, "<svg"),
        (SCALE, 1100, {"show_interval": False}, "strip-interval"),
        (SCALE, 1100, {}, "strip-earlier"),
    ],
)
def test_strip_leaves_out_what_is_not_known(scale, value, options, missing):
    assert missing not in strip(scale, value, **options)


def test_strip_shows_the_value_before():
    assert positions(strip(SCALE, 1100, earlier=1050), "strip-earlier") == [["25%", "50%"]]


@pytest.mark.parametrize(("mark", "lines"), [(None, 0), (1000, 1), (1100, 1), (900, 0)])
def test_axis_has_labels_and_the_line_of_its_mark(mark, lines):
    html = strip_axis(Scale(1000, 1200, "board", mark))
    assert re.findall(r"<text[^>]*>([^<]*)", html) == ["1,050", "1,100", "1,150"]
    assert html.count('class="strip-mark"') == lines
    assert '<g id="board">' in html


def test_tags_and_filter_work_in_a_template():
    template = Template(
        "{% load strips %}{% strip_axis scale '%' %}"
        "{% strip scale value low=None show_interval=True %}{{ scale|place:1050 }}"
    )
    html = template.render(Context({"scale": SCALE, "value": 1100}))
    assert "<text" in html and "1,050%</text>" in html and html.endswith("</svg>25.0")
    assert strip_axis(None) == ""
