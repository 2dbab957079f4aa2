"""Renders the content of the leaderboard page. The HTML is cached for all visitors."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from arena.models import Pool
from core.storage.ttl_cache import TtlCache
from core.templatetags.strips import Scale
from core.text.word_lists import join_words
from ratings.boards import board_selection, descriptions
from ratings.boards.board_urls import format_parameter
from ratings.boards.differences import find_tiers
from ratings.boards.interval_explanations import describe_rank_rule
from ratings.boards.snapshots import ELO, RATING_SCALE, BoardKey, build_key_fields
from ratings.reports.order_certificate import describe_first_place, describe_pairs
from ratings.web.leaderboard import board_notes, filters, ties
from ratings.web.leaderboard.columns import (
    COLUMNS_BY_NAME,
    FIXED_COLUMNS,
    OPTIONAL_COLUMNS,
    LeaderboardColumn,
    describe_column,
    list_legend_columns,
)
from ratings.web.leaderboard.comparison import ModelComparison, compare_models
from ratings.web.leaderboard.downloads import CONTENT_TYPES
from ratings.web.leaderboard.filters import FACT_LABELS
from ratings.web.leaderboard.query import LeaderboardState
from ratings.web.leaderboard.table_options import ROW_LIMITS
from ratings.web.leaderboard.table_rows import LeaderboardRow, build_rating_scale, build_row, format_group

MAX_FRAGMENTS = 48  # at most half a megabyte each
fragment_cache: TtlCache[bytes] = TtlCache(MAX_FRAGMENTS)
ContextBuilder = Callable[[LeaderboardState], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class TableBody:
    """A group of rows. The group of unranked models has a heading and a sentence about when a model gets a rank."""

    rows: Sequence[LeaderboardRow]
    heading: str | Promise = ""
    rule: str = ""


@dataclass(frozen=True, eq=False)
class ColumnHeader:
    """The header of a column.

    query: the query string that sorts by the column, or reverses the order if the table is sorted by it.
    order: "ascending" or "descending" if the table is sorted by the column, else empty.
    """

    column: LeaderboardColumn
    query: str
    order: str


def render_board_page(leaderboard: LeaderboardState) -> bytes:
    """Render the heading, the form, and the board."""
    return _render_cached("ratings/leaderboard/_board_page.html", leaderboard, _build_page_context)


def render_board(leaderboard: LeaderboardState) -> bytes:
    """Render only the board. Open pages request it when votes arrive or the form changes."""
    return _render_cached("ratings/leaderboard/_board.html", leaderboard, _build_board_context)


def _render_cached(template: str, leaderboard: LeaderboardState, build_context: ContextBuilder) -> bytes:
    progress = leaderboard.selection.progress, _find_own_progress(leaderboard)
    # The context is compared by identity. It is a new object whenever the facts may have changed.
    state = leaderboard.published.snapshot_id, leaderboard.context, progress
    key = template, leaderboard.requested_key, leaderboard.options, *state
    return fragment_cache.get_or_compute(key, lambda: render_to_string(template, build_context(leaderboard)).encode())


def _build_page_context(leaderboard: LeaderboardState) -> dict[str, Any]:
    certificate = leaderboard.context.certificate
    names = {entry.slug: entry.row["name"] for entry in leaderboard.all_entries}
    return {
        "leaderboard": leaderboard,
        "selection": leaderboard.selection,
        "description": _describe_table(leaderboard),
        "filter_count": _count_filters(leaderboard),
        "fields": filters.build_form_fields(leaderboard.options, leaderboard.all_entries),
        "columns": [(column, column.name in leaderboard.columns) for column in OPTIONAL_COLUMNS],
        "legend": list_legend_columns(leaderboard.all_entries, is_reference=leaderboard.is_reference),
        "first_place": describe_first_place(certificate and certificate["first"], names),
        "vote_pools": [pool for pool in leaderboard.context.pools if getattr(pool, "newest_votes", 0)],
        "board": SafeString(render_board(leaderboard).decode()),
    }


def _build_board_context(leaderboard: LeaderboardState) -> dict[str, Any]:
    mean = None if leaderboard.is_reference else RATING_SCALE["mean"]
    scale = build_rating_scale(leaderboard.visible_entries, "board-axis", mean)
    tiers = find_tiers(entry.row for entry in leaderboard.all_entries)
    rows = _build_rows(leaderboard, scale, tiers)
    visible_tiers = [row.tier for row in rows if row.tier]
    hidden_pins = {*leaderboard.options.pins} - {entry.slug for entry in leaderboard.visible_entries}
    groups = filter(None, dict.fromkeys(format_group(entry.row) for entry in leaderboard.entries))
    return {
        "leaderboard": leaderboard,
        "board": leaderboard.board,
        "selection": leaderboard.selection,
        "description": _describe_table(leaderboard),
        # The page compares this with the keys of events. While another board is shown because this arena's has too few
        # models, the page follows this arena's.
        "event_key": "/".join(map(format_parameter, build_key_fields(leaderboard.requested_key).values())),
        "scale": scale,
        "headers": list(_iter_headers(leaderboard)),
        "order": dict(leaderboard.options.order_parameters).get("order"),
        "rows": rows,
        "bodies": _build_bodies(rows, is_own_pool=leaderboard.selection.pool.kind != Pool.Kind.IMPORT),
        "leader": ties.find_leader(leaderboard.all_entries, leaderboard.entries, tiers),
        "tier_rule": board_notes.describe_tiers(leaderboard) if visible_tiers else "",
        "are_tiers_mixed": visible_tiers != sorted(visible_tiers),
        "has_provisional": not leaderboard.board.get("provisional")
        and any(row.provisional and not row.missing_votes_text for row in rows),
        "banner": board_notes.describe_provisional_ranks(leaderboard.board),
        "progress": _find_own_progress(leaderboard),
        "note": rows and board_notes.describe_table(leaderboard, join_words(groups, gettext("and"))),
        "empty": None if leaderboard.board["rows"] else board_notes.describe_empty_board(leaderboard),
        "hidden_fields": _list_hidden_fields(leaderboard, hidden_pins),
        "unknown": ", ".join(
            f"{FACT_LABELS[name]}: {number}" for name, number in sorted(leaderboard.filtered.unknown_counts.items())
        ),
        "files": [(kind.upper(), leaderboard.with_options(file=kind)) for kind in CONTENT_TYPES],
        "hidden_pins": hidden_pins,
        "filter_count": _count_filters(leaderboard),
        "row_choices": _list_row_choices(leaderboard),
        "comparison": _compare_pinned(leaderboard),
    }


def _find_own_progress(leaderboard: LeaderboardState) -> board_selection.OwnBoardProgress | None:
    return board_selection.find_default_board().progress if leaderboard.board_key == BoardKey() else None


def _compare_pinned(leaderboard: LeaderboardState) -> ModelComparison | None:
    if leaderboard.conflict:
        return None
    certificate = leaderboard.context.certificate
    order_notes = describe_pairs(certificate["pairs"] if certificate else ())
    return compare_models(leaderboard.board_key, leaderboard.all_entries, leaderboard.options.pins, order_notes)


def _describe_table(leaderboard: LeaderboardState) -> str:
    filter_descriptions = filters.describe_filters(leaderboard.options)
    return descriptions.describe_board(leaderboard.board_key, leaderboard.context.categories, filter_descriptions)


def _iter_headers(leaderboard: LeaderboardState) -> Iterator[ColumnHeader]:
    options = leaderboard.options
    for name in leaderboard.columns:
        column = describe_column(COLUMNS_BY_NAME[name], is_reference=leaderboard.is_reference)
        if name == options.sort:
            query = leaderboard.with_options(sort=name, descending=not options.descending)
            yield ColumnHeader(column, query, "descending" if options.descending else "ascending")
        else:
            yield ColumnHeader(column, leaderboard.with_options(sort=name, descending=column.descending), "")


def _build_rows(leaderboard: LeaderboardState, scale: Scale | None, tiers: Mapping[str, int]) -> list[LeaderboardRow]:
    entries = leaderboard.visible_entries
    if leaderboard.is_reference:
        by_slug = {entry.slug: entry for entry in ties.fill_rank_ranges(leaderboard.all_entries)}
        entries = [by_slug[entry.slug] for entry in entries]
    build_entry_row = partial(
        build_row,
        columns=[name for name in leaderboard.columns if name not in FIXED_COLUMNS],
        pins=leaderboard.options.pins,
        scale=scale,
        pool_query=leaderboard.selection.pool_query,
        is_own_pool=leaderboard.selection.pool.kind != Pool.Kind.IMPORT,
    )
    if leaderboard.options.sort != "rank" or leaderboard.options.descending:
        return [build_entry_row(entry) for entry in entries]
    entry_tiers = [tiers.get(entry.slug) for entry in leaderboard.entries]
    # The brackets and tiers are lists for all entries, which can be more than the visible ones.
    rows = zip(entries, ties.list_bracket_classes(entry_tiers), ties.list_tier_starts(entry_tiers), strict=False)
    return [build_entry_row(entry, bracket_classes=classes, tier=tier) for entry, classes, tier in rows]


def _build_bodies(rows: Sequence[LeaderboardRow], *, is_own_pool: bool) -> list[TableBody]:
    ranked = TableBody([row for row in rows if not row.missing_votes_text])
    unranked = TableBody(
        [row for row in rows if row.missing_votes_text],
        _("Not ranked yet"),
        describe_rank_rule(is_own_pool=is_own_pool),
    )
    return [body for body in (ranked, unranked) if body.rows]


def _list_hidden_fields(leaderboard: LeaderboardState, hidden_pins: Collection[str]) -> list[tuple[str, str]]:
    """Return hidden form fields for the part of the state that no visible field contains.

    This part is the pool, the number of rows, the order if there is no table, and the pins of models that are not on
    the board. The comparison drawer has check boxes for the other pinned models that the table does not show.
    """
    on_board = {entry.slug for entry in leaderboard.all_entries}
    pins = [("pin", slug) for slug in leaderboard.options.pins if slug in hidden_pins and slug not in on_board]
    order = [] if leaderboard.board["rows"] else leaderboard.options.order_parameters
    return [("pool", leaderboard.board_key.pool), *pins, *order, *leaderboard.options.row_parameters]


def _count_filters(leaderboard: LeaderboardState) -> int:
    """Return the number of choices in the Filters panel that differ from the default."""
    active = [definition for definition, _ in filters.list_active_filters(leaderboard.options) if definition.label]
    key = leaderboard.board_key
    return len(active) + sum((key.style_control, key.method == ELO, key.at is not None))


def _list_row_choices(leaderboard: LeaderboardState) -> list[tuple[str, str]]:
    """Return the choices that show more rows than the table does now, as pairs of label and query string."""
    visible = len(leaderboard.visible_entries)
    total = len(leaderboard.entries)
    some, every = gettext("Show %(number)s"), gettext("Show all %(number)s")
    return [
        ((some if limit else every) % {"number": limit or total}, leaderboard.with_options(rows=name))
        for name, limit in ROW_LIMITS.items()
        if visible < (limit or total) and (limit is None or limit < total)
    ]
