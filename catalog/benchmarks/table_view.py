"""The table of models and their scores as it is asked for: filters, order and scale, all from an address. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

CHOICES = {
    "weights": ("open", "closed", "any"),
    "kind": ("", "base", "chat", "fine-tuned", "merge"),
    "commercial": ("", "yes", "conditional", "no"),
    "scale": ("raw", "normalized"),
    "order": ("", "asc", "desc"),
}
TEXT_PARAMETERS = ("series", "organization", "license", "precision", "sort")
SIZE_PARAMETERS = ("size_from", "size_to")
FACT_SORTS = ("name", "size", "released", "rating")


@dataclass(frozen=True)
class TableView:
    """Sizes are in thousand millions of parameters. `sort` is one of `FACT_SORTS`, or the slug of a column."""

    weights: str = "open"
    kind: str = ""
    commercial: str = ""
    scale: str = "raw"
    order: str = ""
    series: str = ""
    organization: str = ""
    license: str = ""
    precision: str = ""
    sort: str = "rating"
    size_from: float | None = None
    size_to: float | None = None

    @property
    def filters(self) -> int:
        """How many are set beside the usual open weights."""
        texts = (self.kind, self.commercial, self.organization, self.license, self.precision)
        return sum(map(bool, texts)) + (self.weights != "open") + ((self.size_from, self.size_to) != (None, None))

    @property
    def descending(self) -> bool:
        """If nothing is said: names from A, numbers from the largest."""
        return self.order == "desc" if self.order else self.sort != "name"


@dataclass(frozen=True)
class ScoreCell:
    """A score: `value` of a hundred, or normalized (0 is chance); `margin` is half of its 95 % interval."""

    value: float
    normalized: float | None
    margin: float | None
    self_reported: bool
    who: str
    submitted: bool = False


@dataclass(frozen=True)
class TableEntry:
    """A model in one precision; None and empty are unknown."""

    slug: str
    name: str
    organization: str
    license: str
    commercial: str
    open_weights: bool | None
    kind: str
    size: float | None
    released: date | None
    precision: str
    rating: float | None
    cells: Mapping[str, ScoreCell]


def parse_view(parameters: Mapping[str, str]) -> TableView:
    """Raises ValueError that names the parameter."""
    chosen = {name: parameters[name] for name in CHOICES if name in parameters}
    texts = {name: parameters[name] for name in TEXT_PARAMETERS if parameters.get(name)}
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(filter(None, CHOICES[name]))}.")
    for name, value in texts.items():
        if not value.isprintable():
            raise ValueError(f"{name} must be a text.")
    sizes = {name: _parse_size(name, parameters[name]) for name in SIZE_PARAMETERS if parameters.get(name)}
    given: dict[str, Any] = {**chosen, **texts, **sizes}
    return TableView(**given)


def _parse_size(name: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not (isfinite(found) and found >= 0):
        raise ValueError(f"{name} must be a number of thousand million parameters.")
    return found


def select_entries(entries: list[TableEntry], view: TableView) -> tuple[list[TableEntry], int]:
    """What passes the filters, in order; and how many were left out because something that a filter asks is unknown."""
    verdicts = [(entry, _is_match(entry, view)) for entry in entries]
    kept = [entry for entry, passes in verdicts if passes]
    return _sort_entries(kept, view), sum(passes is None for _, passes in verdicts)


def _is_match(entry: TableEntry, view: TableView) -> bool | None:
    """None: unknown."""
    answers = [
        _is_equal(
            view.weights if view.weights != "any" else "", {True: "open", False: "closed", None: ""}[entry.open_weights]
        ),
        _is_equal(view.kind, entry.kind),
        _is_equal(view.commercial, entry.commercial if entry.commercial != "unknown" else ""),
        _is_equal(view.organization, entry.organization),
        _is_equal(view.license, entry.license),
        _is_equal(view.precision, entry.precision),
        _is_in_range(view, entry.size),
    ]
    return False if False in answers else None if None in answers else True


def _is_equal(wanted: str, held: str) -> bool | None:
    return True if not wanted else held == wanted if held else None


def _is_in_range(view: TableView, size: float | None) -> bool | None:
    if view.size_from is None and view.size_to is None:
        return True
    if size is None:
        return None
    return (view.size_from or 0) <= size <= (size if view.size_to is None else view.size_to)


def _sort_entries(entries: list[TableEntry], view: TableView) -> list[TableEntry]:
    """Unknown values last, whatever the order; equal ones by name."""
    by_name = sorted(entries, key=lambda entry: entry.name.lower())
    value = _build_sort_key(view)
    known = [entry for entry in by_name if value(entry) is not None]
    rest = [entry for entry in by_name if value(entry) is None]
    return sorted(known, key=value, reverse=view.descending) + rest


def _build_sort_key(view: TableView) -> Callable[[TableEntry], Any]:
    if view.sort == "name":
        return lambda entry: entry.name.lower()
    if view.sort in FACT_SORTS:
        return lambda entry: getattr(entry, view.sort)

    def score(entry: TableEntry) -> float | None:
        cell = entry.cells.get(view.sort)
        if cell is None:
            return None
        return cell.normalized if view.scale == "normalized" else cell.value

    return score
