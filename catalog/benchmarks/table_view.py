"""Filters, sort order, and scale for the score table, parsed from a query string. This module does not use Django."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple

from catalog.benchmarks.comparability import compute_binomial_error
from core.text.proportions import Z95
from core.text.word_search import contains_words

CHOICES = {
    "weights": ("any", "open", "closed"),
    "kind": ("", "base", "chat", "fine-tuned", "merge"),
    "commercial": ("", "yes", "conditional", "no"),
    "scale": ("raw", "normalized"),
    "order": ("", "asc", "desc"),
}
TEXT_PARAMETERS = ("q", "series", "organization", "license", "precision", "sort")
SIZE_PARAMETERS = ("size_from", "size_to")
FACT_SORTS = ("name", "size", "context", "price", "released", "rating")
ASCENDING_SORTS = ("name", "price")


@dataclass(frozen=True)
class TableView:
    """The filters, sort order, and columns that a visitor has requested.

    Each word in `q` must occur in the name of the model or its maker. Sizes are in billions of parameters. `sort` is
    one of `FACT_SORTS` or the key of a column. `column` contains the keys of the visible columns. If it is empty, the
    default columns are visible.
    """

    q: str = ""
    weights: str = "any"
    kind: str = ""
    commercial: str = ""
    scale: str = "raw"
    order: str = ""
    series: str = ""
    organization: str = ""
    license: str = ""
    precision: str = ""
    sort: str = "rating"
    column: tuple[str, ...] = ()
    size_from: float | None = None
    size_to: float | None = None

    @property
    def filter_count(self) -> int:
        """The number of filters that are set, apart from the search."""
        has_weights = self.weights != "any"
        has_size = self.size_from is not None or self.size_to is not None
        choices = (self.kind, self.commercial, self.organization, self.license, self.precision)
        return sum(map(bool, (*choices, has_weights, has_size)))

    @property
    def descending(self) -> bool:
        """True if the largest values come first, which is the default except for names and prices."""
        if self.order:
            return self.order == "desc"
        return self.sort not in ASCENDING_SORTS


class ScoreCell(NamedTuple):
    """A score as a percentage.

    `value` is the raw score. `normalized` is 0 at chance level. `stderr` is the measured standard error on a scale from
    0 to 1, and `n` is the number of questions. `measured_by` is the person or organization that measured the score.
    `submitted` is True if a visitor submitted it.
    """

    value: float
    normalized: float | None
    stderr: float | None
    n: int | None
    self_reported: bool
    measured_by: str
    submitted: bool = False

    @property
    def margin(self) -> float | None:
        """Half the width of the 95% interval, in percentage points, computed only for the cells that a page shows."""
        error = compute_binomial_error(self.value / 100, self.n) if self.stderr is None else self.stderr
        return None if error is None else 100 * Z95 * error


class TablePrice(NamedTuple):
    """A price in US dollars per million tokens, and whether an operator set it by hand."""

    dollars: Decimal
    by_hand: bool


@dataclass(frozen=True)
class TableEntry:
    """A table row: a model at one precision.

    `cells` maps column keys to scores. `size` is in billions of parameters, and `context` in tokens. None and empty
    strings mean unknown. `by_hand` has the names of the fields that an operator set by hand.
    """

    slug: str
    name: str
    organization: str
    license: str
    commercial: str
    open_weights: bool | None
    kind: str
    size: float | None
    context: int | None
    price: TablePrice | None
    released: date | None
    precision: str
    rating: float | None
    cells: Mapping[str, ScoreCell]
    by_hand: Set[str] = frozenset()
    is_retired: bool = False


def parse_view(parameters: Mapping[str, str], columns: Iterable[str] = ()) -> TableView:
    """Parse query parameters into a view. Raises ValueError with the name of the invalid parameter.

    `columns` are the values of the parameter `column`, which can occur several times.
    """
    choices = {name: parameters[name] for name in CHOICES if name in parameters}
    text_filters = {name: parameters[name].strip() for name in TEXT_PARAMETERS if parameters.get(name)}
    for name, value in choices.items():
        if value not in CHOICES[name]:
            raise ValueError(f"“{name}” must be one of: {', '.join(filter(None, CHOICES[name]))}.")
    for name, value in text_filters.items():
        if not value.isprintable():
            raise ValueError(f"“{name}” must be text without control characters.")
    sizes = {name: _parse_size(name, parameters[name]) for name in SIZE_PARAMETERS if parameters.get(name)}
    fields: dict[str, Any] = {**choices, **text_filters, **sizes}
    return TableView(**fields, column=tuple(filter(None, columns)))


def _parse_size(name: str, text: str) -> float:
    try:
        size = float(text)
    except ValueError:
        size = -1
    if not (isfinite(size) and size >= 0):
        raise ValueError(f"“{name}” must be a number (billions of parameters).")
    return size


def select_entries(entries: list[TableEntry], view: TableView) -> tuple[list[TableEntry], int]:
    """Return the sorted rows that pass the filters, and the number of rows hidden because a value is unknown."""
    matches = [(entry, _is_match(entry, view)) for entry in entries]
    selected = [entry for entry, is_match in matches if is_match]
    unknown_count = sum(is_match is None for _, is_match in matches)
    return _sort_entries(selected, view), unknown_count


def _is_match(entry: TableEntry, view: TableView) -> bool | None:
    """Return True if the row passes all filters, False if it fails one, or None if that depends on an unknown value."""
    weights = {True: "open", False: "closed", None: ""}[entry.open_weights]
    results = [
        contains_words(f"{entry.name} {entry.slug} {entry.organization}", view.q),
        _is_equal("" if view.weights == "any" else view.weights, weights),
        _is_equal(view.kind, entry.kind),
        _is_equal(view.commercial, "" if entry.commercial == "unknown" else entry.commercial),
        _is_equal(view.organization, entry.organization),
        _is_equal(view.license, entry.license),
        _is_equal(view.precision, entry.precision),
        _is_in_range(view, entry.size),
    ]
    if False in results:
        return False
    return None if None in results else True


def _is_equal(filter_value: str, value: str) -> bool | None:
    """Return True if the filter is empty or equal to the value, or None if the value is empty, which means unknown."""
    if not filter_value:
        return True
    return value == filter_value if value else None


def _is_in_range(view: TableView, size: float | None) -> bool | None:
    if view.size_from is None and view.size_to is None:
        return True
    if size is None:
        return None
    if view.size_to is not None and size > view.size_to:
        return False
    return size >= (view.size_from or 0)


def _sort_entries(entries: list[TableEntry], view: TableView) -> list[TableEntry]:
    """Sort by the chosen column, then by name. Unknown values come last in both directions."""

    def get_value(entry: TableEntry) -> Any:
        if view.sort == "name":
            return entry.name.lower()
        if view.sort in FACT_SORTS:
            return getattr(entry, view.sort)
        cell = entry.cells.get(view.sort)
        return cell and (cell.normalized if view.scale == "normalized" else cell.value)

    by_name = sorted(entries, key=lambda entry: entry.name.lower())
    with_value = [entry for entry in by_name if get_value(entry) is not None]
    without_value = [entry for entry in by_name if get_value(entry) is None]
    return sorted(with_value, key=get_value, reverse=view.descending) + without_value
