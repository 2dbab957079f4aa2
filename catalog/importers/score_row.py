"""A score read from a file, before it is matched to a model and a benchmark."""

import datetime as dt
from dataclasses import dataclass

from catalog.facts.fields import Claim


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
