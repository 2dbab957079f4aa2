"""Text for ratings, shares, and intervals on pages. An unknown value is shown as a dash."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _

UNKNOWN_TEXT = DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def format_interval(row: Mapping[str, Any]) -> str:
    """Return a row's interval: both ends, or the closed end only, or "" if the row has no interval."""
    low, high = row["ci_low"], row["ci_high"]
    if low is None and high is None:
        return "" if row["interval"] is None else _("too few votes for an interval")
    if low is not None and high is not None:
        return f"{format_whole(low)} {DASH} {format_whole(high)}"
    if low is not None:
        return _("at least %(end)s") % {"end": format_whole(low)}
    return _("at most %(end)s") % {"end": format_whole(high)}


def format_error(row: Mapping[str, Any]) -> str:
    """Return a row's interval in short: half its width, or the closed end only, or "" if it has no closed end."""
    low, high = row["ci_low"], row["ci_high"]
    if low is not None and high is not None:
        return f"±{format_whole((high - low) / 2)}"
    if low is not None:
        return f"≥ {format_whole(low)}"
    return "" if high is None else f"≤ {format_whole(high)}"


def format_whole(number: float | None) -> str:
    return UNKNOWN_TEXT if number is None else f"{round_whole(number):,}".replace("-", MINUS)


def format_signed(number: float) -> str:
    """Return a whole number with its sign. Zero is `±0`."""
    whole = round_whole(number)
    return f"{whole:+,}".replace("-", MINUS) if whole else "±0"


def round_whole(number: float) -> int:
    """Round a number as the template filter `floatformat` does: half away from zero, by its decimal digits.

    So 1530.5 is 1531 on all pages. Python's own formats round it to 1530.
    """
    return int(Decimal(str(number)).quantize(Decimal(1), ROUND_HALF_UP))


def format_percent(share: float | None, digits: int = 0) -> str:
    return UNKNOWN_TEXT if share is None else f"{100 * share:.{digits}f}%"
