"""Imports score files into the catalog. Each file is imported only once, and either completely or not at all."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.db import transaction

from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.importers import lm_eval, open_llm, scores_csv
from catalog.importers.score_row import ScoreRow
from catalog.matching.resolver import ModelLookup, make_slug
from catalog.models import SCORE_IDENTITY, Benchmark, Fact, LanguageModel, Score

FORMATS: dict[str, Callable[[bytes, str], list[ScoreRow]]] = {
    "lm-eval": lm_eval.parse_scores,
    "open-llm-v2": open_llm.parse_scores,
    "csv": scores_csv.parse_scores,
}
MAX_FILE_BYTES = 200_000_000


@dataclass(frozen=True)
class ScoreImportResult:
    """The result of an import. All numbers are 0 if the file had already been imported.

    limited_count: the number of scores from limited runs, which used only some of the questions.
    replaced_count: the number of earlier scores that were replaced.
    """

    score_count: int = 0
    model_count: int = 0
    new_model_count: int = 0
    new_benchmark_count: int = 0
    limited_count: int = 0
    replaced_count: int = 0


def import_score_file(path: Path, file_format: str) -> ScoreImportResult:
    """Import a file in one of the `FORMATS`. Raises ValueError with a message that contains the location of the error.

    file_format: a key of `FORMATS`.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path} is larger than 200 MB")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    try:
        rows = FORMATS[file_format](content, path.name[:500])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return import_scores(rows, sha256(content).hexdigest())


@transaction.atomic
def import_scores(rows: Collection[ScoreRow], run_digest: str) -> ScoreImportResult:
    """Store the scores of one run and the claims about its models, unless the run is already stored.

    A score replaces the stored score with the same `SCORE_IDENTITY`. If the run contains several such scores, the first
    one is used. `run_digest` identifies the run. Two imports of a run at once store it once.
    """
    if Score.objects.filter(run=run_digest).exists():
        return ScoreImportResult()
    models = ModelLookup()
    benchmarks = _BenchmarkLookup()
    scores = [
        Score(
            **{key: value for key, value in vars(row).items() if key not in ("model", "benchmark_names", "claims")},
            model_id=models.get_or_create(row.model),
            benchmark_id=benchmarks.get_or_create(row.benchmark_names),
            run=run_digest,
        )
        for row in rows
    ]
    stored, replaced = _store_scores(scores)
    _record_claims(rows, scores)
    return ScoreImportResult(
        score_count=stored,
        model_count=len({score.model_id for score in scores}),
        new_model_count=models.created_count,
        new_benchmark_count=benchmarks.created_count,
        limited_count=sum(row.limited for row in rows),
        replaced_count=replaced,
    )


def _store_scores(scores: Collection[Score]) -> tuple[int, int]:
    """Store the scores. Return the number of stored scores, and the number of older scores that were replaced."""
    identity = [f"{name}_id" if name in ("model", "benchmark") else name for name in SCORE_IDENTITY]
    distinct: dict[tuple[object, ...], Score] = {}
    for score in scores:
        distinct.setdefault(tuple(getattr(score, name) for name in identity), score)
    replaced_fields = [field.name for field in Score._meta.fields if field.name not in (*SCORE_IDENTITY, "id")]
    count_before = Score.objects.count()
    Score.objects.bulk_create(
        distinct.values(), update_conflicts=True, unique_fields=SCORE_IDENTITY, update_fields=replaced_fields
    )
    return len(distinct), count_before + len(distinct) - Score.objects.count()


def _record_claims(rows: Collection[ScoreRow], scores: Collection[Score]) -> None:
    """Record the rows' claims about their models. If rows disagree about a model, the first one is used."""
    claims: dict[int, dict[str, Claim]] = defaultdict(dict)
    for row, score in zip(rows, scores, strict=True):
        for claim in row.claims:
            claims[score.model_id].setdefault(claim.field, claim)
    record_claims({key: list(by_field.values()) for key, by_field in claims.items()}, Fact.Origin.FILE)


@dataclass(frozen=True)
class ScorePreview:
    """A preview of a score that would be imported.

    `model` and `benchmark` are None if the import would create them. `existing` contains the stored scores for the same
    model, benchmark, metric, and filter, newest first.
    """

    row: ScoreRow
    model: LanguageModel | None
    benchmark: Benchmark | None
    existing: tuple[Score, ...]


def preview_scores(rows: Collection[ScoreRow]) -> list[ScorePreview]:
    """Return a preview of `import_scores` for these rows. Nothing is stored."""
    models = ModelLookup()
    benchmarks = _BenchmarkLookup()
    matches = [(row, models.find(row.model), benchmarks.find(row.benchmark_names)) for row in rows]
    models_by_key = LanguageModel.objects.in_bulk({model for _, model, _ in matches if model})
    benchmarks_by_key = Benchmark.objects.in_bulk({benchmark for _, _, benchmark in matches if benchmark})
    stored: dict[tuple[int, int, str, str], list[Score]] = defaultdict(list)
    candidates = Score.objects.filter(model__in=models_by_key, benchmark__in=benchmarks_by_key)
    for score in candidates.order_by("-date", "-pk"):
        stored[score.model_id, score.benchmark_id, score.metric, score.filter].append(score)
    return [
        ScorePreview(
            row,
            models_by_key.get(model or 0),
            benchmarks_by_key.get(benchmark or 0),
            tuple(stored[model or 0, benchmark or 0, row.metric, row.filter]),
        )
        for row, model, benchmark in matches
    ]


class _BenchmarkLookup:
    """Finds benchmarks by slug or harness task, and creates missing ones with only a name and a task."""

    def __init__(self) -> None:
        self.created_count = 0
        self._known: dict[str, int] = {}
        for pk, slug, tasks in Benchmark.objects.values_list("pk", "slug", "tasks"):
            self._known |= dict.fromkeys((slug, *tasks), pk)

    def find(self, names: tuple[str, ...]) -> int | None:
        return next((self._known[name] for name in names if name in self._known), None)

    def get_or_create(self, names: tuple[str, ...]) -> int:
        key = self.find(names)
        if key is not None:
            return key
        name = names[0]
        slug = make_slug(name).replace(".", "-")[:100]
        benchmark, created = Benchmark.objects.get_or_create(slug=slug, defaults={"name": name, "tasks": [name]})
        self.created_count += created
        self._known[name] = benchmark.pk
        return benchmark.pk
