"""Files of votes as the public arena data sets have them: from bytes to checked rows, one at a time."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from ratings.vote_fields import CONVERSATIONS, COUNT_COLUMNS, MORE_TEXT, OUTCOMES, Row, counts, vote

REQUIRED = ("model_a", "model_b", "winner")
# Cells that hold JSON: numbers, switches, lists and maps.
TYPED = frozenset({
    "tstamp", "timestamp", "is_code", "category_tag", "conv_metadata", *CONVERSATIONS, *MORE_TEXT, "weight",
    "counted", "propensity", "turns", "categories", *OUTCOMES,
})  # fmt: skip
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r\n]")
LONGEST_LINE = 64 * 2**20
Line = tuple[int, dict[str, Any]]

csv.field_size_limit(min(LONGEST_LINE, sys.maxsize))


class Votes(NamedTuple):
    ordered: bool
    rows: Iterator[Row]


def parse(lines: Iterable[bytes], *, is_csv: bool) -> Votes:
    """The votes of a file, checked while they are read; `ordered` is False for counts per pair.

    Raises ValueError that names the line, and the field where there is one; the rows raise it as they come.
    """
    if not is_csv:
        return Votes(ordered=True, rows=(vote(*line) for line in _json_lines(lines)))
    texts = _Texts(lines)
    reader = csv.reader(texts, strict=True)
    header = _header(reader)
    if "winner" not in header and set(header) >= COUNT_COLUMNS:
        return Votes(ordered=False, rows=(row for line in _cells(reader, header) for row in counts(*line)))
    for column in REQUIRED:
        if column not in header:
            raise ValueError(f"line 1: there is no column {column}")
    return Votes(ordered=True, rows=(vote(*line) for line in _cells(reader, header)))


def defuse(cell: str) -> str:
    """So that a spreadsheet takes it for text and not for a formula; `parse` undoes it."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def _json_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            row = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            _decode(number, line)
            raise ValueError(f"line {number}: is not JSON: {error.msg}") from None
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: is not a JSON object; each line is one vote, {{…}}")
        yield number, row


class _Texts:
    """Lines decoded for the CSV reader, which asks for more of them within a quoted cell."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = enumerate(lines, 1)

    def __iter__(self) -> "_Texts":
        return self

    def __next__(self) -> str:
        number, line = next(self.lines)
        text = _decode(number, line)
        return text.removeprefix("\ufeff") if number == 1 else text


def _decode(number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"line {number}: byte {error.start + 1} is not UTF-8") from None


def _header(reader: Any) -> list[str]:
    header = next(_records(reader), (1, []))[1]
    for column in header:
        if header.count(column) > 1:
            raise ValueError(f"line 1: the column {column} stands twice")
    return header


def _cells(reader: Any, header: list[str]) -> Iterator[Line]:
    for number, cells in _records(reader):
        if len(cells) != len(header):
            raise ValueError(f"line {number}: has {len(cells)} cells, but there are {len(header)} columns")
        yield number, {column: _value(column, cell) for column, cell in zip(header, cells, strict=True)}


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


def _value(column: str, cell: str) -> Any:
    if cell[:1] == "'" and QUOTED_FORMULA.match(cell):
        cell = cell[1:]
    if not cell or column not in TYPED:
        return cell
    try:
        return orjson.loads(cell.lower() if cell in ("True", "False") else cell)
    except orjson.JSONDecodeError:
        return cell
