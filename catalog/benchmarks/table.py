"""A table of models and their benchmark scores.

A series is a set of scores with the same `SERIES_FIELDS`, such as scores from one harness or one report. There are two
kinds of tables:

- In the table of one series, each column is a benchmark under one set of conditions, so its scores can be ranked.
- In the table of all series, each cell is the model's newest score under any conditions, so the scores should not be
  ranked. Only this table lists models without scores.

A submitted score appears only if the model has no other score on the benchmark.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, Value, When

from catalog.benchmarks.comparability import hash_conditions, normalize_score
from catalog.benchmarks.table_view import ScoreCell, TableEntry, TablePrice
from catalog.facts.fields import has_begun
from catalog.models import Benchmark, Fact, LanguageModel, Score

BILLION = 10**9
REPORT_EXPRESSION = Case(When(harness="", then=F("source")), default=Value(""))
# All scores in a series have the same SERIES_FIELDS. Those that also have the same COLUMN_FIELDS are comparable.
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
    "context": "context_window",
    "released": "release_date",
    "status": "status",
    "retires_on": "retires_on",
}
# Maps the fields of facts to the fields of `TableEntry`.
ENTRY_FIELDS_BY_FACT = {
    "organization": "organization",
    "license": "license",
    "kind": "kind",
    "parameters_total": "size",
    "context_window": "context",
}


@dataclass(frozen=True)
class BenchmarkColumn:
    """A benchmark under one set of conditions.

    In the table of all series, `series` is the key of the series with the most scores on this benchmark, or None if no
    series has more than one score on it. In the table of one series, it is None.
    """

    key: str
    name: str
    slug: str
    series: str | None = None


@dataclass(frozen=True)
class SeriesConditions:
    """The conditions shared by all scores in a series. `report` is empty if the harness is known."""

    measured_by: str
    harness: str
    report: str
    chat_template: bool | None
    limited: bool

    @cached_property
    def key(self) -> str:
        return hash_conditions(self)


@dataclass(frozen=True)
class ScoreSeries:
    """A series that visitors can choose, with its number of scores."""

    key: str
    conditions: SeriesConditions
    scores: int


@dataclass(frozen=True)
class BenchmarkTable:
    """All series with more than one score, the columns sorted by name, and the unsorted rows."""

    series: list[ScoreSeries]
    columns: list[BenchmarkColumn]
    entries: list[TableEntry]


class ScoreRecord(NamedTuple):
    """A stored score as a tuple. Model instances take several times as long to load.

    `conditions` has the values of `COLUMN_FIELDS`, and is empty in the table for all series. `cell` has the values of
    `CELL_FIELDS`.
    """

    model: int
    benchmark: int
    precision: str
    conditions: tuple[Any, ...]
    cell: tuple[Any, ...]


SeriesCounts = Mapping[SeriesConditions, Mapping[int, int]]


def build_table(series: str, ratings: Mapping[str, float], prices: Mapping[int, TablePrice]) -> BenchmarkTable:
    """Build the table for one series, or for all series and all models if `series` is empty.

    `ratings` maps slugs to ratings on the displayed board, and `prices` maps model keys to prices. Raises LookupError
    if no series has this key.
    """
    counts = _count_scores()
    conditions_by_key = {conditions.key: conditions for conditions in counts}
    if series and series not in conditions_by_key:
        raise LookupError(series)
    records = _load_records(conditions_by_key[series] if series else None)
    benchmarks = Benchmark.objects.in_bulk({record.benchmark for record in records})
    columns = _build_columns(records, benchmarks, {} if series else _find_largest_series(counts))
    models = _load_models({record.model for record in records} if series else None)
    several = [ScoreSeries(each.key, each, sum(numbers.values())) for each, numbers in counts.items()]
    several = [entry for entry in several if entry.scores > 1]
    return BenchmarkTable(
        sorted(several, key=lambda entry: (-entry.scores, entry.conditions.measured_by, entry.key)),
        sorted(set(columns.values()), key=lambda column: (column.name, column.key)),
        _build_entries(records, columns, benchmarks, models, ratings, prices),
    )


def _count_scores() -> SeriesCounts:
    """Return the numbers of scores, keyed by series and benchmark key."""
    counts: dict[SeriesConditions, dict[int, int]] = defaultdict(dict)
    rows = Score.objects.annotate(report=REPORT_EXPRESSION).values_list(*SERIES_FIELDS, "benchmark_id").order_by()
    for *conditions, benchmark, number in rows.annotate(number=Count("pk")):
        counts[SeriesConditions(*conditions)][benchmark] = number
    return counts


def _find_largest_series(counts: SeriesCounts) -> dict[int, str]:
    """Map each benchmark key to the key of its largest series.

    Benchmarks that have only one score in each series are omitted.
    """
    ascending = sorted(
        (number, conditions.key, benchmark)
        for conditions, by_benchmark in counts.items()
        for benchmark, number in by_benchmark.items()
    )
    # The largest series of a benchmark comes last, so it replaces the smaller ones.
    return {benchmark: key for number, key, benchmark in ascending if number > 1}


def _load_records(series: SeriesConditions | None) -> list[ScoreRecord]:
    """Load the scores in a series, or all scores.

    A table cell shows the first of several scores, so newer scores come first and submitted scores come last.
    """
    scores = Score.objects.order_by("submitted", "-date", "pk")
    if series:
        scores = scores.annotate(report=REPORT_EXPRESSION).filter(
            **{name: getattr(series, name) for name in SERIES_FIELDS}
        )
    fields = ("model_id", "benchmark_id", "precision", *CELL_FIELDS, *(COLUMN_FIELDS if series else ()))
    cell_size = len(CELL_FIELDS)
    return [
        ScoreRecord(
            model=model,
            benchmark=benchmark,
            precision=precision if series else "",
            conditions=tuple(values[cell_size:]),
            cell=tuple(values[:cell_size]),
        )
        for model, benchmark, precision, *values in scores.values_list(*fields)
    ]


def _build_columns(
    records: Iterable[ScoreRecord], benchmarks: Mapping[int, Benchmark], largest: Mapping[int, str]
) -> dict[tuple[Any, ...], BenchmarkColumn]:
    """Map (benchmark key, conditions) to a column. The key of a benchmark's largest column is the benchmark's slug.

    The names of its other columns include the metric and filter.
    """
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for record in records:
        counts[record.benchmark, record.conditions] += 1
    columns = {}
    column_counts = defaultdict[str, int](int)
    for (key, conditions), _ in sorted(counts.items(), key=lambda item: -item[1]):
        benchmark = benchmarks[key]
        column_counts[benchmark.slug] += 1
        number = column_counts[benchmark.slug]
        slug, name = benchmark.slug, benchmark.name
        if number > 1:
            _task, metric, score_filter, *_ = conditions
            slug, name = f"{slug}~{number}", f"{name} ({f'{metric} {score_filter}'.strip()})"
        columns[key, conditions] = BenchmarkColumn(slug, name, benchmark.slug, largest.get(benchmark.pk))
    return columns


def _build_entries(
    records: Iterable[ScoreRecord],
    columns: Mapping[tuple[Any, ...], BenchmarkColumn],
    benchmarks: Mapping[int, Benchmark],
    models: Mapping[int, Mapping[str, Any]],
    ratings: Mapping[str, float],
    prices: Mapping[int, TablePrice],
) -> list[TableEntry]:
    """Build a row for each model. In a series, each precision of a model has its own row."""
    cells: dict[tuple[int, str], dict[str, ScoreCell]] = defaultdict(dict)
    for record in records:
        model_cells = cells[record.model, record.precision]
        column = columns[record.benchmark, record.conditions].key
        if column not in model_cells:
            value, normalized, *rest = record.cell
            chance = benchmarks[record.benchmark].chance
            if normalized is None and chance is not None and 0 <= value <= 1:
                normalized = normalize_score(value, chance)
            model_cells[column] = ScoreCell(100 * value, normalized, *rest)
    for model in models.keys() - {model for model, _ in cells}:
        cells[model, ""] = {}
    return [
        TableEntry(
            **models[model],
            price=prices.get(model),
            precision=precision,
            rating=ratings.get(models[model]["slug"]),
            cells=model_cells,
        )
        for (model, precision), model_cells in cells.items()
    ]


def _load_models(keys: set[int] | None) -> dict[int, dict[str, Any]]:
    """Map model keys to the fields of `TableEntry` that describe the model. If `keys` is None, include all models."""
    models = {}
    queryset = LanguageModel.objects.all() if keys is None else LanguageModel.objects.filter(pk__in=keys)
    facts = Fact.objects.filter(
        model__in=queryset, field__in=ENTRY_FIELDS_BY_FACT, origin=Fact.Origin.HAND, chosen=True
    )
    hand_fields: dict[int, set[str]] = defaultdict(set)
    for key, name in facts.values_list("model_id", "field"):
        hand_fields[key].add(ENTRY_FIELDS_BY_FACT[name])
    for key, *values in queryset.values_list("pk", *MODEL_FIELDS.values()):
        fields = dict(zip(MODEL_FIELDS, values, strict=True))
        for name in ("organization", "license", "commercial"):
            fields[name] = fields[name] or ""
        if fields["size"]:
            fields["size"] /= BILLION
        retires_on = fields.pop("retires_on")
        is_retired = fields.pop("status") == LanguageModel.Status.RETIRED or bool(retires_on and has_begun(retires_on))
        models[key] = fields | {"by_hand": hand_fields[key], "is_retired": is_retired}
    return models
