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


def format_whole(number: float | None) -> str:
    """Return a number without decimals. Halves are rounded away from zero, as in templates."""
    return UNKNOWN_TEXT if number is None else f"{_round_whole(number):,}".replace("-", MINUS)


def _round_whole(number: float) -> int:
    return int(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP))


def format_signed(number: float) -> str:
    """Return a whole number with its sign. Zero is `±0`."""
    text = f"{_round_whole(number):+,}".replace("-", MINUS)
    return "±0" if text.strip(f"+{MINUS}") == "0" else text


def format_percent(share: float | None, digits: int = 0) -> str:
    return UNKNOWN_TEXT if share is None else f"{100 * share:.{digits}f}%"
