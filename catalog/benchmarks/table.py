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

from catalog.benchmarks.comparability import margin_of_error, normalize_score
from catalog.benchmarks.table_view import ScoreCell, TableEntry
from catalog.models import Benchmark, LanguageModel, Score

BILLION = 10**9
REPORT_EXPRESSION = Case(When(harness="", then=F("source")), default=Value(""))
# What a series shares, and what else must agree in it for two scores to be comparable.
SERIES_FIELDS = ("measured_by", "harness", "report", "chat_template", "limited")
COLUMN_FIELDS = ("task", "metric", "filter", "shots", "version", "method")
CELL_FIELDS = ("value", "normalized", "stderr", "n", "self_reported", "measured_by", "submitted")
MODEL_FIELDS = {
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
class BenchmarkColumn:
    """`series` is the key of the one with most scores on it, None where no two scores are alike."""

    key: str
    name: str
    slug: str
    series: str | None = None


@dataclass(frozen=True)
class SeriesConditions:
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
class ScoreSeries:
    key: str
    alike: SeriesConditions
    scores: int


@dataclass(frozen=True)
class BenchmarkTable:
    series: list[ScoreSeries]
    columns: list[BenchmarkColumn]
    entries: list[TableEntry]


class ScoreRecord(NamedTuple):
    """A stored score without the instance, which would take several times as long; `cell` is what `CELL_FIELDS`
    names."""

    model: int
    benchmark: int
    precision: str
    conditions: tuple[Any, ...]
    cell: tuple[Any, ...]


SeriesCounts = Mapping[SeriesConditions, Mapping[int, int]]


def build_table(series: str, ratings: Mapping[str, float]) -> BenchmarkTable:
    """ratings: slug → rating on the board that is shown beside. Raises LookupError for a series that does not exist."""
    numbers = _count_scores()
    known = {alike.key: alike for alike in numbers}
    if series and series not in known:
        raise LookupError(series)
    rows = _load_records(known[series] if series else None)
    benchmarks = Benchmark.objects.in_bulk({row.benchmark for row in rows})
    columns = _build_columns(rows, benchmarks, {} if series else _find_largest_series(numbers))
    sums = ((key, alike, sum(numbers[alike].values())) for key, alike in known.items())
    listed = [ScoreSeries(*each) for each in sums if each[-1] > 1]
    listed.sort(key=lambda each: (-each.scores, each.alike.measured_by, each.key))
    return BenchmarkTable(
        listed,
        sorted(set(columns.values()), key=lambda column: (column.name, column.key)),
        _build_entries(rows, columns, benchmarks, ratings, [] if series else _load_rated_keys(ratings)),
    )


def _load_rated_keys(ratings: Mapping[str, float]) -> list[int]:
    return list(LanguageModel.objects.filter(slug__in=ratings).values_list("pk", flat=True))


def _count_scores() -> SeriesCounts:
    """How many scores each series has of each benchmark, by key."""
    found: dict[SeriesConditions, dict[int, int]] = defaultdict(dict)
    counted = _annotate_report(Score.objects.all()).values_list(*SERIES_FIELDS, "benchmark_id").order_by()
    for *alike, benchmark, number in counted.annotate(number=Count("pk")):
        found[SeriesConditions(*alike)][benchmark] = number
    return found


def _annotate_report(scores: QuerySet[Score]) -> QuerySet[Score]:
    return scores.annotate(report=REPORT_EXPRESSION)


def _find_largest_series(numbers: SeriesCounts) -> dict[int, str]:
    """Benchmark → the key of the series with most scores on it, if there is more than one."""
    found = sorted((number, alike.key, each) for alike, held in numbers.items() for each, number in held.items())
    return {each: key for number, key, each in found if number > 1}


def _load_records(alike: SeriesConditions | None) -> list[ScoreRecord]:
    """The first of a place is shown: submitted ones last, then the newest. In a series conditions make columns."""
    scores = Score.objects.order_by("submitted", "-date", "pk")
    if alike:
        scores = _annotate_report(scores).filter(**{name: getattr(alike, name) for name in SERIES_FIELDS})
    fields = ("model_id", "benchmark_id", "precision", *CELL_FIELDS, *(COLUMN_FIELDS if alike else ()))
    return [
        ScoreRecord(
            model,
            benchmark,
            precision if alike else "",
            tuple(rest[len(CELL_FIELDS) :]),
            tuple(rest[: len(CELL_FIELDS)]),
        )
        for model, benchmark, precision, *rest in scores.values_list(*fields)
    ]


def _build_columns(
    rows: Iterable[ScoreRecord], benchmarks: Mapping[int, Benchmark], largest: Mapping[int, str]
) -> dict[tuple[Any, ...], BenchmarkColumn]:
    """The most filled column of a benchmark has its slug as key, further ones a number behind it."""
    filled: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in rows:
        filled[row.benchmark, row.conditions] += 1
    columns, met = {}, defaultdict[str, int](int)
    for place, _ in sorted(filled.items(), key=lambda item: -item[1]):
        benchmark = benchmarks[place[0]]
        met[benchmark.slug] += 1
        columns[place] = _build_column(benchmark, place[1], met[benchmark.slug], largest.get(benchmark.pk))
    return columns


def _build_column(benchmark: Benchmark, conditions: tuple[Any, ...], which: int, series: str | None) -> BenchmarkColumn:
    if which == 1:
        return BenchmarkColumn(benchmark.slug, benchmark.name, benchmark.slug, series)
    words = f"{conditions[1]} {conditions[2]}".strip()  # metric and filter
    return BenchmarkColumn(f"{benchmark.slug}~{which}", f"{benchmark.name} ({words})", benchmark.slug, series)


def _build_entries(
    rows: Iterable[ScoreRecord],
    columns: Mapping[tuple[Any, ...], BenchmarkColumn],
    benchmarks: Mapping[int, Benchmark],
    ratings: Mapping[str, float],
    rated: Iterable[int],
) -> list[TableEntry]:
    """Of each model with a score, by precision in a series, and of the rated ones."""
    cells: dict[tuple[int, str], dict[str, ScoreCell]] = defaultdict(dict, {(model, ""): {} for model in rated})
    for row in rows:
        held, key = cells[row.model, row.precision], columns[row.benchmark, row.conditions].key
        if key not in held:
            held[key] = _build_cell(benchmarks[row.benchmark].chance, row)
    models = _load_models({model for model, _ in cells})
    return [
        TableEntry(**models[model], precision=precision, rating=ratings.get(models[model]["slug"]), cells=held)
        for (model, precision), held in cells.items()
    ]


def _build_cell(chance: float | None, row: ScoreRecord) -> ScoreCell:
    value, above, stderr, n, *rest = row.cell
    if above is None and chance is not None and 0 <= value <= 1:
        above = normalize_score(value, chance)
    return ScoreCell(100 * value, above, margin_of_error(value, n, stderr), *rest)


def _load_models(keys: set[int]) -> dict[int, dict[str, Any]]:
    """What an entry tells of each model."""
    found = {}
    for key, *values in LanguageModel.objects.filter(pk__in=keys).values_list("pk", *MODEL_FIELDS.values()):
        known = dict(zip(MODEL_FIELDS, values, strict=True))
        known |= {name: known[name] or "" for name in ("organization", "license", "commercial")}
        found[key] = known | {"size": known["size"] and known["size"] / BILLION}
    return found
