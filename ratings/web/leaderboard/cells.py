"""How the figures of the leaderboard are written for people. What is unknown is a dash, never nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core.text.number_format import format_count, format_dollars, format_tokens
from ratings.boards.changes import has_rank
from ratings.boards.interval_explanations import describe_missing_votes, explain_provisional
from ratings.boards.number_text import DASH, UNKNOWN_TEXT, format_interval, format_percent, format_signed, format_whole
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME, LeaderboardEntry

AXIS_MARGIN = 5
ARROW_LENGTH = 0.04  # of the axis


@dataclass(frozen=True, eq=False)
class LeaderboardCell:
    """One figure under its column: `name` and `label` are the column's, `mark` is a class of the figure's own."""

    name: str
    label: str
    text: str
    mark: str = ""


@dataclass(frozen=True, eq=False)
class LeaderboardRow:
    """One row of the table, all of it in words: a template takes long over numbers, and there are hundreds of rows.

    `bar` has the low end, the rating and the high end on the axis; without an interval its ends are empty. `missing`
    says what a model lacks for a rank, empty where it has one, and `explain_provisional` why the rating is so. `pin` is
    an attribute of the box by which it is compared."""

    slug: str
    name: str
    address: str
    about: Sequence[str]
    group: str
    rank: str
    places: str
    rating: str
    interval: str
    bar: tuple[str, str, str] | None
    beyond: str  # the corners of an arrow, where the rating is not on the axis
    provisional: str
    missing: str
    retired: bool
    cells: Sequence[LeaderboardCell]
    pin: str


@dataclass(frozen=True)
class RatingAxis:
    """A range of ratings, in whole Elo points."""

    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low


def compute_axis(entries: Sequence[LeaderboardEntry]) -> RatingAxis | None:
    """It holds all ratings and closed ends; of models without a bound only where there are no others, for the place of
    one that never won says little, and beside it no interval of the others could be seen.
    """
    rows = [entry.row for entry in entries]
    names = ("rating", "ci_low", "ci_high")
    bounded = [row for row in rows if not row["unbounded"]] or rows
    ends = [row[name] for row in bounded for name in names if row[name] is not None]
    return RatingAxis(floor(min(ends)) - AXIS_MARGIN, ceil(max(ends)) + AXIS_MARGIN) if ends else None


def build_row(
    entry: LeaderboardEntry,
    columns: Sequence[str],
    pins: Sequence[str],
    most: int,
    scale: RatingAxis | None,
    pool_query: str = "",
    *,
    own: bool = True,
) -> LeaderboardRow:
    """`pool_query`: the part of its address that keeps the pool. own: of a pool of ours."""
    row = entry.row
    return LeaderboardRow(
        slug=entry.slug,
        name=row["name"],
        address=reverse("model-page", args=[entry.slug]) + pool_query,
        about=list_attributes(entry),
        group=format_group(row),
        rank=format_whole(row["rank"]),
        places=format_rank_range(entry),
        rating=format_whole(row["rating"]),
        interval=format_interval(row),
        bar=_build_bar(row, scale) if scale else None,
        beyond=_build_arrow(row["rating"], scale) if scale else "",
        provisional=explain_provisional(row, own=own) if row["provisional"] else "",
        missing=describe_missing_votes(row),
        retired=entry.facts.retired,
        cells=[build_cell(entry, name) for name in columns],
        pin="checked" if entry.slug in pins else "disabled" if len(pins) >= most else "",
    )


def _build_bar(row: Mapping[str, Any], scale: RatingAxis) -> tuple[str, str, str]:
    """An open end goes to the edge."""
    if row["interval"] is None:
        return "", f"{row['rating']:.1f}", ""
    low, high = (row[name] for name in ("ci_low", "ci_high"))
    ends = scale.low if low is None else low, row["rating"], scale.high if high is None else high
    low, rating, high = (f"{end:.1f}" for end in ends)
    return low, rating, high


def _build_arrow(rating: float, scale: RatingAxis) -> str:
    """The corners of an arrow at the edge; empty for a rating on the axis."""
    if scale.low <= rating <= scale.high:
        return ""
    tip, side = (scale.low, 1) if rating < scale.low else (scale.high, -1)
    foot = tip + side * scale.width * ARROW_LENGTH
    return f"{tip},5 {foot:.1f},2.5 {foot:.1f},7.5"


def list_attributes(entry: LeaderboardEntry) -> list[str]:
    """Who made it, open or closed, and its licence, as far as known."""
    row = entry.row
    return [part for part in (row["organization"], format_openness(row), row["license"]) if part]


def format_openness(row: Mapping[str, Any]) -> str:
    known = row["open_weights"]
    return "" if known is None else _("open") if known else _("closed")


def format_group(row: Mapping[str, Any]) -> str:
    """Of which models its rank and rating are, where no chain of votes joins it to the main ones."""
    return _("group %(number)s") % {"number": row["component"] + 1} if row["component"] else ""


def build_cell(entry: LeaderboardEntry, name: str) -> LeaderboardCell:
    text = FORMATTERS[name](entry)
    mark = " unknown" if text == UNKNOWN_TEXT else _choose_noise_class(entry) if name == "change" else ""
    return LeaderboardCell(name, str(COLUMNS_BY_NAME[name].label), text, mark)


def _choose_noise_class(entry: LeaderboardEntry) -> str:
    beyond = entry.change.beyond_noise if entry.change else None
    return "" if beyond is None else " beyond-noise" if beyond else " within-noise"


def format_rank_range(entry: LeaderboardEntry) -> str:
    """The range of ranks, where it is one; without a rank, where the model could stand."""
    low, high = entry.row["rank_low"], entry.row["rank_high"]
    if low == high:
        return "" if low is None or has_rank(entry.row) else f"{low}"
    return f"{low}{DASH}{high}"


def format_change(entry: LeaderboardEntry) -> str:
    if entry.change is None:
        return UNKNOWN_TEXT
    if entry.change.rating is None:
        return _("new")
    rank = entry.change.rank or 0
    moved = f" {'↑' if rank > 0 else '↓'}{abs(rank)}" if rank else ""
    text = format_signed(entry.change.rating) + moved
    return text if entry.change.beyond_noise is not False else _mark_within_noise(text)


def _mark_within_noise(text: str) -> str:
    word = _("within noise")
    return format_html('<span title="{}">{}</span><span class="visually-hidden">, {}</span>', word, text, word)


def format_price(amount: Decimal | None) -> str:
    return UNKNOWN_TEXT if amount is None else format_dollars(amount)


def _make_number_formatter(name: str, unit: str, digits: int) -> Callable[[LeaderboardEntry], str]:
    def written(entry: LeaderboardEntry) -> str:
        value = COLUMNS_BY_NAME[name].value(entry)
        return UNKNOWN_TEXT if value is None else f"{value:,.{digits}f}{unit}"

    return written


def _make_count_formatter(name: str, said: Callable[[int], str]) -> Callable[[LeaderboardEntry], str]:
    def written(entry: LeaderboardEntry) -> str:
        value = COLUMNS_BY_NAME[name].value(entry)
        return UNKNOWN_TEXT if value is None else said(value)

    return written


def _format_released(entry: LeaderboardEntry) -> str:
    day = entry.facts.released
    return f"{day:%b %Y}" if day else UNKNOWN_TEXT


FORMATTERS: dict[str, Callable[[LeaderboardEntry], str]] = {
    "change": format_change,
    "tier": _make_number_formatter("tier", "", 0),
    "votes": _make_number_formatter("votes", "", 0),
    "voters": _make_number_formatter("voters", "", 0),
    "win_rate": lambda entry: format_percent(entry.row["win_rate"]),
    "size": _make_count_formatter("size", format_count),
    "price": lambda entry: format_price(entry.facts.price),
    "context": _make_count_formatter("context", format_tokens),
    "speed": _make_number_formatter("speed", "/s", 0),
    "wait": _make_number_formatter("wait", " s", 2),
    "failures": lambda entry: format_percent(COLUMNS_BY_NAME["failures"].value(entry), 1),
    "released": _format_released,
}
