"""ELIZA's script. It is read from `eliza_script.toml` when this module is imported."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern (see `eliza.match_pattern`) and its answers.

    `(2)` in an answer is replaced with the words that the pattern's second element matched.
    """

    pattern: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword's rules. ELIZA tries the keyword with the highest rank first."""

    rank: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class MemoryRule:
    """The rule that stores an extra answer for later each time its keyword produces an answer."""

    keyword: str
    rule: Rule


def _parse_rule(table: Mapping[str, Any]) -> Rule:
    return Rule(table["pattern"], tuple(table["answers"]))


def _parse_keywords(tables: list[dict[str, Any]]) -> dict[str, Keyword]:
    keywords: dict[str, Keyword] = {}
    for table in tables:
        keyword = Keyword(table["rank"], tuple(map(_parse_rule, table["rules"])))
        keywords |= dict.fromkeys(table["words"].split(), keyword)
    return keywords


_script = tomllib.loads(SCRIPT_FILE.read_text(encoding="utf-8"))
CONTRACTIONS: dict[str, str] = _script["contractions"]
REFLECTIONS: dict[str, str] = _script["reflections"]
DEFAULT_ANSWERS: tuple[str, ...] = tuple(_script["default_answers"])
WORD_GROUPS = {name: frozenset(words.split()) for name, words in _script["word_groups"].items()}
MEMORY_RULE = MemoryRule(_script["memory"]["keyword"], _parse_rule(_script["memory"]))
KEYWORDS = _parse_keywords(_script["keywords"])
