"""Models and their scores as one table.

A series is a set of scores from one harness (or one report), with or without a chat template. Within a series, a column
is one benchmark under equal conditions, so its scores can be ranked. Without a series, each cell is the newest score of
its model under any conditions: for reading, not for ranking. It is a submitted score only if there is no other. Rated
models are in the table even without a score.
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
# A series shares the first fields; within it, scores are comparable if the second fields agree too.
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
    """A benchmark under equal conditions. `series` is the key of the series with most scores on it, or None if no two
    scores belong to the same series."""

    key: str
    name: str
    slug: str
    series: str | None = None


@dataclass(frozen=True)
class SeriesConditions:
    """The conditions that a series shares; `report` is empty if a harness is named."""

    measured_by: str
    harness: str
    report: str
    chat_template: bool | None
    limited: bool

    @property
    def key(self) -> str:
        """A short digest, the same in every process."""
        return blake2b(repr(astuple(self)).encode(), digest_size=5).hexdigest()


@dataclass(frozen=True)
class ScoreSeries:
    """A series that a reader can choose, and its number of scores."""

    key: str
    alike: SeriesConditions
    scores: int


@dataclass(frozen=True)
class BenchmarkTable:
    """All series with more than one score, the columns by name, and the entries unsorted."""

    series: list[ScoreSeries]
    columns: list[BenchmarkColumn]
    entries: list[TableEntry]


class ScoreRecord(NamedTuple):
    """A stored score as a tuple, because model instances take several times as long to load.

    conditions: values of `COLUMN_FIELDS` in a series, or empty. cell: values of `CELL_FIELDS`.
    """

    model: int
    benchmark: int
    precision: str
    conditions: tuple[Any, ...]
    cell: tuple[Any, ...]


SeriesCounts = Mapping[SeriesConditions, Mapping[int, int]]


def build_table(series: str, ratings: Mapping[str, float]) -> BenchmarkTable:
    """The table of one series, or of all scores if `series` is empty.

    series: key of a series; raises LookupError for an unknown one. ratings: slug → rating on the board to show.
    """
    counts = _count_scores()
    known = {conditions.key: conditions for conditions in counts}
    if series and series not in known:
        raise LookupError(series)
    records = _load_records(known[series] if series else None)
    benchmarks = Benchmark.objects.in_bulk({record.benchmark for record in records})
    columns = _build_columns(records, benchmarks, {} if series else _find_largest_series(counts))
    return BenchmarkTable(
        _list_series(counts),
        sorted(set(columns.values()), key=lambda column: (column.name, column.key)),
        _build_entries(records, columns, benchmarks, ratings, [] if series else _load_rated_keys(ratings)),
    )


def _list_series(counts: SeriesCounts) -> list[ScoreSeries]:
    series = [
        ScoreSeries(conditions.key, conditions, sum(by_benchmark.values()))
        for conditions, by_benchmark in counts.items()
    ]
    several = [entry for entry in series if entry.scores > 1]
    return sorted(several, key=lambda entry: (-entry.scores, entry.alike.measured_by, entry.key))


def _load_rated_keys(ratings: Mapping[str, float]) -> list[int]:
    return list(LanguageModel.objects.filter(slug__in=ratings).values_list("pk", flat=True))


def _count_scores() -> SeriesCounts:
    """Series → key of a benchmark → number of scores."""
    counts: dict[SeriesConditions, dict[int, int]] = defaultdict(dict)
    rows = _annotate_report(Score.objects.all()).values_list(*SERIES_FIELDS, "benchmark_id").order_by()
    for *conditions, benchmark, number in rows.annotate(number=Count("pk")):
        counts[SeriesConditions(*conditions)][benchmark] = number
    return counts


def _annotate_report(scores: QuerySet[Score]) -> QuerySet[Score]:
    return scores.annotate(report=REPORT_EXPRESSION)


def _find_largest_series(counts: SeriesCounts) -> dict[int, str]:
    """Key of a benchmark → key of the series with most scores on it, if that series has more than one."""
    ascending = sorted(
        (number, conditions.key, benchmark)
        for conditions, by_benchmark in counts.items()
        for benchmark, number in by_benchmark.items()
    )
    return {benchmark: key for number, key, benchmark in ascending if number > 1}


def _load_records(series: SeriesConditions | None) -> list[ScoreRecord]:
    """The scores of a series, or all: submitted ones last, then the newest first. The first of a cell is shown."""
    scores = Score.objects.order_by("submitted", "-date", "pk")
    if series:
        scores = _annotate_report(scores).filter(**{name: getattr(series, name) for name in SERIES_FIELDS})
    fields = ("model_id", "benchmark_id", "precision", *CELL_FIELDS, *(COLUMN_FIELDS if series else ()))
    cell_size = len(CELL_FIELDS)
    return [
        ScoreRecord(
            model=model,
            benchmark=benchmark,
            precision=precision if series else "",
            conditions=tuple(rest[cell_size:]),
            cell=tuple(rest[:cell_size]),
        )
        for model, benchmark, precision, *rest in scores.values_list(*fields)
    ]


def _build_columns(
    records: Iterable[ScoreRecord], benchmarks: Mapping[int, Benchmark], largest: Mapping[int, str]
) -> dict[tuple[Any, ...], BenchmarkColumn]:
    """(key of a benchmark, conditions) → column. The column of a benchmark with most scores has its slug as key."""
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for record in records:
        counts[record.benchmark, record.conditions] += 1
    columns = {}
    columns_of_benchmark = defaultdict[str, int](int)
    for (key, conditions), _ in sorted(counts.items(), key=lambda item: -item[1]):
        benchmark = benchmarks[key]
        columns_of_benchmark[benchmark.slug] += 1
        columns[key, conditions] = _build_column(
            benchmark, conditions, columns_of_benchmark[benchmark.slug], largest.get(benchmark.pk)
        )
    return columns


def _build_column(
    benchmark: Benchmark, conditions: tuple[Any, ...], number: int, series: str | None
) -> BenchmarkColumn:
    """The column of a benchmark with this number, counted from 1; the name of a further one has metric and filter."""
    if number == 1:
        return BenchmarkColumn(benchmark.slug, benchmark.name, benchmark.slug, series)
    _, metric, score_filter, *_ = conditions
    words = f"{metric} {score_filter}".strip()
    return BenchmarkColumn(f"{benchmark.slug}~{number}", f"{benchmark.name} ({words})", benchmark.slug, series)


def _build_entries(
    records: Iterable[ScoreRecord],
    columns: Mapping[tuple[Any, ...], BenchmarkColumn],
    benchmarks: Mapping[int, Benchmark],
    ratings: Mapping[str, float],
    rated: Iterable[int],
) -> list[TableEntry]:
    """One entry for each model with a score (in a series for each of its precisions), and for each rated model."""
    cells: dict[tuple[int, str], dict[str, ScoreCell]] = defaultdict(dict, {(model, ""): {} for model in rated})
    for record in records:
        model_cells = cells[record.model, record.precision]
        column = columns[record.benchmark, record.conditions].key
        if column not in model_cells:
            model_cells[column] = _build_cell(benchmarks[record.benchmark].chance, record)
    models = _load_models({model for model, _ in cells})
    return [
        TableEntry(**models[model], precision=precision, rating=ratings.get(models[model]["slug"]), cells=model_cells)
        for (model, precision), model_cells in cells.items()
    ]


def _build_cell(chance: float | None, record: ScoreRecord) -> ScoreCell:
    value, normalized, stderr, n, *rest = record.cell
    if normalized is None and chance is not None and 0 <= value <= 1:
        normalized = normalize_score(value, chance)
    return ScoreCell(100 * value, normalized, margin_of_error(value, n, stderr), *rest)


def _load_models(keys: set[int]) -> dict[int, dict[str, Any]]:
    """Model key → the fields of `TableEntry` about the model itself."""
    models = {}
    for key, *values in LanguageModel.objects.filter(pk__in=keys).values_list("pk", *MODEL_FIELDS.values()):
        fields = dict(zip(MODEL_FIELDS, values, strict=True))
        for name in ("organization", "license", "commercial"):
            fields[name] = fields[name] or ""
        fields["size"] = fields["size"] and fields["size"] / BILLION
        models[key] = fields
    return models
