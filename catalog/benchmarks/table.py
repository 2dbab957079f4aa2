"""Models and their scores as one table.

A series is what was run alike: by one harness (or in one report), with or without a chat template. Within it a column
is one benchmark under equal conditions, so its scores may be put in order. Without a series each cell is the newest
score of its model, whatever its conditions: to read, not to rank; one that was submitted only where there is no other.
Models that are rated stand in it too if they have no score.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, QuerySet, Value, When

from catalog.benchmarks.comparability import margin, normalized
from catalog.benchmarks.table_view import Cell, Entry
from catalog.models import Benchmark, LanguageModel, Score

BILLION = 10**9
REPORT = Case(When(harness="", then=F("source")), default=Value(""))
# What a series shares, and what else must agree in it for two scores to be comparable.
ALIKE = ("measured_by", "harness", "report", "chat_template", "limited")
CONDITIONS = ("task", "metric", "filter", "shots", "version", "method")
CELL = ("value", "normalized", "stderr", "n", "self_reported", "measured_by", "submitted")
FACTS = {
    "slug": "slug",
    "name": "name",
    "organization": "organization__name",
    "license": "license__name",
    "commercial": "license__commercial",
    "open_weights": "open_weights",
    "kind": "kind",
    "size": "parameters_total",
    "released": "release_date",
}


@dataclass(frozen=True)
class Column:
    """`series` is the key of the one with most scores on it, None where no two scores are alike."""

    key: str
    name: str
    slug: str
    series: str | None = None


@dataclass(frozen=True)
class Alike:
    """What the scores of a series share; the report only where no harness is named."""

    measured_by: str
    harness: str
    report: str
    chat_template: bool | None
    limited: bool

    @property
    def key(self) -> str:
        """The same from start to start."""
        return blake2b(repr(astuple(self)).encode(), digest_size=5).hexdigest()


@dataclass(frozen=True)
class Series:
    key: str
    alike: Alike
    scores: int


@dataclass(frozen=True)
class Table:
    series: list[Series]
    columns: list[Column]
    entries: list[Entry]


class Row(NamedTuple):
    """A stored score without the instance, which would take several times as long; `cell` is what `CELL` names."""

    model: int
    benchmark: int
    precision: str
    conditions: tuple[Any, ...]
    cell: tuple[Any, ...]


Numbers = Mapping[Alike, Mapping[int, int]]


def table(series: str, ratings: Mapping[str, float]) -> Table:
    """ratings: slug → rating on the board that is shown beside. Raises LookupError for a series that does not exist."""
    numbers = _numbers()
    known = {alike.key: alike for alike in numbers}
    if series and series not in known:
        raise LookupError(series)
    rows = _rows(known[series] if series else None)
    benchmarks = Benchmark.objects.in_bulk({row.benchmark for row in rows})
    columns = _columns(rows, benchmarks, {} if series else _largest(numbers))
    sums = ((key, alike, sum(numbers[alike].values())) for key, alike in known.items())
    listed = [Series(*each) for each in sums if each[-1] > 1]
    listed.sort(key=lambda each: (-each.scores, each.alike.measured_by, each.key))
    return Table(
        listed,
        sorted(set(columns.values()), key=lambda column: (column.name, column.key)),
        _entries(rows, columns, benchmarks, ratings, [] if series else _rated(ratings)),
    )


def _rated(ratings: Mapping[str, float]) -> list[int]:
    return list(LanguageModel.objects.filter(slug__in=ratings).values_list("pk", flat=True))


def _numbers() -> Numbers:
    """How many scores each series has of each benchmark, by key."""
    found: dict[Alike, dict[int, int]] = defaultdict(dict)
    counted = _alike(Score.objects.all()).values_list(*ALIKE, "benchmark_id").order_by()
    for *alike, benchmark, number in counted.annotate(number=Count("pk")):
        found[Alike(*alike)][benchmark] = number
    return found


def _alike(scores: QuerySet[Score]) -> QuerySet[Score]:
    return scores.annotate(report=REPORT)


def _largest(numbers: Numbers) -> dict[int, str]:
    """Benchmark → the key of the series with most scores on it, if there is more than one."""
    found = sorted((number, alike.key, each) for alike, held in numbers.items() for each, number in held.items())
    return {each: key for number, key, each in found if number > 1}


def _rows(alike: Alike | None) -> list[Row]:
    """The first of a place is shown: submitted ones last, then the newest. In a series conditions make columns."""
    scores = Score.objects.order_by("submitted", "-date", "pk")
    if alike:
        scores = _alike(scores).filter(**{name: getattr(alike, name) for name in ALIKE})
    fields = ("model_id", "benchmark_id", "precision", *CELL, *(CONDITIONS if alike else ()))
    return [
        Row(model, benchmark, precision if alike else "", tuple(rest[len(CELL) :]), tuple(rest[: len(CELL)]))
        for model, benchmark, precision, *rest in scores.values_list(*fields)
    ]


def _columns(
    rows: Iterable[Row], benchmarks: Mapping[int, Benchmark], largest: Mapping[int, str]
) -> dict[tuple[Any, ...], Column]:
    """The most filled column of a benchmark has its slug as key, further ones a number behind it."""
    filled: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in rows:
        filled[row.benchmark, row.conditions] += 1
    columns, met = {}, defaultdict[str, int](int)
    for place, _ in sorted(filled.items(), key=lambda item: -item[1]):
        benchmark = benchmarks[place[0]]
        met[benchmark.slug] += 1
        columns[place] = _column(benchmark, place[1], met[benchmark.slug], largest.get(benchmark.pk))
    return columns


def _column(benchmark: Benchmark, conditions: tuple[Any, ...], which: int, series: str | None) -> Column:
    if which == 1:
        return Column(benchmark.slug, benchmark.name, benchmark.slug, series)
    words = f"{conditions[1]} {conditions[2]}".strip()  # metric and filter
    return Column(f"{benchmark.slug}~{which}", f"{benchmark.name} ({words})", benchmark.slug, series)


def _entries(
    rows: Iterable[Row],
    columns: Mapping[tuple[Any, ...], Column],
    benchmarks: Mapping[int, Benchmark],
    ratings: Mapping[str, float],
    rated: Iterable[int],
) -> list[Entry]:
    """Of each model with a score, by precision in a series, and of the rated ones."""
    cells: dict[tuple[int, str], dict[str, Cell]] = defaultdict(dict, {(model, ""): {} for model in rated})
    for row in rows:
        held, key = cells[row.model, row.precision], columns[row.benchmark, row.conditions].key
        if key not in held:
            held[key] = _cell(benchmarks[row.benchmark].chance, row)
    models = _models({model for model, _ in cells})
    return [
        Entry(**models[model], precision=precision, rating=ratings.get(models[model]["slug"]), cells=held)
        for (model, precision), held in cells.items()
    ]


def _cell(chance: float | None, row: Row) -> Cell:
    value, above, stderr, n, *rest = row.cell
    if above is None and chance is not None and 0 <= value <= 1:
        above = normalized(value, chance)
    return Cell(100 * value, above, margin(value, n, stderr), *rest)


def _models(keys: set[int]) -> dict[int, dict[str, Any]]:
    """What an entry tells of each model."""
    found = {}
    for key, *values in LanguageModel.objects.filter(pk__in=keys).values_list("pk", *FACTS.values()):
        known = dict(zip(FACTS, values, strict=True))
        known |= {name: known[name] or "" for name in ("organization", "license", "commercial")}
        found[key] = known | {"size": known["size"] and known["size"] / BILLION}
    return found
