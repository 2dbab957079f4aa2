"""Parses the dates in model names, such as `2025-04-14`, `0905`, and `08-2024`. This module does not use Django."""

import re
from collections.abc import Sequence

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december")  # fmt: skip
YEARS = range(2019, 2040)
UNKNOWN_YEAR, UNKNOWN_DAY = "????", "??"
VERSION_PATTERN = re.compile(r"00\d")  # Google numbers the versions of a model from 001
# Dates, written as words that are joined by hyphens. A date that fits several patterns is read by the first one that
# gives a possible date: `0905` is September 5, and `2508`, whose first two digits are no month, is August 2025.
DATE_PATTERNS = [
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
        rf"(?P<month>\d\d|{'|'.join(MONTHS)})-(?P<year>\d{{4}})",
        r"(?P<year>\d{4})-(?P<month>\d\d)",
        r"(?P<month>\d\d)-(?P<day>\d\d)",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<short_year>\d\d)(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<short_year>\d\d)(?P<month>\d\d)",
    )
]


def take_date(words: Sequence[str]) -> tuple[list[str], str]:
    """Return the words without the first date, and that date, or "" if there is none.

    A date has the format `yyyy-mm-dd`, with `????` for an unknown year and `??` for an unknown day. A version number
    such as `001` also counts as a date.
    """
    for start in range(len(words)):
        for length in (3, 2, 1):
            date = _parse_date(words[start : start + length]) if start + length <= len(words) else ""
            if date:
                return [*words[:start], *words[start + length :]], date
    return list(words), ""


def are_compatible(one: str, other: str) -> bool:
    """Return True if both dates can be the same day: all parts that are known in both are equal, or both are empty."""
    if not one or not other:
        return one == other
    one_parts, other_parts = one.split("-"), other.split("-")
    return len(one_parts) == len(other_parts) and all(
        "?" in left or "?" in right or left == right for left, right in zip(one_parts, other_parts, strict=True)
    )


def _parse_date(words: Sequence[str]) -> str:
    text = "-".join(words)
    if VERSION_PATTERN.fullmatch(text):
        return text
    for parts in (match.groupdict() for pattern in DATE_PATTERNS if (match := pattern.fullmatch(text))):
        year = parts.get("year") or (f"20{parts['short_year']}" if "short_year" in parts else UNKNOWN_YEAR)
        month, day = parts["month"], parts.get("day", UNKNOWN_DAY)
        if month in MONTHS:
            month = f"{MONTHS.index(month) + 1:02}"
        is_day = day == UNKNOWN_DAY or 1 <= int(day) <= 31
        if is_day and 1 <= int(month) <= 12 and (year == UNKNOWN_YEAR or int(year) in YEARS):
            return f"{year}-{month}-{day}"
    return ""
