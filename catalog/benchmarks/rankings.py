"""Stored benchmarks, their caveats, and rankings of comparable scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.benchmarks.comparability import ComparableScore, Conditions, RankedScore, rank_scores
from catalog.models import Benchmark, Caveat, LanguageModel, Score

ELO_SLUG = "elo"  # the rating from votes, which has no fixed questions


@dataclass(frozen=True)
class Ranking:
    """Scores under one set of conditions, best first."""

    conditions: Conditions
    rows: list[RankedScore]

    @property
    def first(self) -> Score:
        """The stored score of the first row. All rows share its conditions."""
        stored: Score = self.rows[0].score
        return stored

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
        caveats = Caveat.objects.bulk_create(
            [Caveat(benchmark=benchmark, **caveat) for caveat in (*entry.get("caveat", []), *common)],
            update_conflicts=True,
            unique_fields=("benchmark", "kind", "text"),
            update_fields=("source",),
        )
        benchmark.caveats.exclude(pk__in=[caveat.pk for caveat in caveats]).delete()


def load_rankings(benchmark: Benchmark) -> list[Ranking]:
    """Return a ranking for each set of conditions, largest first. A ranking has only the newest score of each model."""
    scores = benchmark.scores.select_related("model__organization").order_by("-date", "-pk")
    ranked = rank_scores(map(build_comparable_score, scores))
    return [Ranking(conditions, rows) for conditions, rows in ranked.items()]


def load_model_scores(model: LanguageModel) -> list[ComparableScore]:
    """Return all of a model's scores, sorted by benchmark, newest first. They are not necessarily comparable."""
    scores = model.scores.select_related("benchmark", "model").order_by("benchmark__slug", "-date", "pk")
    return list(map(build_comparable_score, scores))


def build_comparable_score(score: Score) -> ComparableScore:
    """Return a stored score with its conditions.

    If the harness is unknown, the conditions include the source, because only scores from one report are comparable.
    """
    conditions = Conditions(
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
    return ComparableScore(score.model.slug, score.value, score.n, score.stderr, conditions, score)
