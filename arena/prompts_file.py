"""A team's own questions for the cards of the first page. Read whole, checked whole, then written."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from django.db import transaction

from arena.models import Suggestion
from arena.prompts import LONGEST_PROMPT, is_text

LONGEST = {"prompt": LONGEST_PROMPT, "category": 100}
Line = tuple[int, dict[str, Any]]


def load(path: Path) -> dict[str, str]:
    """Put the questions of a file on the cards, instead of all that were there; gives {prompt: category}.

    The file is CSV with a header, or JSON Lines. Raises ValueError with one sentence: an unreadable file, or the
    first wrong line by its number and field.
    """
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    cards: dict[str, str] = {}
    for number, row in _csv(lines) if path.suffix.lower() == ".csv" else _json_lines(lines):
        cards.setdefault(_text(number, row, "prompt"), _text(number, row, "category"))
    if not cards:
        raise ValueError(f"{path} holds no prompts")
    with transaction.atomic():
        Suggestion.objects.all().delete()
        Suggestion.objects.bulk_create(Suggestion(prompt=prompt, category=cards[prompt]) for prompt in cards)
    return cards


def _json_lines(lines: list[bytes]) -> Iterator[Line]:
    for number, line in enumerate(lines, 1):
        text = _decoded(number, line)
        if not text.strip():
            continue
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"line {number}: is not JSON: {error.msg}") from None
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: is not a JSON object; each line is one prompt, {{…}}")
        yield number, row


def _csv(lines: list[bytes]) -> Iterator[Line]:
    reader = csv.reader((_decoded(number, line) for number, line in enumerate(lines, 1)), strict=True)
    records = _records(reader)
    header = next(records, (1, []))[1]
    for column in LONGEST:
        if header.count(column) != 1:
            raise ValueError(f"line 1: the column {column} must stand there once")
    for number, cells in records:
        if len(cells) != len(header):
            raise ValueError(f"line {number}: has {len(cells)} cells, but there are {len(header)} columns")
        yield number, dict(zip(header, cells, strict=True))


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of the line on which it begins."""
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ValueError(f"line {number}: is not CSV: {error}") from None
        if cells is None:
            return
        if cells:
            yield number, cells


def _decoded(number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"line {number}: byte {error.start + 1} is not UTF-8") from None


def _text(line: int, row: dict[str, Any], field: str) -> str:
    value = row.get(field, "")
    if not isinstance(value, str):
        raise ValueError(f"line {line}: {field} must be a text")
    text = value.replace("\r\n", "\n").strip()  # as a browser sends it back, and as it is compared
    if not text:
        raise ValueError(f"line {line}: {field} is missing or empty")
    if not is_text(text):
        raise ValueError(f"line {line}: {field} holds characters that are no text")
    if len(text) > LONGEST[field]:
        raise ValueError(f"line {line}: {field} is longer than {LONGEST[field]:,} characters")
    return text
