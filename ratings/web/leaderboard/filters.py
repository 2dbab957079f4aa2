"""What of a board is shown and in which order. Ranks and tiers stay those of the whole board."""

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
    """Those of a request: the last value of a name, or all."""

    def get(self, name: str, default: str, /) -> Any: ...
    def getlist(self, name: str, /) -> list[Any]: ...


@dataclass(frozen=True)
class BoardView:
    """All of it comes from the address. Sizes in parameters, prices in dollars a million tokens; None is no limit."""

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
    columns: tuple[str, ...] | None = None  # None: the usual ones

    @property
    def filtered(self) -> bool:
        return any(_build_checks(self))


def parse_board_view(parameters: QueryParameters) -> BoardView:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
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
        raise field_error(name, f"{name} holds a character that is no text.")
    return text


def _parse_choice(parameters: QueryParameters, name: str, known: Iterable[str]) -> str:
    text = str(parameters.get(name, ""))
    if text and text not in known:
        raise field_error(name, f"{name} is one of {', '.join(filter(None, known))}.")
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
        raise field_error(name, f"{name} is a number that is not negative, such as 8 or 0.5.")
    return number * unit


def _parse_day(parameters: QueryParameters, name: str) -> date | None:
    text = str(parameters.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise field_error(name, f"{name} is a day, such as 2026-01-31.") from None


def _parse_pins(parameters: QueryParameters) -> tuple[str, ...]:
    pins = tuple(dict.fromkeys(_check_text("pin", str(pin)) for pin in parameters.getlist("pin") if pin))
    if len(pins) > MAX_PINS:
        raise field_error("pin", f"At most {MAX_PINS} models can be compared.")
    return pins


def _parse_columns(parameters: QueryParameters) -> tuple[str, ...] | None:
    """In our order, however they were asked for. A form sends beside its ticks that there may be none of them."""
    wanted = {str(name) for name in parameters.getlist("column") if name}
    if not wanted:
        return None
    wanted.discard(NO_COLUMN)
    if unknown := wanted - COLUMNS_BY_NAME.keys():
        raise field_error("column", f"There is no column {min(unknown)!r}.")
    return tuple(column.name for column in OPTIONAL_COLUMNS if column.name in wanted)


FilterCheck = Callable[[LeaderboardEntry], bool | None]  # None: what it asks for is unknown


def _build_checks(view: BoardView) -> dict[str, FilterCheck]:
    """The limits that are set, by the column of which they speak."""
    limits = {
        "text": view.text and (lambda entry: _has_words(view.text, entry)),
        "weights": view.weights and (lambda entry: _is_equal(entry.row["open_weights"], view.weights == "open")),
        "license": view.commercial and (lambda entry: _is_use_allowed(entry, view.commercial)),
        "organization": view.organization and (lambda entry: _is_equal(entry.row["organization"], view.organization)),
        "size": _build_range_check(lambda entry: entry.facts.size, view.size_min, view.size_max),
        "price": _build_range_check(lambda entry: entry.facts.price, None, view.price_max),
        "context": _build_range_check(lambda entry: entry.facts.context, view.context_min, None),
        "released": _build_range_check(lambda entry: entry.facts.released, view.released_after, None),
    }
    return {name: check for name, check in limits.items() if check}


def _has_words(text: str, entry: LeaderboardEntry) -> bool:
    """Every word of the text is somewhere in the names of the model or of who made it."""
    names = " ".join(filter(None, (entry.row["name"], entry.slug, entry.row["organization"]))).casefold()
    return all(word in names for word in text.casefold().split())


def _is_equal(value: Any, wanted: Any) -> bool | None:
    return None if value is None else bool(value == wanted)


def _is_use_allowed(entry: LeaderboardEntry, commercial: str) -> bool | None:
    known = entry.facts.commercial
    return None if known == "unknown" else known in COMMERCIAL_VALUES[commercial]


def _build_range_check(value: Callable[[LeaderboardEntry], Any], least: Any, most: Any) -> FilterCheck | None:
    if least is None and most is None:
        return None

    def check(entry: LeaderboardEntry) -> bool | None:
        known = value(entry)
        return None if known is None else (least is None or known >= least) and (most is None or known <= most)

    return check


@dataclass(frozen=True, eq=False)
class FilterResult:
    """`unknown`: how many models were left out only because something is not known of them, and of what."""

    entries: list[LeaderboardEntry]
    left_out: int
    unknown: Mapping[str, int]


def filter_entries(entries: Sequence[LeaderboardEntry], view: BoardView) -> FilterResult:
    """What the limits let through, sorted: models with a rank before those without, and what is unknown last in both,
    whichever way it is sorted.
    """
    checks, found, unknown, left_out = _build_checks(view), [], Counter[str](), 0
    for entry in entries:
        answers = {name: check(entry) for name, check in checks.items()}
        if False in answers.values():
            continue
        if missing := [name for name, answer in answers.items() if answer is None]:
            left_out += 1
            unknown.update(missing)
        else:
            found.append(entry)
    groups = [[entry for entry in found if has_rank(entry.row) is with_rank] for with_rank in (True, False)]
    return FilterResult([entry for group in groups for entry in _sort_entries(group, view)], left_out, unknown)


def _sort_entries(entries: list[LeaderboardEntry], view: BoardView) -> list[LeaderboardEntry]:
    value = COLUMNS_BY_NAME[view.sort].value
    known = [entry for entry in entries if value(entry) is not None]
    known.sort(key=value, reverse=view.descending)
    return known + [entry for entry in entries if value(entry) is None]


def list_visible_columns(view: BoardView, usual: Sequence[str]) -> list[str]:
    """The names of the columns that are shown, in order; that by which they are sorted is always among them."""
    chosen = {*FIXED_COLUMNS, view.sort, *(usual if view.columns is None else view.columns)}
    return [column.name for column in COLUMNS if column.name in chosen]
