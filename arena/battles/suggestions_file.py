"""Imports operators' questions for the cards on the home page. A file with an invalid line is rejected as a whole."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from arena.models import Suggestion, get_conversation_limit
from core.files.records import CsvRecord, iter_json_lines, read_csv
from core.text.storable import is_storable_text
from core.text.text_size import TextSize

COLUMNS = ("prompt", "category")
MAX_CATEGORY_LENGTH = 100


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
    header, rows = read_csv(lines)
    for column in COLUMNS:
        if column not in header:
            raise ValueError(f"line 1: the column {column} is missing")
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
