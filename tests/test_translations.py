"""Checks that all text in templates is marked for translation."""

import re

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


def test_words_of_all_templates_are_marked():
    found = {path.name: unmarked(path.read_text()) for path in TEMPLATES}
    assert {name: words for name, words in found.items() if words} == {}
