"""What of a board is shown and in which order. Ranks and tiers stay those of the whole board."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from core.http.errors import bad
from ratings.boards.changes import has_rank
from ratings.web.leaderboard.columns import ALWAYS, BY_NAME, COLUMNS, TO_CHOOSE, Entry

BILLION = 10**9
MOST_PINS = 4
LONGEST_TEXT = 200
WEIGHTS = ("open", "closed")
COMMERCIAL = {"yes": ("yes",), "conditional": ("yes", "conditional")}
NO_COLUMN = "none"
ORDERS = {"": None, "asc": False, "desc": True}


class Parameters(Protocol):
    """Those of a request: the last value of a name, or all."""

    def get(self, name: str, default: str, /) -> Any: ...
    def getlist(self, name: str, /) -> list[Any]: ...


@dataclass(frozen=True)
class View:
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
        return any(_checks(self))


def view(parameters: Parameters) -> View:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    sort = _one_of(parameters, "sort", BY_NAME) or "rank"
    descending = ORDERS[_one_of(parameters, "order", ORDERS)]
    return View(
        text=_text(parameters, "q"),
        weights=_one_of(parameters, "weights", WEIGHTS),
        commercial=_one_of(parameters, "commercial", COMMERCIAL),
        organization=_text(parameters, "organization"),
        size_min=_number(parameters, "size_min", BILLION),
        size_max=_number(parameters, "size_max", BILLION),
        price_max=_number(parameters, "price_max"),
        context_min=_number(parameters, "context_min"),
        released_after=_day(parameters, "released_after"),
        sort=sort,
        descending=BY_NAME[sort].descending if descending is None else descending,
        pins=_pins(parameters),
        columns=_columns(parameters),
    )


def _text(parameters: Parameters, name: str) -> str:
    text = str(parameters.get(name, "")).strip()
    if len(text) > LONGEST_TEXT:
        raise bad(name, f"{name} is longer than {LONGEST_TEXT} characters.")
    return _written(name, text)


def _written(name: str, text: str) -> str:
    if "\0" in text:
        raise bad(name, f"{name} holds a character that is no text.")
    return text


def _one_of(parameters: Parameters, name: str, known: Iterable[str]) -> str:
    text = str(parameters.get(name, ""))
    if text and text not in known:
        raise bad(name, f"{name} is one of {', '.join(filter(None, known))}.")
    return text


def _number(parameters: Parameters, name: str, unit: float = 1) -> float | None:
    text = str(parameters.get(name, "")).strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise bad(name, f"{name} is a number that is not negative, such as 8 or 0.5.")
    return number * unit


def _day(parameters: Parameters, name: str) -> date | None:
    text = str(parameters.get(name, "")).strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise bad(name, f"{name} is a day, such as 2026-01-31.") from None


def _pins(parameters: Parameters) -> tuple[str, ...]:
    pins = tuple(dict.fromkeys(_written("pin", str(pin)) for pin in parameters.getlist("pin") if pin))
    if len(pins) > MOST_PINS:
        raise bad("pin", f"At most {MOST_PINS} models can be compared.")
    return pins


def _columns(parameters: Parameters) -> tuple[str, ...] | None:
    """In our order, however they were asked for. A form sends beside its ticks that there may be none of them."""
    wanted = {str(name) for name in parameters.getlist("column") if name}
    if not wanted:
        return None
    wanted.discard(NO_COLUMN)
    if unknown := wanted - BY_NAME.keys():
        raise bad("column", f"There is no column {min(unknown)!r}.")
    return tuple(column.name for column in TO_CHOOSE if column.name in wanted)


Check = Callable[[Entry], bool | None]  # None: what it asks for is unknown


def _checks(view: View) -> dict[str, Check]:
    """The limits that are set, by the column of which they speak."""
    limits = {
        "text": view.text and (lambda entry: _found(view.text, entry)),
        "weights": view.weights and (lambda entry: _equal(entry.row["open_weights"], view.weights == "open")),
        "license": view.commercial and (lambda entry: _allowed(entry, view.commercial)),
        "organization": view.organization and (lambda entry: _equal(entry.row["organization"], view.organization)),
        "size": _within(lambda entry: entry.facts.size, view.size_min, view.size_max),
        "price": _within(lambda entry: entry.facts.price, None, view.price_max),
        "context": _within(lambda entry: entry.facts.context, view.context_min, None),
        "released": _within(lambda entry: entry.facts.released, view.released_after, None),
    }
    return {name: check for name, check in limits.items() if check}


def _found(text: str, entry: Entry) -> bool:
    """Every word of the text is somewhere in the names of the model or of who made it."""
    names = " ".join(filter(None, (entry.row["name"], entry.slug, entry.row["organization"]))).casefold()
    return all(word in names for word in text.casefold().split())


def _equal(value: Any, wanted: Any) -> bool | None:
    return None if value is None else bool(value == wanted)


def _allowed(entry: Entry, commercial: str) -> bool | None:
    known = entry.facts.commercial
    return None if known == "unknown" else known in COMMERCIAL[commercial]


def _within(value: Callable[[Entry], Any], least: Any, most: Any) -> Check | None:
    if least is None and most is None:
        return None

    def check(entry: Entry) -> bool | None:
        known = value(entry)
        return None if known is None else (least is None or known >= least) and (most is None or known <= most)

    return check


@dataclass(frozen=True, eq=False)
class Filtered:
    """`unknown`: how many models were left out only because something is not known of them, and of what."""

    entries: list[Entry]
    left_out: int
    unknown: Mapping[str, int]


def filtered(entries: Sequence[Entry], view: View) -> Filtered:
    """What the limits let through, sorted: models with a rank before those without, and what is unknown last in both,
    whichever way it is sorted.
    """
    checks, found, unknown, left_out = _checks(view), [], Counter[str](), 0
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
    return Filtered([entry for group in groups for entry in _sorted(group, view)], left_out, unknown)


def _sorted(entries: list[Entry], view: View) -> list[Entry]:
    value = BY_NAME[view.sort].value
    known = [entry for entry in entries if value(entry) is not None]
    known.sort(key=value, reverse=view.descending)
    return known + [entry for entry in entries if value(entry) is None]


def shown_columns(view: View, usual: Sequence[str]) -> list[str]:
    """The names of the columns that are shown, in order; that by which they are sorted is always among them."""
    chosen = {*ALWAYS, view.sort, *(usual if view.columns is None else view.columns)}
    return [column.name for column in COLUMNS if column.name in chosen]
