"""Build the addresses of the leaderboard. An address has the whole state of the page, without default values."""

from collections.abc import Mapping
from typing import Any

from ratings.boards.addresses import build_query_string, format_parameter
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME
from ratings.web.leaderboard.filters import BILLION, NO_COLUMN, BoardView

# Query parameter → field of the view. Sizes are in billions in the address.
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


def build_view_query(board: Mapping[str, str], view: BoardView, default_columns: tuple[str, ...] = ()) -> str:
    """Return the query string of a view.

    board: the query parameters of the board
    """
    return build_query_string(
        [
            *board.items(),
            *list_filter_parameters(view),
            *list_order_parameters(view),
            *list_pin_parameters(view),
            *list_column_parameters(view, default_columns),
        ]
    )


def list_filter_parameters(view: BoardView) -> QueryPairs:
    return [(name, _format_filter(view, name)) for name in FILTER_FIELDS if _format_filter(view, name)]


def build_form_values(view: BoardView) -> dict[str, str]:
    """Return the values of the form's fields."""
    return {name: _format_filter(view, name) for name in FILTER_FIELDS}


def list_order_parameters(view: BoardView) -> QueryPairs:
    if (view.sort, view.descending) == ("rank", False):
        return []
    parameters = [("sort", view.sort)]
    if view.descending != COLUMNS_BY_NAME[view.sort].descending:
        parameters.append(("order", "desc" if view.descending else "asc"))
    return parameters


def list_pin_parameters(view: BoardView) -> QueryPairs:
    return [("pin", slug) for slug in view.pins]


def list_column_parameters(view: BoardView, default_columns: tuple[str, ...]) -> QueryPairs:
    if view.columns is None or view.columns == default_columns:
        return []
    return [("column", name) for name in view.columns or (NO_COLUMN,)]


def _format_filter(view: BoardView, name: str) -> str:
    value = getattr(view, FILTER_FIELDS[name])
    if value is None:
        return ""
    return _format_value(value / BILLION if name.startswith("size") else value)


def _format_value(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else format_parameter(value)
