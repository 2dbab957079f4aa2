"""Suggested questions: the operators' own (from the command `load_prompts`), or the bundled `suggestions.jsonl`.

An operator's file with an invalid line is rejected as a whole.
"""

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import orjson
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from arena.models import Suggestion, get_conversation_limit
from core.files.records import CsvRecord, iter_json_lines, read_csv
from core.storage.compiled_queries import CompiledQuery
from core.text.storable import is_storable_text
from core.text.text_size import TextSize

CARD_COUNT = 4
SUGGESTION_BY_PROMPT = CompiledQuery(lambda prompt: Suggestion.objects.filter(prompt=prompt).only("pk")[:1])
COLUMNS = ("prompt", "category")
MAX_CATEGORY_LENGTH = 100
BUNDLED_FILE = Path(__file__).parents[1] / "data" / "suggestions.jsonl"
CATEGORY_NAMES = {
    "writing": _("Writing"),
    "coding": _("Coding"),
    "maths": _("Math"),
    "reasoning": _("Reasoning"),
    "explanation": _("Explanation"),
    "translation": _("Translation"),
    "roleplay": _("Role play"),
    "planning": _("Planning"),
    "facts": _("Facts"),
    "data": _("Data"),
    "languages": _("Other languages"),
    "advice": _("Advice"),
}


@dataclass(frozen=True)
class SuggestionCard:
    """One suggestion. `key` is the primary key of an operator's suggestion, or the line number of a bundled one."""

    key: int
    prompt: str
    category: str

    @property
    def title(self) -> str:
        """The category's label. Labels of bundled categories are translated."""
        return str(CATEGORY_NAMES.get(self.category, self.category))

    def without_code_marks(self) -> Self:
        """Return the card without the Markdown marks around code."""
        return replace(self, prompt=re.sub(r"```\w*", "", self.prompt))


def draw_cards(exclude: Collection[int] = (), like: int = 0) -> list[SuggestionCard]:
    """Return four random cards, if possible from different categories and with none of the keys in `exclude`.

    like: the key of a card, if another one from its category should come first, or 0
    """
    exclude = {*exclude, like}
    categories = dict(Suggestion.objects.values_list("pk", "category"))
    if not categories:
        bundled_cards = _load_bundled_cards()
        bundled_categories = {key: card.category for key, card in bundled_cards.items()}
        return [bundled_cards[key] for key in _draw_mixed_keys(bundled_categories, exclude, like)]
    keys = _draw_mixed_keys(categories, exclude, like)
    suggestions = Suggestion.objects.in_bulk(keys)  # fewer if a new file is being loaded at the same time
    return [
        SuggestionCard(key, suggestions[key].prompt, suggestions[key].category) for key in keys if key in suggestions
    ]


def get_card_prompt(key: int) -> str:
    """Return a card's question, or "" if the key is unknown."""
    if Suggestion.objects.exists():
        return Suggestion.objects.filter(pk=key).values_list("prompt", flat=True).first() or ""
    card = _load_bundled_cards().get(key)
    return card.prompt if card else ""


def find_card_key(prompt: str) -> int:
    """Return the key of the card with this question, or 0."""
    text = prompt.strip()
    if Suggestion.objects.exists():
        return Suggestion.objects.filter(prompt=text).values_list("pk", flat=True).first() or 0
    return next((key for key, card in _load_bundled_cards().items() if card.prompt == text), 0)


def is_suggestion(prompt: str) -> bool:
    """Return whether a question is identical to a suggestion, either bundled or an operator's own."""
    text = prompt.strip()
    return text in _load_bundled_prompts() or bool(SUGGESTION_BY_PROMPT.load(text))


def _draw_mixed_keys(categories: Mapping[int, str], exclude: Collection[int], like: int) -> list[int]:
    """Return four random keys, beginning with one from the category of `like`.

    Keys in `exclude` come last, and no category repeats while another one is left.
    """
    shuffled_keys = random.sample(sorted(categories), len(categories))
    shuffled_keys.sort(key=lambda key: key in exclude)
    positions = {}  # of each key among the keys of its category
    counts: Counter[str] = Counter()
    for key in shuffled_keys:
        positions[key] = counts[categories[key]]
        counts[categories[key]] += 1
    like_category = categories.get(like)
    ordered_keys = sorted(positions, key=lambda key: (key in exclude, positions[key], categories[key] != like_category))
    return ordered_keys[:CARD_COUNT]


@cache
def _load_bundled_prompts() -> frozenset[str]:
    return frozenset(card.prompt for card in _load_bundled_cards().values())


@cache
def _load_bundled_cards() -> dict[int, SuggestionCard]:
    lines = BUNDLED_FILE.read_bytes().splitlines()
    return {key: SuggestionCard(key, **orjson.loads(line)) for key, line in enumerate(lines, 1)}


def import_suggestions(path: Path) -> dict[str, str]:
    """Replace all suggestions with the questions in a file. Return the categories, keyed by prompt.

    The file is CSV with a header, or JSON Lines. Raises ValueError if the file cannot be read, if it has no
    prompts, or if a line is invalid. In the last case, the message contains the line number and the field.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    is_csv = path.suffix.lower() == ".csv"
    rows = _read_csv_rows(lines) if is_csv else iter_json_lines(lines, "prompt")
    categories: dict[str, str] = {}
    for number, row in rows:
        categories.setdefault(_parse_text(number, row, "prompt"), _parse_text(number, row, "category"))
    if not categories:
        raise ValueError(f"{path} contains no prompts")
    with transaction.atomic():
        Suggestion.objects.all().delete()
        suggestions = [Suggestion(prompt=prompt, category=category) for prompt, category in categories.items()]
        Suggestion.objects.bulk_create(suggestions)
    return categories


def _read_csv_rows(lines: Iterable[bytes]) -> Iterator[CsvRecord]:
    header_line, header, rows = read_csv(lines)
    for column in COLUMNS:
        if column not in header:
            raise ValueError(f"line {header_line}: the column {column} is missing")
    return rows


def _parse_text(line: int, row: dict[str, Any], field: str) -> str:
    value = row.get(field, "")
    if not isinstance(value, str):
        raise ValueError(f"line {line}: {field} must be text")
    text = value.replace("\r\n", "\n").strip()  # the same normalization as for voters' questions
    if not text:
        raise ValueError(f"line {line}: {field} is missing or empty")
    if not is_storable_text(text):
        raise ValueError(f"line {line}: {field} contains invalid characters")
    max_length = MAX_CATEGORY_LENGTH if field == "category" else get_conversation_limit()
    if TextSize.of(text).length > max_length:
        raise ValueError(f"line {line}: {field} is longer than {max_length:,} characters")
    return text
