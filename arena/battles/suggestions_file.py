"""A team's own questions for the cards of the first page. Read whole, checked whole, then written."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from arena.models import Suggestion, conversation_limit
from core.files.records import Cells, csv_table, json_lines
from core.text.storable import is_text
from core.text.text_size import Size

COLUMNS = ("prompt", "category")
LONGEST_CATEGORY = 100


def load(path: Path) -> dict[str, str]:
    """Put the questions of a file on the cards, instead of all that were there; gives {prompt: category}.

    The file is CSV with a header, or JSON Lines. Raises ValueError with one sentence: an unreadable file, or the
    first wrong line by its number and field.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    cards: dict[str, str] = {}
    for number, row in _cards(lines) if path.suffix.lower() == ".csv" else json_lines(lines, "prompt"):
        cards.setdefault(_text(number, row, "prompt"), _text(number, row, "category"))
    if not cards:
        raise ValueError(f"{path} holds no prompts")
    with transaction.atomic():
        Suggestion.objects.all().delete()
        Suggestion.objects.bulk_create(Suggestion(prompt=prompt, category=cards[prompt]) for prompt in cards)
    return cards


def _cards(lines: Iterable[bytes]) -> Iterator[Cells]:
    header, rows = csv_table(lines)
    for column in COLUMNS:
        if column not in header:
            raise ValueError(f"line 1: there is no column {column}")
    return rows


def _text(line: int, row: dict[str, Any], field: str) -> str:
    value = row.get(field, "")
    if not isinstance(value, str):
        raise ValueError(f"line {line}: {field} must be a text")
    text = value.replace("\r\n", "\n").strip()  # as a browser sends it back, and as it is compared
    if not text:
        raise ValueError(f"line {line}: {field} is missing or empty")
    if not is_text(text):
        raise ValueError(f"line {line}: {field} holds characters that are no text")
    longest = LONGEST_CATEGORY if field == "category" else conversation_limit()
    if Size.of(text).length > longest:
        raise ValueError(f"line {line}: {field} is longer than {longest:,} characters")
    return text
