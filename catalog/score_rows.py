"""A score as a file has it, before anybody knows which model and benchmark it belongs to. Pure."""

import datetime as dt
from dataclasses import dataclass
from math import isfinite
from typing import Any

from catalog.fact_fields import Claim


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


def number(value: Any, what: str) -> float:
    """A finite number. Raises ValueError that names it."""
    try:
        if isinstance(value, bool):
            raise ValueError
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{what} is not a number") from None
    if not isfinite(found):
        raise ValueError(f"{what} is not a finite number")
    return found


def share(value: Any, what: str) -> float:
    """A number from 0 to 1."""
    found = number(value, what)
    if not 0 <= found <= 1:
        raise ValueError(f"{what} must lie between 0 and 1")
    return found


def whole(value: Any, what: str) -> int:
    """A number of things: not negative, below two thousand million."""
    found = number(value, what)
    if found != int(found) or not 0 <= found < 2**31:
        raise ValueError(f"{what} is not a whole number")
    return int(found)


def text(value: Any, what: str, longest: int = 200) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        raise ValueError(f"{what} must be a text of at most {longest} characters")
    return value.strip()
