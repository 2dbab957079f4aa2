"""The URLs of the leaderboard. A URL contains the whole state of the page, except default values."""

from collections.abc import Mapping

from ratings.boards.board_urls import build_query_string
from ratings.web.leaderboard.board_view import NO_COLUMN, BoardView
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME
from ratings.web.leaderboard.filters import list_filter_parameters

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
