"""Files of votes as the public arena data sets have them: from bytes to checked rows, one at a time."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from core.files.csv_injection import read_back
from core.files.records import Cells, Line, csv_table, json_lines
from ratings.interchange.vote_fields import CONVERSATIONS, COUNT_COLUMNS, MORE_TEXT, OUTCOMES, Row, counts, vote

REQUIRED = ("model_a", "model_b", "winner")
# Cells that hold JSON: numbers, switches, lists and maps.
TYPED = frozenset({
    "tstamp", "timestamp", "is_code", "category_tag", "conv_metadata", *CONVERSATIONS, *MORE_TEXT, "weight",
    "counted", "propensity", "turns", "categories", *OUTCOMES,
})  # fmt: skip


class Votes(NamedTuple):
    ordered: bool
    rows: Iterator[Row]


def parse(lines: Iterable[bytes], *, is_csv: bool) -> Votes:
    """The votes of a file, checked while they are read; `ordered` is False for counts per pair.

    Raises ValueError that names the line, and the field where there is one; the rows raise it as they come.
    """
    if not is_csv:
        return Votes(ordered=True, rows=(vote(*line) for line in json_lines(lines, "vote")))
    header, rows = csv_table(lines)
    if "winner" not in header and set(header) >= COUNT_COLUMNS:
        return Votes(ordered=False, rows=(row for line in _typed(rows) for row in counts(*line)))
    for column in REQUIRED:
        if column not in header:
            raise ValueError(f"line 1: there is no column {column}")
    return Votes(ordered=True, rows=(vote(*line) for line in _typed(rows)))


def _typed(rows: Iterable[Cells]) -> Iterator[Line]:
    for number, cells in rows:
        yield number, {column: _value(column, cell) for column, cell in cells.items()}


def _value(column: str, cell: str) -> Any:
    if cell[:1] == "'":
        cell = read_back(cell)
    if not cell or column not in TYPED:
        return cell
    try:
        return orjson.loads(cell.lower() if cell in ("True", "False") else cell)
    except orjson.JSONDecodeError:
        return cell
