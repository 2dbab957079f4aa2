"""Parser for scores in plain CSV. This module does not use Django.

Required columns: `model`, `benchmark`, `value` (from 0 to 1), and `source`.

Optional columns: `task`, `metric`, `filter`, `stderr`, `n`, `shots`, `harness`, `harness_version`, `version`,
`chat_template`, `precision`, `revision`, `method`, `measured_by`, `self_reported`, and `date`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from catalog.facts.values import parse_boolean, parse_count, parse_date, parse_share, parse_text
from catalog.importers.score_row import Line, ScoreRow, parse_csv

REQUIRED_COLUMNS = ("model", "benchmark", "value", "source")


_parse_short_text = partial(parse_text, max_length=50)
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
    "chat_template": parse_boolean,
    "precision": _parse_short_text,
    "revision": parse_text,
    "method": parse_text,
    "measured_by": parse_text,
    "self_reported": parse_boolean,
    "date": parse_date,
}


def parse_scores(content: bytes, _source: str) -> list[ScoreRow]:
    """Return all scores in the file. Raises ValueError with the line and field of an error."""
    return parse_csv(content, lambda line: [parse_row(line)], REQUIRED_COLUMNS, OPTIONAL_COLUMNS)


def parse_row(line: Line) -> ScoreRow:
    """Return the score on one line. Raises ValueError with the name of an invalid field."""
    optional = {name: parse(line[name], name) for name, parse in OPTIONAL_COLUMNS.items() if line.get(name)}
    benchmark = parse_text(line["benchmark"], "benchmark", 100)
    defaults = {"task": benchmark, "metric": "acc", "measured_by": "the author of the file"}
    return ScoreRow(
        model=parse_text(line["model"], "model"),
        benchmark_names=(benchmark,),
        value=parse_share(line["value"], "value"),
        source=parse_text(line["source"], "source", 500),
        **(defaults | optional),
    )
