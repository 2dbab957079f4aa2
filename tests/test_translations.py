"""Checks that all text in templates is marked for translation."""

import re

import pytest

from tests.system.service import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MARKED = re.compile(
    r"{%\s*blocktrans.*?{%\s*endblocktrans\w*\s*%}|{#.*?#}|{%\s*comment.*?endcomment\s*%}|<math.*?</math>", re.DOTALL
)
CODE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
SPOKEN = re.compile(r'\s(?:aria-label|placeholder|title|alt|data-done)="([^"]*)"')
ELEMENT = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
# Names that are not translated: the product, the sides, and the labels of keys.
NAMES = {"Arena", "A", "B", "S", "Enter", "Shift", "N", "UTC", "nbsp"}


def unmarked(source: str) -> list[str]:
    shown = CODE.sub(" ", MARKED.sub(" ", source))
    parts = [*SPOKEN.findall(shown), *ELEMENT.sub("\n", shown).split("\n")]
    return [part.strip() for part in parts if set(re.findall(r"[^\W\d_]+", part)) - NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_words_of_a_template_are_marked(path):
    assert unmarked(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p aria-label="Your vote">{% translate "Vote" %}</p>', ["Your vote"]),
        ('<p aria-label="{% translate "Vote" %}">{% blocktranslate %}a {{ b }}{% endblocktranslate %}</p>', []),
        ("<kbd>Enter</kbd> sends", ["sends"]),
    ],
)
def test_unmarked_words_are_found(source, found):
    assert unmarked(source) == found
