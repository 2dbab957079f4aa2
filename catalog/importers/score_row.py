"""A score as a file has it, before anybody knows which model and benchmark it belongs to. Pure."""

import datetime as dt
from dataclasses import dataclass

from catalog.facts.fields import Claim


@dataclass(frozen=True)
class ScoreRow:
    """`benchmark`: slugs or task names to look for, from the nearest on; a new one is called by the first.

    `claims`: what the file says of the model itself.
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
