"""The state of the leaderboard as an address: all of it, and nothing that goes without saying."""

from collections.abc import Mapping
from typing import Any

from ratings.boards.addresses import build_query_string, format_parameter
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME
from ratings.web.leaderboard.filters import BILLION, NO_COLUMN, BoardView

# In the address a filter may be called otherwise, or be in other units, than in the view.
FILTER_FIELDS = {
    "q": "text",
    "weights": "weights",
    "commercial": "commercial",
    "organization": "organization",
    "size_min": "size_min",
    "size_max": "size_max",
    "price_max": "price_max",
    "context_min": "context_min",
    "released_after": "released_after",
}
QueryPairs = list[tuple[str, str]]


def build_view_query(board: Mapping[str, str], view: BoardView, usual: tuple[str, ...] = ()) -> str:
    """The part of the address from `?` on. `board`: the parameters that ask for it."""
    return build_query_string(
        [
            *board.items(),
            *list_filter_parameters(view),
            *list_order_parameters(view),
            *list_pin_parameters(view),
            *list_column_parameters(view, usual),
        ]
    )


def list_filter_parameters(view: BoardView) -> QueryPairs:
    return [(name, _format_filter(view, name)) for name in FILTER_FIELDS if _format_filter(view, name)]


def build_form_values(view: BoardView) -> dict[str, str]:
    """What stands in the fields of the form."""
    return {name: _format_filter(view, name) for name in FILTER_FIELDS}


def list_order_parameters(view: BoardView) -> QueryPairs:
    if (view.sort, view.descending) == ("rank", False):
        return []
    usual = COLUMNS_BY_NAME[view.sort].descending
    turned = [("order", "desc" if view.descending else "asc")] if view.descending != usual else []
    return [("sort", view.sort), *turned]


def list_pin_parameters(view: BoardView) -> QueryPairs:
    return [("pin", slug) for slug in view.pins]


def list_column_parameters(view: BoardView, usual: tuple[str, ...]) -> QueryPairs:
    if view.columns is None or view.columns == usual:
        return []
    return [("column", name) for name in view.columns or (NO_COLUMN,)]


def _format_filter(view: BoardView, name: str) -> str:
    value = getattr(view, FILTER_FIELDS[name])
    return "" if value is None else _format_value(value / BILLION if name.startswith("size") else value)


def _format_value(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else format_parameter(value)
