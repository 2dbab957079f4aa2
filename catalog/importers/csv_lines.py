"""CSV reader for the parsers in `open_llm` and `scores_csv`. This module does not use Django."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from catalog.importers.score_row import ScoreRow

Line = Mapping[str, Any]


def parse_lines(
    content: bytes,
    parse: Callable[[Line], Iterable[ScoreRow]],
    required: Sequence[str],
    optional: Iterable[str] | None = None,
) -> list[ScoreRow]:
    """Call `parse` for each line, and return all scores. Raises ValueError with the number of the invalid line.

    The file must have the `required` columns. It may also have the `optional` columns, or any other columns if
    `optional` is None.
    """
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        columns = set(lines.fieldnames or ())
        if missing := [column for column in required if column not in columns]:
            raise ValueError(f"line 1: the column {missing[0]} is missing")
        unknown = set() if optional is None else columns.difference(required, optional)
        if unknown:
            raise ValueError(f"line 1: the column {min(unknown)} is unknown")
        return [row for line in lines for row in _parse_line(line, lines.line_num, parse)]
    except UnicodeDecodeError:
        raise ValueError("line 1: not valid UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num + 1}: invalid CSV: {error}") from None


def _parse_line(line: Line, number: int, parse: Callable[[Line], Iterable[ScoreRow]]) -> list[ScoreRow]:
    try:
        if None in line or None in line.values():
            raise ValueError("the number of cells differs from the number of columns in the header")
        return list(parse(line))
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from None
