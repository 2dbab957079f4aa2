"""Filter and sort the models of a board. Ranks and tiers stay those of the whole board."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from core.http.errors import field_error
from ratings.boards.changes import has_rank
from ratings.web.leaderboard.columns import COLUMNS, COLUMNS_BY_NAME, FIXED_COLUMNS, OPTIONAL_COLUMNS, LeaderboardEntry

BILLION = 10**9
MAX_PINS = 4
MAX_TEXT_LENGTH = 200
WEIGHTS_CHOICES = ("open", "closed")
COMMERCIAL_VALUES = {"yes": ("yes",), "conditional": ("yes", "conditional")}
NO_COLUMN = "none"
SORT_ORDERS = {"": None, "asc": False, "desc": True}


class QueryParameters(Protocol):
    """The parameters of a request: `get` returns the last value of a name, `getlist` all of them."""

    def get(self, name: str, default: str, /) -> Any: ...
    def getlist(self, name: str, /) -> list[Any]: ...


@dataclass(frozen=True)
class BoardView:
    """Filters, order, pinned models and columns, all from the address; None is no limit.

    size_min, size_max: parameters; price_max: dollars per million tokens; context_min: tokens
    columns: names of the optional columns; None for the default ones
    """

    text: str = ""
    weights: str = ""
    commercial: str = ""
    organization: str = ""
    size_min: float | None = None
    size_max: float | None = None
    price_max: float | None = None
    context_min: float | None = None
    released_after: date | None = None
    sort: str = "rank"
    descending: bool = False
    pins: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None

    @property
    def has_filters(self) -> bool:
        return any(_build_checks(self))


def parse_board_view(parameters: QueryParameters) -> BoardView:
    """Return the view from the parameters of a request.

    Raises:
        RequestError: 400 for a parameter that cannot be parsed.
    """
    sort = _parse_choice(parameters, "sort", COLUMNS_BY_NAME) or "rank"
    descending = SORT_ORDERS[_parse_choice(parameters, "order", SORT_ORDERS)]
    return BoardView(
        text=_parse_text(parameters, "q"),
        weights=_parse_choice(parameters, "weights", WEIGHTS_CHOICES),
        commercial=_parse_choice(parameters, "commercial", COMMERCIAL_VALUES),
        organization=_parse_text(parameters, "organization"),
        size_min=_parse_number(parameters, "size_min", BILLION),
        size_max=_parse_number(parameters, "size_max", BILLION),
        price_max=_parse_number(parameters, "price_max"),
        context_min=_parse_number(parameters, "context_min"),
        released_after=_parse_day(parameters, "released_after"),
        sort=sort,
        descending=COLUMNS_BY_NAME[sort].descending if descending is None else descending,
        pins=_parse_pins(parameters),
        columns=_parse_columns(parameters),
    )


def _parse_text(parameters: QueryParameters, name: str) -> str:
    text = str(parameters.get(name, "")).strip()
    if len(text) > MAX_TEXT_LENGTH:
        raise field_error(name, f"{name} is longer than {MAX_TEXT_LENGTH} characters.")
    return _check_text(name, text)


def _check_text(name: str, text: str) -> str:
    if "\0" in text:
        raise field_error(name, f"{name} contains a null character.")
    return text


def _parse_choice(parameters: QueryParameters, name: str, choices: Iterable[str]) -> str:
    text = str(parameters.get(name, ""))
    if text and text not in choices:
        raise field_error(name, f"{name} must be one of {', '.join(filter(None, choices))}.")
    return text


def _parse_number(parameters: QueryParameters, name: str, unit: float = 1) -> float | None:
    text = str(parameters.get(name, "")).strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise field_error(name, f"{name} must be zero or a positive number, such as 8 or 0.5.")
    return number * unit


def _parse_day(parameters: QueryParameters, name: str) -> date | None:
    text = str(parameters.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise field_error(name, f"{name} must be a day, such as 2026-01-31.") from None


def _parse_pins(parameters: QueryParameters) -> tuple[str, ...]:
    pins = tuple(dict.fromkeys(_check_text("pin", str(pin)) for pin in parameters.getlist("pin") if pin))
    if len(pins) > MAX_PINS:
        raise field_error("pin", f"You can compare at most {MAX_PINS} models.")
    return pins


def _parse_columns(parameters: QueryParameters) -> tuple[str, ...] | None:
    """Return the requested columns in the order of the table; None if the request names none.

    The form always sends `NO_COLUMN`, so that a form without any ticked column differs from an address without columns.
    """
    names = {str(name) for name in parameters.getlist("column") if name}
    if not names:
        return None
    names.discard(NO_COLUMN)
    if unknown := names - COLUMNS_BY_NAME.keys():
        raise field_error("column", f"There is no column {min(unknown)!r}.")
    return tuple(column.name for column in OPTIONAL_COLUMNS if column.name in names)


FilterCheck = Callable[[LeaderboardEntry], bool | None]  # None: the value of the model is unknown


def _build_checks(view: BoardView) -> dict[str, FilterCheck]:
    """Return the filters that are set, by name."""
    checks = {
        "text": view.text and (lambda entry: _has_words(view.text, entry)),
        "weights": view.weights and (lambda entry: _is_equal(entry.row["open_weights"], view.weights == "open")),
        "license": view.commercial and (lambda entry: _is_use_allowed(entry, view.commercial)),
        "organization": view.organization and (lambda entry: _is_equal(entry.row["organization"], view.organization)),
        "size": _build_range_check(lambda entry: entry.facts.size, view.size_min, view.size_max),
        "price": _build_range_check(lambda entry: entry.facts.price, None, view.price_max),
        "context": _build_range_check(lambda entry: entry.facts.context, view.context_min, None),
        "released": _build_range_check(lambda entry: entry.facts.released, view.released_after, None),
    }
    return {name: check for name, check in checks.items() if check}


def _has_words(text: str, entry: LeaderboardEntry) -> bool:
    """Return whether every word of the text occurs in the names of the model or its maker."""
    names = " ".join(filter(None, (entry.row["name"], entry.slug, entry.row["organization"]))).casefold()
    return all(word in names for word in text.casefold().split())


def _is_equal(value: Any, expected: Any) -> bool | None:
    return None if value is None else bool(value == expected)


def _is_use_allowed(entry: LeaderboardEntry, commercial: str) -> bool | None:
    if entry.facts.commercial == "unknown":
        return None
    return entry.facts.commercial in COMMERCIAL_VALUES[commercial]


def _build_range_check(get_value: Callable[[LeaderboardEntry], Any], minimum: Any, maximum: Any) -> FilterCheck | None:
    if minimum is None and maximum is None:
        return None

    def check(entry: LeaderboardEntry) -> bool | None:
        value = get_value(entry)
        if value is None:
            return None
        return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)

    return check


@dataclass(frozen=True, eq=False)
class FilterResult:
    """The models that pass the filters.

    left_out: how many models are omitted only because a value is unknown
    unknown: filter name → how many of those have no value for it
    """

    entries: list[LeaderboardEntry]
    left_out: int
    unknown: Mapping[str, int]


def filter_entries(entries: Sequence[LeaderboardEntry], view: BoardView) -> FilterResult:
    """Return the models that pass the filters, sorted.

    Models with a rank come before those without; within both, unknown values come last in either direction.
    """
    checks = _build_checks(view)
    passing = []
    unknown = Counter[str]()
    left_out = 0
    for entry in entries:
        results = {name: check(entry) for name, check in checks.items()}
        if False in results.values():
            continue
        missing = [name for name, result in results.items() if result is None]
        if missing:
            left_out += 1
            unknown.update(missing)
        else:
            passing.append(entry)
    ranked = [entry for entry in passing if has_rank(entry.row)]
    unranked = [entry for entry in passing if not has_rank(entry.row)]
    return FilterResult([*_sort_entries(ranked, view), *_sort_entries(unranked, view)], left_out, unknown)


def _sort_entries(entries: list[LeaderboardEntry], view: BoardView) -> list[LeaderboardEntry]:
    value = COLUMNS_BY_NAME[view.sort].value
    known = [entry for entry in entries if value(entry) is not None]
    known.sort(key=value, reverse=view.descending)
    return known + [entry for entry in entries if value(entry) is None]


def list_visible_columns(view: BoardView, default_columns: Sequence[str]) -> list[str]:
    """Return the names of the visible columns in order; the one that sorts the table is always visible."""
    optional = default_columns if view.columns is None else view.columns
    visible = {*FIXED_COLUMNS, view.sort, *optional}
    return [column.name for column in COLUMNS if column.name in visible]
