"""Builds the leaderboard's rows as text.

In the rank column and the optional columns, an unknown value is a dash. Elsewhere, it is omitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.strips import Scale, build_scale, strip
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.interval_explanations import PUBLISHED_INTERVAL, describe_missing_votes, explain_provisional
from ratings.boards.number_text import DASH, UNKNOWN_TEXT, format_interval, format_margin, format_whole
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME, LeaderboardEntry, format_cell
from ratings.web.leaderboard.table_options import MAX_PINS

PROPRIETARY_LICENSE = "proprietary"  # the catalog's name for the terms of closed weights


@dataclass(frozen=True, eq=False)
class LeaderboardCell:
    """One cell of an optional column.

    name, label: the name and label of the column.
    mark: CSS classes of the cell, each with a leading space.
    """

    name: str
    label: str
    text: str
    mark: str = ""


@dataclass(frozen=True, eq=False)
class LeaderboardRow:
    """One row of the table, formatted. Formatting in a template would be slow, because there can be hundreds of rows.

    attributes: the maker, whether the weights are open, the license, and the setting, if known.
    group: the name of the group in which the rank and rating are valid, or empty for the main group.
    rank: the rank, or a dash if the model is unranked.
    rank_range: the range of ranks that the model could have, or empty if it is just the rank.
    tied_ranks: the first and the last rank of the ranked models that do not differ significantly, for highlighting (see
        `format_tied_ranks`), or empty.
    interval, margin: the 95% interval, in words and in compact form, such as ±5. If one end is open, the compact form
        is ≥ or ≤ with the other end.
    strip_html: the rating and its interval, drawn on the axis of the table.
    bracket_classes: CSS classes that draw the row's part of a bracket, see `ties.list_bracket_classes`.
    tier: the tier if this is its first row and the table is sorted by rank, else None.
    provisional: the reasons why the rating is provisional, or empty.
    missing_votes_text: the number of votes that the model still needs for a rank as text, or empty if it is ranked.
    pin_attribute: `checked`, `disabled`, or empty, for the check box that selects the model for a comparison.
    """

    slug: str
    name: str
    url: str
    maker: str | None
    attributes: Sequence[str]
    group: str
    rank: str
    rank_range: str
    tied_ranks: str
    rating: str
    interval: str
    margin: str
    strip_html: SafeString
    bracket_classes: str
    tier: int | None
    provisional: str
    missing_votes_text: str
    retired: bool
    cells: Sequence[LeaderboardCell]
    pin_attribute: str


def build_rating_scale(entries: Sequence[LeaderboardEntry], name: str, mean: float | None = None) -> Scale | None:
    """Return a scale with all ratings and closed interval ends, or None if there are no entries.

    Unbounded models are ignored unless all models are unbounded. The rating of a model that has never won means little.
    On an axis that includes it, the other intervals would be too small to see.

    name: the HTML ID of the axis.
    mean: the rating that gets a dotted line, or None.
    """
    rows = [entry.row for entry in entries]
    bounded = [row for row in rows if not row["unbounded"]] or rows
    return build_scale((row[end] for row in bounded for end in ("rating", "ci_low", "ci_high")), name, mean)


def build_row(
    entry: LeaderboardEntry,
    columns: Sequence[str],
    pins: Sequence[str],
    scale: Scale | None,
    pool_query: str = "",
    *,
    is_own_pool: bool = True,
    bracket_classes: str = "",
    tier: int | None = None,
) -> LeaderboardRow:
    """Return the row of an entry.

    columns: the names of the optional columns.
    pins: the slugs of the models that are selected for a comparison, at most `MAX_PINS`.
    pool_query: the query string that selects the pool on the model's page.
    is_own_pool: whether the pool belongs to this arena.
    bracket_classes, tier: as in `LeaderboardRow`.
    """
    row = entry.row
    return LeaderboardRow(
        slug=entry.slug,
        name=row["name"],
        url=reverse("model-page", args=[entry.slug]) + pool_query,
        maker=row["organization"],
        attributes=list_attributes(entry),
        group=format_group(row),
        rank=format_whole(row["rank"]),
        rank_range=format_rank_range(entry),
        tied_ranks=format_tied_ranks(row),
        rating=format_whole(row["rating"]),
        interval=format_interval(row),
        margin=format_margin(row),
        strip_html=strip(
            scale, row["rating"], row["ci_low"], row["ci_high"], show_interval=row["interval"] is not None
        ),
        bracket_classes=bracket_classes,
        tier=tier,
        provisional=explain_provisional(row, is_own_pool=is_own_pool) if row["provisional"] else "",
        missing_votes_text=describe_missing_votes(row),
        retired=entry.facts.retired,
        cells=[build_cell(entry, name) for name in columns],
        pin_attribute=_choose_pin_attribute(entry.slug, pins),
    )


def _choose_pin_attribute(slug: str, pins: Sequence[str]) -> str:
    if slug in pins:
        return "checked"
    return "disabled" if len(pins) >= MAX_PINS else ""


def list_attributes(entry: LeaderboardEntry) -> list[str]:
    """Return the maker, "open" or "closed" for the weights, the license, and the setting of the rating, if known."""
    row = entry.row
    attributes = (row["organization"], format_openness(row), format_license(row), format_setting(row))
    return [attribute for attribute in attributes if attribute]


def format_setting(row: BoardRow) -> str:
    setting = row.get("setting", "")  # only rows of reference boards have one
    return _("setting: %(setting)s") % {"setting": setting} if setting else ""


def format_openness(row: BoardRow) -> str:
    """Return "open" or "closed" for the weights, or "" if unknown. A proprietary license implies closed weights."""
    if row["open_weights"]:
        return _("open")
    is_closed = row["open_weights"] is False or row["license"] == PROPRIETARY_LICENSE
    return _("closed") if is_closed else ""


def format_license(row: BoardRow) -> str:
    """Return the license, or "" if it is unknown or states only that the model is proprietary."""
    return "" if row["license"] == PROPRIETARY_LICENSE else row["license"] or ""


def format_group(row: BoardRow) -> str:
    """Return the name of the group in which the rank and rating are valid, or "" for the main group."""
    return _("group %(number)s") % {"number": row["component"] + 1} if row["component"] else ""


def build_cell(entry: LeaderboardEntry, name: str) -> LeaderboardCell:
    """Return the cell of an optional column."""
    column = COLUMNS_BY_NAME[name]
    text = format_cell(column, entry)
    return LeaderboardCell(name, str(column.label), text, _choose_mark(entry, name, text))


def _choose_mark(entry: LeaderboardEntry, name: str, text: str) -> str:
    if text == UNKNOWN_TEXT:
        return " unknown"
    if name != "change" or entry.change is None or entry.change.is_significant is None:
        return ""
    return " beyond-noise" if entry.change.is_significant else " within-noise"


def format_tied_ranks(row: BoardRow) -> str:
    """Return the first and the last rank that a ranked model of the main group could have, or "".

    The models with ranks in this range do not differ significantly from the model. On a reference board, where
    intervals replace tests, the text also has the ends of the interval.
    """
    if row["rank_low"] is None or row["component"] or not has_rank(row):
        return ""
    interval = f" {row['ci_low']} {row['ci_high']}" if row["interval"] == PUBLISHED_INTERVAL else ""
    return f"{row['rank_low']} {row['rank_high']}{interval}"


def format_rank_range(entry: LeaderboardEntry) -> str:
    """Return the range of ranks, or "" if the range is just the rank.

    For an unranked model, it is the range of ranks that the model could have.
    """
    low, high = entry.row["rank_low"], entry.row["rank_high"]
    if low == high:
        return "" if low is None or has_rank(entry.row) else f"{low}"
    return f"{low}{DASH}{high}"
