"""Parsers for numbers and text from files. Each parser raises ValueError with the field's name if a value is invalid.

This module does not use Django.
"""

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


def parse_count(value: Any, field: str) -> int:
    """Return a whole number from 0 to 2³¹ - 1, the maximum of an integer column."""
    number = parse_number(value, field)
    if number != int(number) or not 0 <= number <= MAX_COUNT:
        raise ValueError(f"{field} is not a whole number from 0 to {MAX_COUNT:,}")
    return int(number)


def parse_text(value: Any, field: str, max_length: int = 200) -> str:
    """Return printable text without surrounding spaces. Empty text is invalid."""
    if not isinstance(value, str) or not value.strip() or len(value) > max_length or not value.isprintable():
        raise ValueError(f"{field} must be text of 1 to {max_length} printable characters")
    return value.strip()
