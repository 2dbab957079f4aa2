"""Template tags for the frame of each page."""

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve

from core.templatetags import frame


@pytest.mark.parametrize(
    ("maker", "letters"),
    [
        ("OpenAI", "Op"),
        ("Hugging Face", "HF"),
        ("01.AI", "0A"),
        ("Google DeepMind Inc", "GD"),
        ("<b>", "b"),
        ("智谱", "智谱"),
    ],
)
def test_monogram_has_two_letters(maker: str, letters: str) -> None:
    mark = frame.monogram(maker)

    assert mark.endswith(f' aria-hidden="true">{letters}</span>')
    assert frame.monogram(f" {maker.upper()} ").split(">")[0] == mark.split(">")[0]  # the same hue


@pytest.mark.parametrize("maker", [None, "", " - "])
def test_monogram_of_an_unknown_maker_is_empty(maker: str | None) -> None:
    assert frame.monogram(maker) == '<span class="monogram"></span>'


def test_monograms_use_all_hues() -> None:
    hues = {frame.monogram(f"Maker {n}").split('"')[3] for n in range(200)}

    assert hues == {str(hue) for hue in range(frame.HUE_COUNT)}


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/models/", ' aria-current="page"'),
        ("/scaling/", ' aria-current="true"'),
        ("/models/gpt-4o/", ' aria-current="true"'),
        ("/cost/", ""),
        (None, ""),
    ],
)
def test_page_link_marks_the_current_page(path: str | None, current: str) -> None:
    request = RequestFactory().get("/")
    request.resolver_match = resolve(path) if path else None
    template = Template('{% load frame %}{% page_link "model-board" "Models" "model-page scaling" %}')

    assert template.render(Context({"request": request})) == f'<a href="/models/"{current}>Models</a>'


def test_page_link_has_arguments() -> None:
    template = Template('{% load frame %}{% page_link "benchmark" "Scores" slug="mmlu" %}')

    assert template.render(Context()) == '<a href="/benchmarks/mmlu/">Scores</a>'


def test_styles_link_each_style_sheet_in_order() -> None:
    links = Template('{% load frame %}{% styles "core/frame" "core/admin" %}').render(Context())

    assert [link.split("/css/core/")[1].split(".")[0] for link in links.splitlines()] == ["frame", "admin"]
