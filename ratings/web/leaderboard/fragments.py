"""The leaderboard as HTML, without the frame of the page: kept for everybody who asks for the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.storage.ttl_cache import TtlCache
from ratings.boards import descriptions
from ratings.boards.interval_explanations import describe_rank_rule
from ratings.boards.snapshots import BoardKey
from ratings.models import Pool
from ratings.web.leaderboard import filter_descriptions, links
from ratings.web.leaderboard.cells import LeaderboardRow, RatingAxis, build_row, compute_axis, format_group
from ratings.web.leaderboard.columns import COLUMNS, COLUMNS_BY_NAME, FIXED_COLUMNS, OPTIONAL_COLUMNS, LeaderboardColumn
from ratings.web.leaderboard.comparison import compare_models
from ratings.web.leaderboard.downloads import CONTENT_TYPES
from ratings.web.leaderboard.filters import MAX_PINS
from ratings.web.leaderboard.query import LeaderboardState

# What a filter asks for, in words for "not known (…)".
FILTER_NAMES = {
    "weights": _("weights"),
    "license": _("commercial use"),
    "organization": _("organisation"),
    "size": _("size"),
    "price": _("price"),
    "context": _("context"),
    "released": _("release"),
}
MAX_FRAGMENTS = 48  # half a megabyte each at most
fragment_cache: TtlCache[bytes] = TtlCache(MAX_FRAGMENTS)


@dataclass(frozen=True, eq=False)
class TableBody:
    """Lines of the table that stand together; those without a rank under a heading, with the rule for a rank."""

    lines: Sequence[LeaderboardRow]
    heading: str | Promise = ""
    rule: str = ""


@dataclass(frozen=True, eq=False)
class ColumnHeader:
    """`order` is how the table is sorted by it now, if it is; `query` sorts by it, or the other way round."""

    column: LeaderboardColumn
    query: str
    order: str


def render_board_page(shown: LeaderboardState) -> bytes:
    """Heading, form and board."""
    return _render_cached("ratings/leaderboard/_board_page.html", shown, _build_page_context)


def render_board(shown: LeaderboardState) -> bytes:
    """Only what changes with votes and with the form."""
    return _render_cached("ratings/leaderboard/_board.html", shown, _build_fragment_context)


def _render_cached(template: str, shown: LeaderboardState, context: Any) -> bytes:
    # By what stands around it too: that is another one whenever the facts may have changed.
    key = template, shown.around, shown.wanted, shown.view
    return fragment_cache.of(key, lambda: render_to_string(template, context(shown)).encode())


def _build_page_context(shown: LeaderboardState) -> dict[str, Any]:
    return {
        "shown": shown,
        "whose": shown.whose,
        "said": _describe_view(shown),
        "fields": links.build_form_values(shown.view),
        "organizations": sorted({name for entry in shown.all if (name := entry.row["organization"])}),
        "columns": [(column, column.name in shown.columns) for column in OPTIONAL_COLUMNS],
        "legend": COLUMNS,
        "board": SafeString(render_board(shown).decode()),
    }


def _build_fragment_context(shown: LeaderboardState) -> dict[str, Any]:
    scale = compute_axis(shown.entries)
    return {
        "shown": shown,
        "board": shown.board,
        "whose": shown.whose,
        "said": _describe_view(shown),
        "which": _format_board_key(shown.wanted),
        "view_box": scale and f"{scale.low} 0 {scale.width} 10",
        "headers": list(_iter_headers(shown)),
        "order": dict(links.list_order_parameters(shown.view)).get("order"),
        "lines": (lines := _build_rows(shown, scale)),
        "bodies": _build_bodies(lines, own=shown.whose.pool.kind != Pool.Kind.IMPORT),
        "groups": ", ".join(dict.fromkeys(filter(None, (format_group(entry.row) for entry in shown.entries)))),
        "kept_fields": _list_hidden_fields(shown),
        "unknown": ", ".join(f"{FILTER_NAMES[name]}: {number}" for name, number in sorted(shown.unknown.items())),
        "files": [(kind.upper(), shown.with_view(file=kind)) for kind in CONTENT_TYPES],
        "compared": None if shown.refused else compare_models(shown.asked, shown.all, shown.view.pins),
        "most_pins": MAX_PINS,
    }


def _format_board_key(wanted: BoardKey) -> str:
    """The board's key, which the page compares with that of an event: a switch is spelled as in JSON."""
    style = "true" if wanted.style_control else "false"
    return f"{wanted.pool}/{wanted.category}/{style}/{wanted.method}"


def _describe_view(shown: LeaderboardState) -> str:
    filters = filter_descriptions.describe_filters(shown.view)
    return descriptions.describe_board(shown.asked, shown.around.categories, filters)


def _iter_headers(shown: LeaderboardState) -> Iterator[ColumnHeader]:
    for name in shown.columns:
        now, usual = shown.view.descending, COLUMNS_BY_NAME[name].descending
        sorted_by = name == shown.view.sort
        query = shown.with_view(sort=name, descending=not now if sorted_by else usual)
        yield ColumnHeader(COLUMNS_BY_NAME[name], query, ("descending" if now else "ascending") if sorted_by else "")


def _build_rows(shown: LeaderboardState, scale: RatingAxis | None) -> list[LeaderboardRow]:
    columns = [name for name in shown.columns if name not in FIXED_COLUMNS]
    pins, whose = shown.view.pins, shown.whose
    own = whose.pool.kind != Pool.Kind.IMPORT
    return [build_row(entry, columns, pins, MAX_PINS, scale, whose.pool_query, own=own) for entry in shown.entries]


def _build_bodies(lines: Sequence[LeaderboardRow], *, own: bool) -> list[TableBody]:
    ranked, others = [line for line in lines if not line.missing], [line for line in lines if line.missing]
    bodies = [TableBody(ranked), TableBody(others, _("Not ranked yet"), describe_rank_rule(own=own))]
    return [body for body in bodies if body.lines]


def _list_hidden_fields(shown: LeaderboardState) -> list[tuple[str, str]]:
    """What no control of the form says and must not be lost when it is sent: pins also of what is filtered out,
    and the order where there is no table to sort.
    """
    seen = {entry.slug for entry in shown.entries}
    pins = [("pin", slug) for slug in shown.view.pins if slug not in seen]
    order = [] if shown.board["rows"] else links.list_order_parameters(shown.view)
    return [("pool", shown.asked.pool), *pins, *order]
