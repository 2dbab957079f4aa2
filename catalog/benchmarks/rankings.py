"""Stored benchmarks with their caveats, and rankings of their comparable scores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from catalog.benchmarks.comparability import ComparableScore, Conditions, RankedScore, rank_scores, standard_error
from catalog.models import Benchmark, Caveat, LanguageModel, Score

ELO_SLUG = "elo"  # the rating by votes, which has no fixed questions


class RankingRow(NamedTuple):
    """A ranked score and its stored score."""

    ranked: RankedScore
    score: Score

    @property
    def error(self) -> float | None:
        """The standard error: the measured one, or else the binomial one."""
        return standard_error(self.ranked.scored)


class ModelScore(NamedTuple):
    """A score in its comparable form and as it is stored."""

    comparable: ComparableScore
    score: Score

    @property
    def error(self) -> float | None:
        """The standard error: the measured one, or else the binomial one."""
        return standard_error(self.comparable)


@dataclass(frozen=True)
class Ranking:
    """Scores under one set of conditions, from the best."""

    conditions: Conditions
    rows: list[RankingRow]

    @property
    def first(self) -> Score:
        """The best stored score; all rows share its conditions."""
        return self.rows[0][1]

    @property
    def is_single(self) -> bool:
        """Whether it has one score only, so that there is nothing to compare."""
        return len(self.rows) == 1


def save_benchmarks(entries: Sequence[Mapping[str, Any]], common_caveats: Sequence[Mapping[str, Any]] = ()) -> None:
    """Update benchmarks and caveats from the entries of benchmarks.toml.

    entries: fields of a benchmark, with its caveats under `caveat` and a slug under `superseded_by`.
    common_caveats: caveats of every test with fixed questions.
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
    wanted = [Caveat(benchmark=benchmark, **caveat) for caveat in caveats]
    Caveat.objects.bulk_create(
        wanted, update_conflicts=True, unique_fields=("benchmark", "kind", "text"), update_fields=("source",)
    )
    wanted_keys = {(caveat.kind, caveat.text) for caveat in wanted}
    stale = [caveat.pk for caveat in benchmark.caveats.all() if (caveat.kind, caveat.text) not in wanted_keys]
    Caveat.objects.filter(pk__in=stale).delete()


def load_rankings(benchmark: Benchmark) -> list[Ranking]:
    """One ranking for each set of conditions, the largest first. A model's newest score in a ranking counts."""
    pairs = pair_scores(benchmark.scores.select_related("model").order_by("-date", "-pk"))
    stored_by_id = {id(comparable): score for comparable, score in pairs}
    ranked = rank_scores(comparable for comparable, _ in pairs)
    return [
        Ranking(conditions, [RankingRow(row, stored_by_id[id(row.scored)]) for row in rows])
        for conditions, rows in ranked.items()
    ]


def load_model_scores(model: LanguageModel) -> list[ModelScore]:
    """All scores of a model, by benchmark and the newest first; they need not be comparable."""
    return pair_scores(model.scores.select_related("benchmark", "model").order_by("benchmark__slug", "-date", "pk"))


def pair_scores(scores: Iterable[Score]) -> list[ModelScore]:
    """Each stored score with its comparable form."""
    return [
        ModelScore(
            ComparableScore(score.model.slug, score.value, score.n, score.stderr, build_conditions(score)), score
        )
        for score in scores
    ]


def build_conditions(score: Score) -> Conditions:
    """The conditions of a stored score. Without a harness they include the source, because only one report compares."""
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
