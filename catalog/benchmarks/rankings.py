"""Benchmarks with their caveats, and their scores put into rankings that compare only what can be compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.benchmarks.comparability import ComparableScore, Conditions, RankedScore, rank_scores
from catalog.models import Benchmark, Caveat, LanguageModel, Score

CONDITION_FIELDS = (
    "task", "metric", "filter", "shots", "harness", "version", "chat_template", "method", "limited", "measured_by",
)  # fmt: skip
ELO_SLUG = "elo"  # the rating by votes: no test with fixed questions


@dataclass(frozen=True)
class Ranking:
    """Scores of one set of conditions, from the best; `rows` pairs each place with its stored score."""

    conditions: Conditions
    rows: list[tuple[RankedScore, Score]]

    @property
    def first(self) -> Score:
        """A score whose conditions are those of all."""
        return self.rows[0][1]

    @property
    def shared(self) -> dict[str, Any]:
        """Its conditions as the API tells them."""
        return serialize_conditions(self.first)

    @property
    def alone(self) -> bool:
        """Whether there is nothing to compare its score with."""
        return len(self.rows) == 1


def serialize_conditions(score: Score) -> dict[str, Any]:
    """The conditions of a score as the API tells them."""
    return {field: getattr(score, field) for field in CONDITION_FIELDS}


def save_benchmarks(entries: Sequence[Mapping[str, Any]], everywhere: Sequence[Mapping[str, Any]] = ()) -> None:
    """Bring the table to what the file says: entries with caveats inside, and slugs of what supersedes them.

    everywhere: caveats of every test with fixed questions.
    """
    rows = {entry["slug"]: _save_benchmark(entry) for entry in entries}
    for entry in entries:
        row = rows[entry["slug"]]
        row.superseded_by = rows.get(entry.get("superseded_by", ""))
        row.save()
        common = () if row.slug == ELO_SLUG else everywhere
        wanted = [Caveat(benchmark=row, **caveat) for caveat in (*entry.get("caveat", []), *common)]
        kept = {(caveat.kind, caveat.text) for caveat in wanted}
        Caveat.objects.bulk_create(
            wanted, update_conflicts=True, unique_fields=("benchmark", "kind", "text"), update_fields=("source",)
        )
        stale = [caveat.pk for caveat in row.caveats.all() if (caveat.kind, caveat.text) not in kept]
        Caveat.objects.filter(pk__in=stale).delete()


def _save_benchmark(entry: Mapping[str, Any]) -> Benchmark:
    fields = {key: value for key, value in entry.items() if key not in ("superseded_by", "caveat")}
    return Benchmark.objects.update_or_create(slug=entry["slug"], defaults=fields)[0]


def load_rankings(benchmark: Benchmark) -> list[Ranking]:
    """All scores, in one ranking for each set of conditions; of a model's scores in one the newest counts."""
    stored = list(benchmark.scores.select_related("model").order_by("-date", "-pk"))
    both = pair_scores(stored)
    by_scored = {id(scored): score for scored, score in both}
    found = rank_scores(scored for scored, _ in both)
    return [
        Ranking(conditions, [(placed, by_scored[id(placed.scored)]) for placed in rows])
        for conditions, rows in found.items()
    ]


def load_model_scores(model: LanguageModel) -> list[tuple[ComparableScore, Score]]:
    """All scores of a model, by benchmark and the newest first; no two of them need be comparable."""
    return pair_scores(model.scores.select_related("benchmark", "model").order_by("benchmark__slug", "-date", "pk"))


def pair_scores(scores: Iterable[Score]) -> list[tuple[ComparableScore, Score]]:
    return [
        (ComparableScore(score.model.slug, score.value, score.n, score.stderr, build_conditions(score)), score)
        for score in scores
    ]


def build_conditions(score: Score) -> Conditions:
    """Where no harness is named, only one report's own scores may be compared."""
    return Conditions(
        task=score.task,
        metric=score.metric,
        filter=score.filter,
        shots=-1 if score.shots is None else score.shots,
        version=score.version,
        chat_template=-1 if score.chat_template is None else int(score.chat_template),
        harness=score.harness,
        measured_by=score.measured_by,
        method=score.method,
        report="" if score.harness else score.source,
        limited=score.limited,
    )
