"""Formats ratings, shares, and intervals as text for pages. Unknown values become a dash."""

from django.utils.translation import gettext as _

from core.text.number_format import format_rounded
from ratings.boards.board_row import BoardRow

DASH = "\N{EN DASH}"
UNKNOWN_TEXT = DASH


def format_interval(row: BoardRow) -> str:
    """Return a row's interval: both ends, the closed end only, a note if both are open, or "" without an interval."""
    low, high = row["ci_low"], row["ci_high"]
    if low is None and high is None:
        return "" if row["interval"] is None else _("too few votes for an interval")
    if low is not None and high is not None:
        return f"{format_whole(low)} {DASH} {format_whole(high)}"
    if low is not None:
        return _("at least %(end)s") % {"end": format_whole(low)}
    return _("at most %(end)s") % {"end": format_whole(high)}


def format_margin(row: BoardRow) -> str:
    """Return a row's interval in compact form: half its width, or only its closed end, or "" if both ends are open."""
    low, high = row["ci_low"], row["ci_high"]
    if low is not None and high is not None:
        return f"±{format_whole((high - low) / 2)}"
    if low is not None:
        return f"≥ {format_whole(low)}"
    return "" if high is None else f"≤ {format_whole(high)}"


def format_whole(number: float | None) -> str:
    return UNKNOWN_TEXT if number is None else format_rounded(number)


def format_percent(share: float | None, digits: int = 0) -> str:
    return UNKNOWN_TEXT if share is None else f"{100 * share:.{digits}f}%"
