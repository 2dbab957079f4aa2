"""The options of the table: filters, order, pinned models, columns, and rows. Filters do not change ranks or tiers.

A URL contains all options except default values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from core.http.errors import field_error
from ratings.boards.board_row import has_rank
from ratings.boards.board_urls import build_query_string
from ratings.web.leaderboard import filters
from ratings.web.leaderboard.columns import COLUMNS, COLUMNS_BY_NAME, FIXED_COLUMNS, OPTIONAL_COLUMNS, LeaderboardEntry
from ratings.web.leaderboard.filters import FilterValues

MAX_PINS = 4
NO_COLUMN = "none"
ROW_LIMITS = {"": 25, "50": 50, "all": None}
SORT_ORDERS = {"": None, "asc": False, "desc": True}
QueryPairs = list[tuple[str, str]]


@dataclass(frozen=True)
class TableOptions(FilterValues):
    """Filters, order, pinned models, columns, and the number of rows, all from the URL.

    columns: the names of the optional columns, or None for the default columns.
    rows: a key of `ROW_LIMITS`.
    """

    sort: str = "rank"
    descending: bool = False
    pins: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    rows: str = ""

    @property
    def order_parameters(self) -> QueryPairs:
        if (self.sort, self.descending) == ("rank", False):
            return []
        is_usual = self.descending == COLUMNS_BY_NAME[self.sort].descending
        return [("sort", self.sort)] + ([] if is_usual else [("order", "desc" if self.descending else "asc")])

    @property
    def row_parameters(self) -> QueryPairs:
        return [("rows", self.rows)] if self.rows else []

    def build_query(self, board: Mapping[str, str], default_columns: tuple[str, ...] = ()) -> str:
        """Return the query string of a board with these options.

        board: the query parameters of the board.
        """
        is_usual = self.columns is None or self.columns == default_columns
        columns = () if is_usual else self.columns or (NO_COLUMN,)
        return build_query_string(
            [
                *board.items(),
                *((each.parameter, each.format(value)) for each, value in filters.list_active_filters(self)),
                *self.order_parameters,
                *(("pin", slug) for slug in self.pins),
                *self.row_parameters,
                *(("column", name) for name in columns),
            ]
        )


def parse_table_options(parameters: QueryDict) -> TableOptions:
    """Return the options from the parameters of a request.

    Raises RequestError 400 if a parameter is invalid.
    """
    sort = filters.parse_choice("sort", parameters.get("sort", ""), COLUMNS_BY_NAME) or "rank"
    order = filters.parse_choice("order", parameters.get("order", ""), SORT_ORDERS)
    descending = SORT_ORDERS[order]
    return TableOptions(
        **filters.parse_filters(parameters),
        sort=sort,
        descending=COLUMNS_BY_NAME[sort].descending if descending is None else descending,
        pins=_parse_pins(parameters),
        columns=_parse_columns(parameters),
        rows=filters.parse_choice("rows", parameters.get("rows", ""), ROW_LIMITS),
    )


def _parse_pins(parameters: QueryDict) -> tuple[str, ...]:
    pins = tuple(dict.fromkeys(filters.check_text("pin", pin) for pin in parameters.getlist("pin") if pin))
    if len(pins) > MAX_PINS:
        raise field_error("pin", f"You can compare at most {MAX_PINS} models.")
    return pins


def _parse_columns(parameters: QueryDict) -> tuple[str, ...] | None:
    """Return the requested columns in the order of the table, or None if the request has no column parameter.

    The form always sends `NO_COLUMN`, so a form without selected columns differs from a URL without column parameters.
    """
    names = {name for name in parameters.getlist("column") if name}
    if not names:
        return None
    names.discard(NO_COLUMN)
    if unknown := names - COLUMNS_BY_NAME.keys():
        raise field_error("column", f"There is no column {min(unknown)!r}.")
    return tuple(column.name for column in OPTIONAL_COLUMNS if column.name in names)


@dataclass(frozen=True, eq=False)
class FilterResult:
    """The models that pass the filters.

    left_out_count: the number of models that are omitted only because a value is unknown.
    unknown_counts: `Filter.fact` → the number of omitted models that lack this fact.
    """

    entries: list[LeaderboardEntry]
    left_out_count: int
    unknown_counts: Mapping[str, int]


def filter_entries(entries: Sequence[LeaderboardEntry], options: TableOptions) -> FilterResult:
    """Return the models that pass the filters, sorted.

    Ranked models come before unranked models. Within each group, models whose sort value is unknown come last, in
    ascending and in descending order.
    """
    active_filters = filters.list_active_filters(options)
    passing = []
    unknown_counts = Counter[str]()
    left_out_count = 0
    for entry in entries:
        results = [(definition.fact, definition.check(entry, value)) for definition, value in active_filters]
        if any(result is False for _, result in results):
            continue
        missing = list(dict.fromkeys(fact for fact, result in results if result is None))
        if missing:
            left_out_count += 1
            unknown_counts.update(missing)
        else:
            passing.append(entry)
    value = COLUMNS_BY_NAME[options.sort].value
    known = [entry for entry in passing if value(entry) is not None]
    known.sort(key=value, reverse=options.descending)
    known += [entry for entry in passing if value(entry) is None]
    known.sort(key=lambda entry: not has_rank(entry.row))
    return FilterResult(known, left_out_count, unknown_counts)


def list_visible_columns(options: TableOptions, default_columns: Sequence[str]) -> list[str]:
    """Return the names of the visible columns in order. The column by which the table is sorted is always visible."""
    optional = default_columns if options.columns is None else options.columns
    visible = {*FIXED_COLUMNS, options.sort, *optional}
    return [column.name for column in COLUMNS if column.name in visible]
