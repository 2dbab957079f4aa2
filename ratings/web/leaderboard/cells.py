"""How the figures of the leaderboard are written for people. What is unknown is a dash, never nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from core.text.number_format import count, dollars, tokens
from ratings.boards.changes import has_rank
from ratings.boards.interval_explanations import missing_for_rank, provisional
from ratings.boards.number_text import DASH, UNKNOWN, interval, percent, signed, whole
from ratings.web.leaderboard.columns import BY_NAME, Entry

MARGIN = 5
ARROW = 0.04  # of the axis


@dataclass(frozen=True, eq=False)
class Cell:
    """One figure under its column: `name` and `label` are the column's, `mark` is a class of the figure's own."""

    name: str
    label: str
    text: str
    mark: str = ""


@dataclass(frozen=True, eq=False)
class Line:
    """One row of the table, all of it in words: a template takes long over numbers, and there are hundreds of rows.

    `bar` has the low end, the rating and the high end on the axis; without an interval its ends are empty.
    `missing` says what a model lacks for a rank, empty where it has one, and `provisional` why the rating is so. `pin`
    is an attribute of the box by which it is compared.
    """

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
    cells: Sequence[Cell]
    pin: str


@dataclass(frozen=True)
class Axis:
    """A range of ratings, in whole Elo points."""

    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low


def axis(entries: Sequence[Entry]) -> Axis | None:
    """It holds all ratings and closed ends; of models without a bound only where there are no others, for the place of
    one that never won says little, and beside it no interval of the others could be seen.
    """
    rows = [entry.row for entry in entries]
    names = ("rating", "ci_low", "ci_high")
    bounded = [row for row in rows if not row["unbounded"]] or rows
    ends = [row[name] for row in bounded for name in names if row[name] is not None]
    return Axis(floor(min(ends)) - MARGIN, ceil(max(ends)) + MARGIN) if ends else None


def line(
    entry: Entry,
    columns: Sequence[str],
    pins: Sequence[str],
    most: int,
    scale: Axis | None,
    pool_query: str = "",
    *,
    own: bool = True,
) -> Line:
    """`pool_query`: the part of its address that keeps the pool. own: of a pool of ours."""
    row = entry.row
    return Line(
        slug=entry.slug,
        name=row["name"],
        address=reverse("model-page", args=[entry.slug]) + pool_query,
        about=about(entry),
        group=group(row),
        rank=whole(row["rank"]),
        places=places(entry),
        rating=whole(row["rating"]),
        interval=interval(row),
        bar=_bar(row, scale) if scale else None,
        beyond=_beyond(row["rating"], scale) if scale else "",
        provisional=provisional(row, own=own) if row["provisional"] else "",
        missing=missing_for_rank(row),
        retired=entry.facts.retired,
        cells=[cell(entry, name) for name in columns],
        pin="checked" if entry.slug in pins else "disabled" if len(pins) >= most else "",
    )


def _bar(row: Mapping[str, Any], scale: Axis) -> tuple[str, str, str]:
    """An open end goes to the edge."""
    if row["interval"] is None:
        return "", f"{row['rating']:.1f}", ""
    low, high = (row[name] for name in ("ci_low", "ci_high"))
    ends = scale.low if low is None else low, row["rating"], scale.high if high is None else high
    low, rating, high = (f"{end:.1f}" for end in ends)
    return low, rating, high


def _beyond(rating: float, scale: Axis) -> str:
    """The corners of an arrow at the edge; empty for a rating on the axis."""
    if scale.low <= rating <= scale.high:
        return ""
    tip, side = (scale.low, 1) if rating < scale.low else (scale.high, -1)
    foot = tip + side * scale.width * ARROW
    return f"{tip},5 {foot:.1f},2.5 {foot:.1f},7.5"


def about(entry: Entry) -> list[str]:
    """Who made it, open or closed, and its licence, as far as known."""
    row = entry.row
    return [part for part in (row["organization"], openness(row), row["license"]) if part]


def openness(row: Mapping[str, Any]) -> str:
    known = row["open_weights"]
    return "" if known is None else _("open") if known else _("closed")


def group(row: Mapping[str, Any]) -> str:
    """Of which models its rank and rating are, where no chain of votes joins it to the main ones."""
    return _("group %(number)s") % {"number": row["component"] + 1} if row["component"] else ""


def cell(entry: Entry, name: str) -> Cell:
    text = WRITTEN[name](entry)
    mark = " unknown" if text == UNKNOWN else _noise(entry) if name == "change" else ""
    return Cell(name, str(BY_NAME[name].label), text, mark)


def _noise(entry: Entry) -> str:
    beyond = entry.change.beyond_noise if entry.change else None
    return "" if beyond is None else " beyond-noise" if beyond else " within-noise"


def places(entry: Entry) -> str:
    """The range of ranks, where it is one; without a rank, where the model could stand."""
    low, high = entry.row["rank_low"], entry.row["rank_high"]
    if low == high:
        return "" if low is None or has_rank(entry.row) else f"{low}"
    return f"{low}{DASH}{high}"


def change(entry: Entry) -> str:
    if entry.change is None:
        return UNKNOWN
    if entry.change.rating is None:
        return _("new")
    rank = entry.change.rank or 0
    moved = f" {'↑' if rank > 0 else '↓'}{abs(rank)}" if rank else ""
    text = signed(entry.change.rating) + moved
    return text if entry.change.beyond_noise is not False else _within_noise(text)


def _within_noise(text: str) -> str:
    word = _("within noise")
    return format_html('<span title="{}">{}</span><span class="visually-hidden">, {}</span>', word, text, word)


def price(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else dollars(amount)


def _number(name: str, unit: str, digits: int) -> Callable[[Entry], str]:
    def written(entry: Entry) -> str:
        value = BY_NAME[name].value(entry)
        return UNKNOWN if value is None else f"{value:,.{digits}f}{unit}"

    return written


def _counted(name: str, said: Callable[[int], str]) -> Callable[[Entry], str]:
    def written(entry: Entry) -> str:
        value = BY_NAME[name].value(entry)
        return UNKNOWN if value is None else said(value)

    return written


def _released(entry: Entry) -> str:
    day = entry.facts.released
    return f"{day:%b %Y}" if day else UNKNOWN


WRITTEN: dict[str, Callable[[Entry], str]] = {
    "change": change,
    "tier": _number("tier", "", 0),
    "votes": _number("votes", "", 0),
    "voters": _number("voters", "", 0),
    "win_rate": lambda entry: percent(entry.row["win_rate"]),
    "size": _counted("size", count),
    "price": lambda entry: price(entry.facts.price),
    "context": _counted("context", tokens),
    "speed": _number("speed", "/s", 0),
    "wait": _number("wait", " s", 2),
    "failures": lambda entry: percent(BY_NAME["failures"].value(entry), 1),
    "released": _released,
}
