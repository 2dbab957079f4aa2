"""Parser of a plain CSV of scores. Pure.

Required: `model`, `benchmark`, `value` (from 0 to 1), `source`. Optional: `task`, `metric`, `filter`, `stderr`, `n`,
`shots`, `harness`, `harness_version`, `version`, `chat_template`, `precision`, `revision`, `method`, `measured_by`,
`self_reported`, `date`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from catalog.facts.values import parse_count, parse_share, parse_text
from catalog.importers.score_row import ScoreRow

REQUIRED_COLUMNS = ("model", "benchmark", "value", "source")


def _parse_boolean(value: str, field: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"{field} must be true or false")
    return value.lower() == "true"


def _parse_date(value: str, field: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{field} must be a date like 2024-05-13") from None


def _parse_short_text(value: str, field: str) -> str:
    return parse_text(value, field, 50)


OPTIONAL_COLUMNS: dict[str, Callable[[str, str], Any]] = {
    "task": parse_text,
    "metric": parse_text,
    "filter": parse_text,
    "stderr": parse_share,
    "n": parse_count,
    "shots": parse_count,
    "harness": parse_text,
    "harness_version": _parse_short_text,
    "version": _parse_short_text,
    "chat_template": _parse_boolean,
    "precision": _parse_short_text,
    "revision": parse_text,
    "method": parse_text,
    "measured_by": parse_text,
    "self_reported": _parse_boolean,
    "date": _parse_date,
}


def parse_scores(content: bytes, _source: str) -> list[ScoreRow]:
    """All scores of the file. Raises ValueError that names the line and the field."""
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        for column in REQUIRED_COLUMNS:
            if column not in (lines.fieldnames or ()):
                raise ValueError(f"line 1: the column {column} is missing")
        if unknown := set(lines.fieldnames or ()) - {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS}:
            raise ValueError(f"line 1: the column {min(unknown, key=str)} is unknown")
        return _parse_rows((lines.line_num, line) for line in lines)
    except UnicodeDecodeError:
        raise ValueError("line 1: this is not UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num + 1}: this is not CSV: {error}") from None


def _parse_rows(lines: Iterable[tuple[int, Mapping[str, Any]]]) -> list[ScoreRow]:
    rows = []
    for number, line in lines:
        try:
            rows.append(parse_row(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return rows


def parse_row(line: Mapping[str, Any]) -> ScoreRow:
    """The score of one line. Raises ValueError that names the field."""
    if None in line or None in line.values():
        raise ValueError("there are more or fewer cells than columns")
    optional = {name: parse(line[name], name) for name, parse in OPTIONAL_COLUMNS.items() if line.get(name)}
    benchmark = parse_text(line["benchmark"], "benchmark", 100)
    defaults = {"task": benchmark, "metric": "acc", "measured_by": "the author of the file"}
    return ScoreRow(
        model=parse_text(line["model"], "model"),
        benchmark=(benchmark,),
        value=parse_share(line["value"], "value"),
        source=parse_text(line["source"], "source", 500),
        **(defaults | optional),
    )
