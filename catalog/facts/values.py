"""Checked numbers and texts of files: each returns the value, or raises ValueError with the name of the field. Pure."""

from math import isfinite
from typing import Any


def parse_number(value: Any, what: str) -> float:
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


def parse_share(value: Any, what: str) -> float:
    """A number from 0 to 1."""
    found = parse_number(value, what)
    if not 0 <= found <= 1:
        raise ValueError(f"{what} must lie between 0 and 1")
    return found


def parse_count(value: Any, what: str) -> int:
    """A number of things: not negative, below two thousand million."""
    found = parse_number(value, what)
    if found != int(found) or not 0 <= found < 2**31:
        raise ValueError(f"{what} is not a whole number")
    return int(found)


def parse_text(value: Any, what: str, longest: int = 200) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        raise ValueError(f"{what} must be a text of at most {longest} characters")
    return value.strip()
