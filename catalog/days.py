"""The days that a source can speak of. Pure."""

from datetime import UTC, date, datetime, timedelta

YEARS = range(1950, 2101)  # from before the first programs that chat to what a maker may promise


def in_future(day: date) -> bool:
    """Whether it has come nowhere on earth."""
    return day > datetime.now(UTC).date() + timedelta(days=1)
