"""Parser for vote files in the format of the public arena data sets. It parses and checks one row at a time."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from core.files.csv_injection import unescape_formula
from core.files.records import CsvRecord, JsonRecord, iter_json_lines, read_csv
from ratings.interchange.vote_fields import (
    CONVERSATION_FIELDS,
    COUNT_COLUMNS,
    EXTRA_TEXT_FIELDS,
    WINNERS_BY_COLUMN,
    VoteRow,
    parse_pair_counts,
    parse_vote,
)

REQUIRED_COLUMNS = ("model_a", "model_b", "winner")
# Columns with JSON in their cells: numbers, booleans, lists, and objects.
JSON_COLUMNS = frozenset({
    "tstamp", "timestamp", "is_code", "category_tag", "conv_metadata", *CONVERSATION_FIELDS, *EXTRA_TEXT_FIELDS,
    "weight", "counted", "propensity", "turns", "categories", *WINNERS_BY_COLUMN,
})  # fmt: skip


class VoteRows(NamedTuple):
    """The rows in a file. `ordered` is False if the file has counts per pair, which have no order."""

    ordered: bool
    rows: Iterator[VoteRow]


def parse_vote_file(lines: Iterable[bytes], *, is_csv: bool) -> VoteRows:
    """Return the votes in a file. The rows are parsed and checked during iteration.

    The function and the iterator raise a ValueError that names the line and, if possible, the field.
    """
    if not is_csv:
        return VoteRows(ordered=True, rows=(parse_vote(*record) for record in iter_json_lines(lines, "vote")))
    header_line, header, rows = read_csv(lines)
    if "winner" not in header and set(header) >= COUNT_COLUMNS:
        pair_rows = (row for record in _parse_cells(rows) for row in parse_pair_counts(*record))
        return VoteRows(ordered=False, rows=pair_rows)
    for column in REQUIRED_COLUMNS:
        if column not in header:
            raise ValueError(f"line {header_line}: column {column} is missing")
    return VoteRows(ordered=True, rows=(parse_vote(*record) for record in _parse_cells(rows)))


def _parse_cells(rows: Iterable[CsvRecord]) -> Iterator[JsonRecord]:
    for number, cells in rows:
        yield number, {column: _parse_cell(column, cell) for column, cell in cells.items()}


def _parse_cell(column: str, cell: str) -> Any:
    if cell[:1] == "'":
        cell = unescape_formula(cell)
    if not cell or column not in JSON_COLUMNS:
        return cell
    try:
        return orjson.loads(cell.lower() if cell in ("True", "False") else cell)
    except orjson.JSONDecodeError:
        return cell
