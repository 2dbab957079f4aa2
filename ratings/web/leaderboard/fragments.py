"""The leaderboard as HTML, without the frame of the page: kept for everybody who asks for the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.storage.ttl_cache import Recent
from ratings.boards import descriptions
from ratings.boards.interval_explanations import rank_rule
from ratings.boards.snapshots import Asked
from ratings.models import Pool
from ratings.web.leaderboard import filter_descriptions, links
from ratings.web.leaderboard.cells import Axis, Line, axis, group, line
from ratings.web.leaderboard.columns import ALWAYS, BY_NAME, COLUMNS, TO_CHOOSE, Column
from ratings.web.leaderboard.comparison import compared
from ratings.web.leaderboard.downloads import KINDS
from ratings.web.leaderboard.filters import MOST_PINS
from ratings.web.leaderboard.query import Shown

# What a filter asks for, in words for "not known (…)".
ASKED_FOR = {
    "weights": _("weights"),
    "license": _("commercial use"),
    "organization": _("organisation"),
    "size": _("size"),
    "price": _("price"),
    "context": _("context"),
    "released": _("release"),
}
VIEWS = 48  # half a megabyte each at most
kept: Recent[bytes] = Recent(VIEWS)


@dataclass(frozen=True, eq=False)
class Body:
    """Lines of the table that stand together; those without a rank under a heading, with the rule for a rank."""

    lines: Sequence[Line]
    heading: str | Promise = ""
    rule: str = ""


@dataclass(frozen=True, eq=False)
class Header:
    """`order` is how the table is sorted by it now, if it is; `query` sorts by it, or the other way round."""

    column: Column
    query: str
    order: str


def whole(shown: Shown) -> bytes:
    """Heading, form and board."""
    return _kept("ratings/leaderboard/_board_page.html", shown, _page)


def part(shown: Shown) -> bytes:
    """Only what changes with votes and with the form."""
    return _kept("ratings/leaderboard/_board.html", shown, _board)


def _kept(template: str, shown: Shown, context: Any) -> bytes:
    # By what stands around it too: that is another one whenever the facts may have changed.
    key = template, shown.around, shown.wanted, shown.view
    return kept.of(key, lambda: render_to_string(template, context(shown)).encode())


def _page(shown: Shown) -> dict[str, Any]:
    return {
        "shown": shown,
        "whose": shown.whose,
        "said": _said(shown),
        "fields": links.fields(shown.view),
        "organizations": sorted({name for entry in shown.all if (name := entry.row["organization"])}),
        "columns": [(column, column.name in shown.columns) for column in TO_CHOOSE],
        "legend": COLUMNS,
        "board": SafeString(part(shown).decode()),
    }


def _board(shown: Shown) -> dict[str, Any]:
    scale = axis(shown.entries)
    return {
        "shown": shown,
        "board": shown.board,
        "whose": shown.whose,
        "said": _said(shown),
        "which": _which(shown.wanted),
        "view_box": scale and f"{scale.low} 0 {scale.width} 10",
        "headers": list(_headers(shown)),
        "order": dict(links.order(shown.view)).get("order"),
        "lines": (lines := _lines(shown, scale)),
        "bodies": _bodies(lines, own=shown.whose.pool.kind != Pool.Kind.IMPORT),
        "groups": ", ".join(dict.fromkeys(filter(None, (group(entry.row) for entry in shown.entries)))),
        "kept_fields": _kept_fields(shown),
        "unknown": ", ".join(f"{ASKED_FOR[name]}: {number}" for name, number in sorted(shown.unknown.items())),
        "files": [(kind.upper(), shown.with_view(file=kind)) for kind in KINDS],
        "compared": None if shown.refused else compared(shown.asked, shown.all, shown.view.pins),
        "most_pins": MOST_PINS,
    }


def _which(wanted: Asked) -> str:
    """The board's key, which the page compares with that of an event: a switch is spelled as in JSON."""
    style = "true" if wanted.style_control else "false"
    return f"{wanted.pool}/{wanted.category}/{style}/{wanted.method}"


def _said(shown: Shown) -> str:
    filters = filter_descriptions.filters(shown.view)
    return descriptions.of_category(shown.asked, shown.around.categories, filters)


def _headers(shown: Shown) -> Iterator[Header]:
    for name in shown.columns:
        now, usual = shown.view.descending, BY_NAME[name].descending
        sorted_by = name == shown.view.sort
        query = shown.with_view(sort=name, descending=not now if sorted_by else usual)
        yield Header(BY_NAME[name], query, ("descending" if now else "ascending") if sorted_by else "")


def _lines(shown: Shown, scale: Axis | None) -> list[Line]:
    columns = [name for name in shown.columns if name not in ALWAYS]
    pins, whose = shown.view.pins, shown.whose
    own = whose.pool.kind != Pool.Kind.IMPORT
    return [line(entry, columns, pins, MOST_PINS, scale, whose.pool_query, own=own) for entry in shown.entries]


def _bodies(lines: Sequence[Line], *, own: bool) -> list[Body]:
    ranked, others = [line for line in lines if not line.missing], [line for line in lines if line.missing]
    bodies = [Body(ranked), Body(others, _("Not ranked yet"), rank_rule(own=own))]
    return [body for body in bodies if body.lines]


def _kept_fields(shown: Shown) -> list[tuple[str, str]]:
    """What no control of the form says and must not be lost when it is sent: pins also of what is filtered out,
    and the order where there is no table to sort.
    """
    seen = {entry.slug for entry in shown.entries}
    pins = [("pin", slug) for slug in shown.view.pins if slug not in seen]
    order = [] if shown.board["rows"] else links.order(shown.view)
    return [("pool", shown.asked.pool), *pins, *order]
