"""Ratings, shares and intervals as text for people. An unknown value is a dash, never empty."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

UNKNOWN = DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def interval(row: Mapping[str, Any]) -> str:
    """Both ends, or the closed one of them; empty where there is none."""
    low, high = row["ci_low"], row["ci_high"]
    if low is None and high is None:
        return "" if row["interval"] is None else _("open at both ends")
    if low is not None and high is not None:
        return f"{whole(low)} {DASH} {whole(high)}"
    if low is not None:
        return _("%(end)s or more") % {"end": whole(low)}
    return _("%(end)s or less") % {"end": whole(high)}


def whole(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.0f}".replace("-", MINUS)


def signed(number: float) -> str:
    """Whole, with its sign; nothing gained and nothing lost has none."""
    text = f"{number:+,.0f}".replace("-", MINUS)
    return "±0" if text.strip(f"+{MINUS}") == "0" else text


def percent(share: float | None, digits: int = 0) -> str:
    return UNKNOWN if share is None else f"{100 * share:.{digits}f} %"
