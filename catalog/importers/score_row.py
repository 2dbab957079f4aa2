"""A score as a file gives it, before it is matched to a model and a benchmark. Pure."""

import datetime as dt
from dataclasses import dataclass

from catalog.facts.fields import Claim


@dataclass(frozen=True)
class ScoreRow:
    """A score and its conditions; the other fields match the fields of `catalog.models.Score`.

    model: its name in the file. benchmark: slugs or task names to look up, the closest first; a new benchmark gets the
    first. claims: the file's claims about the model itself.
    """

    model: str
    benchmark: tuple[str, ...]
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
