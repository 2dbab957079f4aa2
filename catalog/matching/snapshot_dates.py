"""Parses the dates in model names, such as `2025-04-14`, `0905`, and `08-2024`. This module does not use Django."""

import re
from collections.abc import Callable, Sequence

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december")  # fmt: skip
YEARS = range(2019, 2040)
UNKNOWN_YEAR, UNKNOWN_DAY = "????", "??"
VERSION_PATTERN = re.compile(r"00\d")  # Google numbers the versions of a model from 001


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
    return all(
        "?" in left or "?" in right or left == right
        for left, right in zip(_split_date(one), _split_date(other), strict=True)
    )  # fmt: skip


def _split_date(date: str) -> tuple[str, str, str]:
    year, _, rest = date.partition("-")
    month, _, day = rest.partition("-")
    return year, month, day


def _parse_date(words: Sequence[str]) -> str:
    lengths = tuple(len(word) if word.isdecimal() else 0 for word in words)
    parse = PARSERS.get(lengths)
    return parse(*words) if parse else ""


def _format_date(year: str, month: str, day: str) -> str:
    """Return the date, or "" if a part of it is out of range."""
    is_year = year == UNKNOWN_YEAR or (year.isdecimal() and int(year) in YEARS)
    is_month = month.isdecimal() and 1 <= int(month) <= 12
    is_day = day == UNKNOWN_DAY or (day.isdecimal() and 1 <= int(day) <= 31)
    return f"{year}-{month}-{day}" if is_year and is_month and is_day else ""


def _parse_month_and_year(month: str, year: str) -> str:
    number = str(MONTHS.index(month) + 1).zfill(2) if month in MONTHS else month
    return _format_date(year, number, UNKNOWN_DAY)


def _parse_year_and_month(year: str, month: str) -> str:
    return _format_date(year, month, UNKNOWN_DAY)


def _parse_month_and_day(month: str, day: str) -> str:
    return _format_date(UNKNOWN_YEAR, month, day)


def _parse_four_digits(digits: str) -> str:
    """Parse `0905` as a month and day, and `2508`, whose first two digits are not a month, as a year and month."""
    month_and_day = _format_date(UNKNOWN_YEAR, digits[:2], digits[2:])
    return month_and_day or _format_date(f"20{digits[:2]}", digits[2:], UNKNOWN_DAY)


def _parse_six_digits(digits: str) -> str:
    return _format_date(f"20{digits[:2]}", digits[2:4], digits[4:])


def _parse_eight_digits(digits: str) -> str:
    return _format_date(digits[:4], digits[4:6], digits[6:])


def _parse_version(digits: str) -> str:
    return digits if VERSION_PATTERN.fullmatch(digits) else ""


# Parsers keyed by the number of digits in each word. A word that is not a number has 0 digits.
PARSERS: dict[tuple[int, ...], Callable[..., str]] = {
    (4, 2, 2): _format_date,
    (2, 4): _parse_month_and_year,
    (0, 4): _parse_month_and_year,
    (4, 2): _parse_year_and_month,
    (2, 2): _parse_month_and_day,
    (8,): _parse_eight_digits,
    (6,): _parse_six_digits,
    (4,): _parse_four_digits,
    (3,): _parse_version,
}
