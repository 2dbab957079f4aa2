"""Stored benchmarks, their caveats, and rankings of comparable scores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from catalog.benchmarks.comparability import (
    ComparableScore,
    Conditions,
    RankedScore,
    compute_standard_error,
    rank_scores,
)
from catalog.models import Benchmark, Caveat, LanguageModel, Score

ELO_SLUG = "elo"  # the rating from votes, which has no fixed questions


class RankingRow(NamedTuple):
    """A ranked score, and the stored score from which it was built."""

    ranked: RankedScore
    score: Score

    @property
    def error(self) -> float | None:
        """The reported standard error, or the binomial one if none was reported."""
        return compute_standard_error(self.ranked.comparable)


class ModelScore(NamedTuple):
    """A stored score and its comparable form."""

    comparable: ComparableScore
    score: Score

    @property
    def error(self) -> float | None:
        """The reported standard error, or the binomial one if none was reported."""
        return compute_standard_error(self.comparable)


@dataclass(frozen=True)
class Ranking:
    """Scores under one set of conditions, best first."""

    conditions: Conditions
    rows: list[RankingRow]

    @property
    def first(self) -> Score:
        """The top score. All rows share its conditions."""
        return self.rows[0].score

    @property
    def is_single(self) -> bool:
        """True if the ranking has only one score, which leaves nothing to compare."""
        return len(self.rows) == 1


def save_benchmarks(entries: Sequence[Mapping[str, Any]], common_caveats: Sequence[Mapping[str, Any]] = ()) -> None:
    """Create or update benchmarks and caveats from the entries of benchmarks.toml.

    Each entry contains the fields of a benchmark, and optionally a list of caveats under `caveat` and the slug of its
    replacement under `superseded_by`. `common_caveats` apply to every benchmark with fixed questions.
    """
    benchmarks = {}
    for entry in entries:
        fields = {key: value for key, value in entry.items() if key not in ("superseded_by", "caveat")}
        benchmarks[entry["slug"]], _ = Benchmark.objects.update_or_create(slug=entry["slug"], defaults=fields)
    for entry in entries:
        benchmark = benchmarks[entry["slug"]]
        benchmark.superseded_by = benchmarks.get(entry.get("superseded_by", ""))
        benchmark.save()
        common = () if benchmark.slug == ELO_SLUG else common_caveats
        _save_caveats(benchmark, [*entry.get("caveat", []), *common])


def _save_caveats(benchmark: Benchmark, caveats: Sequence[Mapping[str, Any]]) -> None:
    current = [Caveat(benchmark=benchmark, **caveat) for caveat in caveats]
    Caveat.objects.bulk_create(
        current, update_conflicts=True, unique_fields=("benchmark", "kind", "text"), update_fields=("source",)
    )
    current_keys = {(caveat.kind, caveat.text) for caveat in current}
    stale = [caveat.pk for caveat in benchmark.caveats.all() if (caveat.kind, caveat.text) not in current_keys]
    Caveat.objects.filter(pk__in=stale).delete()


def load_rankings(benchmark: Benchmark) -> list[Ranking]:
    """Return a ranking for each set of conditions, largest first. A ranking has only the newest score of each model."""
    pairs = pair_scores(benchmark.scores.select_related("model__organization").order_by("-date", "-pk"))
    # Two models can have equal comparable scores, so the stored scores are found by object identity.
    stored_by_id = {id(comparable): score for comparable, score in pairs}
    ranked = rank_scores(comparable for comparable, _ in pairs)
    return [
        Ranking(conditions, [RankingRow(row, stored_by_id[id(row.comparable)]) for row in rows])
        for conditions, rows in ranked.items()
    ]


def load_model_scores(model: LanguageModel) -> list[ModelScore]:
    """Return all of a model's scores, sorted by benchmark, newest first. They are not necessarily comparable."""
    return pair_scores(model.scores.select_related("benchmark", "model").order_by("benchmark__slug", "-date", "pk"))


def pair_scores(scores: Iterable[Score]) -> list[ModelScore]:
    """Return each stored score with its comparable form."""
    return [
        ModelScore(
            ComparableScore(score.model.slug, score.value, score.n, score.stderr, build_conditions(score)), score
        )
        for score in scores
    ]


def build_conditions(score: Score) -> Conditions:
    """Return a stored score's conditions.

    If the harness is unknown, the conditions include the source, because only scores from one report are comparable.
    """
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
