"""The URLs of the leaderboard. A URL contains all of the page's state except default values."""

from collections.abc import Mapping

from ratings.boards.board_urls import build_query_string
from ratings.web.leaderboard.columns import COLUMNS_BY_NAME
from ratings.web.leaderboard.filters import list_filter_parameters
from ratings.web.leaderboard.table_options import NO_COLUMN, TableOptions

QueryPairs = list[tuple[str, str]]


def build_table_query(board: Mapping[str, str], options: TableOptions, default_columns: tuple[str, ...] = ()) -> str:
    """Return the query string of a board with these options.

    board: the query parameters of the board.
    """
    return build_query_string(
        [
            *board.items(),
            *list_filter_parameters(options),
            *list_order_parameters(options),
            *list_pin_parameters(options),
            *list_row_parameters(options),
            *list_column_parameters(options, default_columns),
        ]
    )


def list_order_parameters(options: TableOptions) -> QueryPairs:
    if (options.sort, options.descending) == ("rank", False):
        return []
    parameters = [("sort", options.sort)]
    if options.descending != COLUMNS_BY_NAME[options.sort].descending:
        parameters.append(("order", "desc" if options.descending else "asc"))
    return parameters


def list_pin_parameters(options: TableOptions) -> QueryPairs:
    return [("pin", slug) for slug in options.pins]


def list_row_parameters(options: TableOptions) -> QueryPairs:
    return [("rows", options.rows)] if options.rows else []


def list_column_parameters(options: TableOptions, default_columns: tuple[str, ...]) -> QueryPairs:
    if options.columns is None or options.columns == default_columns:
        return []
    return [("column", name) for name in options.columns or (NO_COLUMN,)]
