"""Scores from files into the catalogue: read and checked whole, then written; a known file changes nothing."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.db import transaction

from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.importers import lm_eval, open_llm, scores_csv
from catalog.importers.model_facts import load_model_keys
from catalog.importers.score_row import ScoreRow
from catalog.matching.aliases import find_model
from catalog.matching.resolver import NamedModels, make_slug
from catalog.matching.seed_files import read_aliases
from catalog.models import Benchmark, Fact, LanguageModel, Score

FORMATS: dict[str, Callable[[bytes, str], list[ScoreRow]]] = {
    "lm-eval": lm_eval.parse_scores,
    "open-llm-v2": open_llm.parse_scores,
    "csv": scores_csv.parse_scores,
}
MAX_FILE_BYTES = 200_000_000


@dataclass(frozen=True)
class ScoreImportResult:
    scores: int
    models: int
    new_models: int
    new_benchmarks: int
    limited: int

    @property
    def nothing(self) -> bool:
        return not self.scores


def import_score_file(path: Path, kind: str) -> ScoreImportResult:
    """Raises ValueError with one sentence that names the place."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path} is larger than 200 MB")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    try:
        rows = FORMATS[kind](content, path.name[:500])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return import_scores(rows, sha256(content).hexdigest())


@transaction.atomic
def import_scores(rows: Collection[ScoreRow], run: str) -> ScoreImportResult:
    """Store the scores of one run, unless they are stored already."""
    if Score.objects.filter(run=run).exists():
        return ScoreImportResult(0, 0, 0, 0, 0)
    models, benchmarks = _ModelLookup(), _BenchmarkLookup()
    scores = [
        Score(
            **{key: value for key, value in vars(row).items() if key not in ("model", "benchmark", "claims")},
            model_id=models.key(row.model),
            benchmark_id=benchmarks.key(row.benchmark),
            run=run,
        )
        for row in rows
    ]
    stored = Score.objects.bulk_create(scores, ignore_conflicts=True)
    _record_claims(rows, scores)
    limited = sum(row.limited for row in rows)
    return ScoreImportResult(
        len(stored), len({score.model_id for score in scores}), models.new, benchmarks.new, limited
    )


def _record_claims(rows: Collection[ScoreRow], scores: Collection[Score]) -> None:
    """What the rows say of their models, each thing once; of runs of a model the first is believed."""
    claims: dict[int, dict[str, Claim]] = defaultdict(dict)
    for row, score in zip(rows, scores, strict=True):
        for claim in row.claims:
            claims[score.model_id].setdefault(claim.field, claim)
    record_claims({key: list(said.values()) for key, said in claims.items()}, Fact.Origin.FILE)


@dataclass(frozen=True)
class ScorePreview:
    """Where a score would go: `model` and `benchmark` are None where they would be new; `here`: what is there now."""

    row: ScoreRow
    model: LanguageModel | None
    benchmark: Benchmark | None
    here: tuple[Score, ...]


def preview_scores(rows: Collection[ScoreRow]) -> list[ScorePreview]:
    """What `import_scores` would do with them, without doing it."""
    models, benchmarks = _ModelLookup(), _BenchmarkLookup()
    found = [(row, models.look(row.model), benchmarks.look(row.benchmark)) for row in rows]
    by_model = LanguageModel.objects.in_bulk({model for _, model, _ in found if model})
    by_benchmark = Benchmark.objects.in_bulk({benchmark for _, _, benchmark in found if benchmark})
    here: dict[tuple[int, int, str, str], list[Score]] = defaultdict(list)
    for score in Score.objects.filter(model__in=by_model, benchmark__in=by_benchmark).order_by("-date", "-pk"):
        here[score.model_id, score.benchmark_id, score.metric, score.filter].append(score)
    return [
        ScorePreview(
            row,
            by_model.get(model or 0),
            by_benchmark.get(benchmark or 0),
            tuple(here[model or 0, benchmark or 0, row.metric, row.filter]),
        )
        for row, model, benchmark in found
    ]


class _ModelLookup:
    def __init__(self) -> None:
        self._names = NamedModels()
        self._known, self._aliases = load_model_keys(), read_aliases()

    @property
    def new(self) -> int:
        return self._names.created

    def look(self, name: str) -> int | None:
        found = find_model(name, self._known, self._aliases)
        return self._names.ids([name])[name] if found is None and self._names.know({name}) else found

    def key(self, name: str) -> int:
        found = self.look(name)
        return found if found is not None else self._names.ids([name])[name]


class _BenchmarkLookup:
    """By slug or by what the harness calls them; unknown ones become entries of which nothing else is known."""

    def __init__(self) -> None:
        self.new = 0
        self._known: dict[str, int] = {}
        for pk, slug, tasks in Benchmark.objects.values_list("pk", "slug", "tasks"):
            self._known |= dict.fromkeys((slug, *tasks), pk)

    def look(self, names: tuple[str, ...]) -> int | None:
        return next((self._known[name] for name in names if name in self._known), None)

    def key(self, names: tuple[str, ...]) -> int:
        if (found := self.look(names)) is not None:
            return found
        slug = make_slug(names[0]).replace(".", "-")[:100]
        row, created = Benchmark.objects.get_or_create(slug=slug, defaults={"name": names[0], "tasks": [names[0]]})
        self.new += created
        self._known[names[0]] = row.pk
        return row.pk
