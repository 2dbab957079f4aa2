"""A plain CSV of scores. Pure.

Needed: `model`, `benchmark`, `value` (from 0 to 1), `source`. Optional: `task`, `metric`, `filter`, `stderr`, `n`,
`shots`, `harness`, `harness_version`, `version`, `chat_template`, `precision`, `revision`, `method`, `measured_by`,
`self_reported`, `date`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from catalog.facts.values import share, text, whole
from catalog.importers.score_row import ScoreRow

NEEDED = ("model", "benchmark", "value", "source")


def _truth(value: str, what: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"{what} must be true or false")
    return value.lower() == "true"


def _day(value: str, what: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{what} must be a date like 2024-05-13") from None


def _short(value: str, what: str) -> str:
    return text(value, what, 50)


OPTIONAL: dict[str, Callable[[str, str], Any]] = {
    "task": text, "metric": text, "filter": text, "stderr": share, "n": whole, "shots": whole, "harness": text,
    "harness_version": _short, "version": _short, "chat_template": _truth, "precision": _short, "revision": text,
    "method": text, "measured_by": text, "self_reported": _truth, "date": _day,
}  # fmt: skip


def read(content: bytes, _source: str) -> list[ScoreRow]:
    """All scores of the file. Raises ValueError with line and field."""
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        for column in NEEDED:
            if column not in (lines.fieldnames or ()):
                raise ValueError(f"line 1: the column {column} is missing")
        if unknown := set(lines.fieldnames or ()) - {*NEEDED, *OPTIONAL}:
            raise ValueError(f"line 1: the column {min(unknown, key=str)} is not known here")
        return _rows((lines.line_num, line) for line in lines)
    except UnicodeDecodeError:
        raise ValueError("line 1: this is not UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num + 1}: this is not CSV: {error}") from None


def _rows(lines: Iterable[tuple[int, Mapping[str, Any]]]) -> list[ScoreRow]:
    rows = []
    for at, line in lines:
        try:
            rows.append(row(line))
        except ValueError as error:
            raise ValueError(f"line {at}: {error}") from None
    return rows


def row(line: Mapping[str, Any]) -> ScoreRow:
    """One score. Raises ValueError that names the field."""
    if None in line or None in line.values():
        raise ValueError("there are more or fewer cells than columns")
    given = {name: check(line[name], name) for name, check in OPTIONAL.items() if line.get(name)}
    benchmark = text(line["benchmark"], "benchmark", 100)
    defaults = {"task": benchmark, "metric": "acc", "measured_by": "whoever ran the file"}
    return ScoreRow(
        model=text(line["model"], "model"),
        benchmark=(benchmark,),
        value=share(line["value"], "value"),
        source=text(line["source"], "source", 500),
        **(defaults | given),
    )
