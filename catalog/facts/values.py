"""Parsers for numbers and text from files. Each parser raises ValueError with the field's name if a value is invalid.

This module does not use Django.
"""

from collections.abc import Sequence
from datetime import date
from math import isfinite
from typing import Any

MAX_COUNT = 2**31 - 1


def parse_number(value: Any, field: str) -> float:
    """Return a finite number."""
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{field} is not a number") from None
    if not isfinite(number):
        raise ValueError(f"{field} is not a finite number")
    return number


def parse_share(value: Any, field: str) -> float:
    """Return a number from 0 to 1."""
    number = parse_number(value, field)
    if not 0 <= number <= 1:
        raise ValueError(f"{field} must be between 0 and 1")
    return number


def parse_count(value: Any, field: str, low: int = 0, high: int = MAX_COUNT) -> int:
    """Return a whole number, by default from 0 to 2³¹ - 1, the maximum of an integer column."""
    number = parse_number(value, field)
    if number != int(number) or not low <= number <= high:
        raise ValueError(f"{field} is not a whole number from {low} to {high:,}")
    return int(number)


def parse_boolean(value: Any, field: str) -> bool:
    """Return True or False for a boolean or for these words in lowercase or uppercase."""
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError(f"{field} must be true or false")
    return text == "true"


def parse_date(value: Any, field: str) -> date:
    """Return a day like 2024-05-13."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{field} must be a date like 2024-05-13") from None


def parse_choice(value: Any, field: str, choices: Sequence[str]) -> str:
    """Return one of the choices."""
    if value not in choices:
        raise ValueError(f"{field} must be one of {', '.join(choices)}")
    return str(value)


def parse_text(value: Any, field: str, max_length: int = 200) -> str:
    """Return printable text without surrounding spaces. Empty text is invalid."""
    if not isinstance(value, str) or not value.strip() or len(value) > max_length or not value.isprintable():
        raise ValueError(f"{field} must be text of 1 to {max_length} printable characters")
    return value.strip()
