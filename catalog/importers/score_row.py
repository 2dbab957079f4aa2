"""A score read from a file, before it is matched to a model and a benchmark. This module does not use Django."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from catalog.facts.fields import Claim
from core.files.records import read_csv

Line = Mapping[str, Any]


@dataclass(frozen=True)
class ScoreRow:
    """A score and its conditions.

    `model` is the name in the file. `benchmark_names` contains slugs or task names to look up, in order of preference.
    If none exists, a benchmark with the first name is created. `claims` contains the file's claims about the model. All
    other fields correspond to fields of `catalog.models.Score`.
    """

    model: str
    benchmark_names: tuple[str, ...]
    task: str
    metric: str
    value: float
    measured_by: str
    source: str
    filter: str = ""
    normalized: float | None = None
    stderr: float | None = None
    n: int | None = None
    limited: bool = False
    shots: int | None = None
    harness: str = ""
    harness_version: str = ""
    version: str = ""
    chat_template: bool | None = None
    chat_template_sha: str = ""
    precision: str = ""
    revision: str = ""
    method: str = ""
    self_reported: bool = False
    submitted: bool = False
    claims: tuple[Claim, ...] = ()
    date: dt.date | None = None


def parse_csv(
    content: bytes,
    parse: Callable[[Line], Iterable[ScoreRow]],
    required: Sequence[str],
    optional: Iterable[str] | None = None,
) -> list[ScoreRow]:
    """Call `parse` for each line, and return all scores. Raises ValueError with the number of the invalid line.

    The file must have the `required` columns. It may also have the `optional` columns, or any other columns if
    `optional` is None.
    """
    header_line, header, lines = read_csv(BytesIO(content))
    if missing := [column for column in required if column not in header]:
        raise ValueError(f"line {header_line}: the column {missing[0]} is missing")
    if unknown := set() if optional is None else set(header).difference(required, optional):
        raise ValueError(f"line {header_line}: the column {min(unknown)} is unknown")
    rows: list[ScoreRow] = []
    for number, line in lines:
        try:
            rows += parse(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return rows
