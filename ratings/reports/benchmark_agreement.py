"""A benchmark beside the ratings of a board: the models that have both, and who is far from the line through them.

Only scores of equal conditions are in one regression, and only ratings that are settled and can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, F, Value, When

from arena.models import LIVE_POOL
from catalog.benchmarks.comparability import Z_95, ComparableScore, Conditions, standard_error
from catalog.benchmarks.rankings import Ranking, load_rankings
from catalog.models import Benchmark, Score
from core.http.errors import RequestError, not_found_error
from ratings.boards import snapshots
from ratings.boards.snapshots import BRADLEY_TERRY, list_newest_snapshots, unpack_rows
from ratings.models import OVERALL_CATEGORY
from ratings.statistics.benchmark_regression import (
    MIN_MODELS,
    MIN_OUTLIER_Z,
    BenchmarkRegression,
    RegressionPoint,
    regress_ratings,
)

UNCONNECTED, UNBOUNDED, PROVISIONAL, UNRATED = EXCLUSION_REASONS = (
    "unconnected",
    "unbounded",
    "provisional",
    "unrated",
)
TOO_FEW, FLAT = PROBLEMS = ("too_few", "flat")
POINT_FIELDS = ("model", "name", "rating", "ci_low", "ci_high")

Row = dict[str, Any]
CONDITIONS_HINT = "The answer without them lists those that there are, each with its key."


@dataclass(frozen=True)
class AgreementQuery:
    """No pool: this arena's own, or as long as that has too few models, the first one with enough. No conditions: those
    with most models.
    """

    pool: str = ""
    category: str = OVERALL_CATEGORY
    conditions: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class ConditionsGroup:
    """Scores of equal conditions, and those of them whose models are rated."""

    ranking: Ranking
    both: tuple[tuple[ComparableScore, Row], ...]

    @property
    def key(self) -> str:
        return self.ranking.conditions.key


@dataclass(frozen=True)
class BenchmarkComparison:
    """`found` is None where `problem` says why. `own`: how many models this arena's own board has, if that was too few.

    `points`: from the lowest to the highest residual; without a line from the highest rating.
    """

    benchmark: Benchmark
    board: Row
    own: int | None
    groups: list[ConditionsGroup]
    chosen: ConditionsGroup | None
    problem: str
    found: BenchmarkRegression | None
    points: list[Row]
    left_out: list[Row]

    @property
    def missing(self) -> int:
        return max(0, MIN_MODELS - len(self.points))


def parse_agreement_query(parameters: Mapping[str, str]) -> AgreementQuery:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    asked = snapshots.parse_board_key(parameters)
    return AgreementQuery(parameters.get("pool") or "", asked.category, parameters.get("conditions") or "", asked.at)


def get_benchmark(slug: str) -> Benchmark:
    """Raises Refusal 404."""
    found = Benchmark.objects.filter(slug=slug).first() if slug.isprintable() else None
    if found is None:
        raise not_found_error("benchmark", slug, "All are listed at /api/v1/benchmarks/.")
    return found


def compare_benchmark(benchmark: Benchmark, asked: AgreementQuery) -> BenchmarkComparison:
    """Raises Refusal 404 for an unknown pool or category, and for conditions that no score has."""
    rankings = load_rankings(benchmark)
    meant = [each for each in rankings if asked.conditions in ("", each.conditions.key)]
    if asked.conditions and not meant:
        raise RequestError(
            "not_found", f"No score of {benchmark.name} was run under these conditions. {CONDITIONS_HINT}", 404
        )
    pool, own = (asked.pool, None) if asked.pool else _choose_pool(meant, asked.category)
    board = snapshots.load_newest_board(pool, asked.category, style_control=False, method=BRADLEY_TERRY, at=asked.at)
    rated = _index_rated_rows(board["rows"])
    groups = sorted(
        (ConditionsGroup(each, _match_rated(each, rated)) for each in rankings), key=lambda group: -len(group.both)
    )
    chosen = next((group for group in groups if asked.conditions in ("", group.key)), None)
    both = chosen.both if chosen else ()
    problem, found = _fit_line(both)
    return BenchmarkComparison(
        benchmark=benchmark,
        board=board,
        own=own,
        groups=[group for group in groups if len(group.both) > 1 or group is chosen],
        chosen=chosen,
        problem=problem,
        found=found,
        points=_build_points(both, found),
        left_out=_list_left_out(chosen, board["rows"]),
    )


def _choose_pool(rankings: Sequence[Ranking], category: str) -> tuple[str, int | None]:
    """Which pool suits, and how many models this arena's own board has if that is another one."""
    if not category.isprintable():  # which no query can hold; it is refused later
        return LIVE_POOL, None
    sizes = {LIVE_POOL: 0}
    for snapshot in list_newest_snapshots(category):
        rated = _index_rated_rows(unpack_rows(snapshot.rows))
        sizes[snapshot.board.pool.slug] = max((len(_match_rated(each, rated)) for each in rankings), default=0)
    enough = (slug for slug, size in sizes.items() if size >= MIN_MODELS)
    pool = next(enough, max(sizes, key=lambda slug: sizes[slug]))
    return pool, None if pool == LIVE_POOL else sizes[LIVE_POOL]


def _find_exclusion(row: Row) -> str:
    """Why a row of a board has no rating that could be compared; else an empty string."""
    if row["component"] != 0:
        return UNCONNECTED
    return UNBOUNDED if row["unbounded"] else PROVISIONAL if row["provisional"] else ""


def _index_rated_rows(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["model"]: row for row in rows if not _find_exclusion(row)}


def _match_rated(ranking: Ranking, rated: Mapping[str, Row]) -> tuple[tuple[ComparableScore, Row], ...]:
    scores = [placed.scored for placed, _ in ranking.rows]
    return tuple((scored, rated[scored.model]) for scored in scores if scored.model in rated)


def _fit_line(both: Sequence[tuple[ComparableScore, Row]]) -> tuple[str, BenchmarkRegression | None]:
    if len(both) < MIN_MODELS:
        return TOO_FEW, None
    try:
        return "", regress_ratings(
            [scored.model for scored, _ in both],
            [scored.percent for scored, _ in both],
            [row["rating"] for _, row in both],
            [_compute_error(row) for _, row in both],
            [100 * (standard_error(scored) or 0) for scored, _ in both],
        )
    except ValueError:
        return FLAT, None


def _compute_error(row: Row) -> float:
    """Of a rating; where only its interval was published, from that."""
    if row["se"] is not None:
        return float(row["se"])
    ends = row["ci_low"], row["ci_high"]
    return 0.0 if None in ends else (ends[1] - ends[0]) / (2 * Z_95)


def _build_points(both: Sequence[tuple[ComparableScore, Row]], found: BenchmarkRegression | None) -> list[Row]:
    by_model = {scored.model: (scored, row) for scored, row in both}
    if found:
        return [_build_point(*by_model[point.name], point) for point in found.points]
    ordered = sorted(both, key=lambda each: (-each[1]["rating"], each[0].model))
    return [_build_point(scored, row, None) for scored, row in ordered]


def _build_point(scored: ComparableScore, row: Row, point: RegressionPoint | None) -> Row:
    figures = ("expected", "z", "z_low", "z_high", "verdict")
    return {
        **{name: row[name] for name in POINT_FIELDS},
        "score": scored.percent,
        "score_margin": scored.margin,
        **{name: getattr(point, name) if point else None for name in figures},
    }


def _list_left_out(chosen: ConditionsGroup | None, rows: Sequence[Row]) -> list[Row]:
    """Models with such a score that have no rating to compare, by name."""
    on_board = {row["model"]: row for row in rows}
    models = [score.model for _, score in chosen.ranking.rows] if chosen else []
    reasons = [
        (model, _find_exclusion(on_board[model.slug]) if model.slug in on_board else UNRATED) for model in models
    ]
    named = sorted(reasons, key=lambda each: (each[0].name.lower(), each[0].slug))
    return [{"model": model.slug, "name": model.name, "reason": reason} for model, reason in named if reason]


def find_comparable_slugs() -> set[str]:
    """Slugs of all benchmarks with enough models on the overall board of one pool."""
    boards = [set(_index_rated_rows(unpack_rows(snapshot.rows))) for snapshot in list_newest_snapshots()]
    names = [field.name for field in fields(Conditions) if field.name != "report"]
    report = Case(When(harness="", then=F("source")), default=Value(""))
    alike = Score.objects.annotate(report=report).values("benchmark__slug", "report", *names)
    groups = alike.annotate(number=Count("model", distinct=True)).filter(number__gte=MIN_MODELS)
    return {
        group["benchmark__slug"]
        for group in groups.annotate(models=ArrayAgg("model__slug", distinct=True))
        if any(len(rated.intersection(group["models"])) >= MIN_MODELS for rated in boards)
    }


def build_comparison_data(comparison: BenchmarkComparison) -> Row:
    found, chosen = comparison.found, comparison.chosen
    board = {name: comparison.board[name] for name in ("pool", "category", "computed_at")}
    line = ("slope", "intercept", "sd", "spearman", "spearman_low", "spearman_high")
    return {
        "benchmark": comparison.benchmark.slug,
        **board,
        "conditions": _build_conditions(chosen) if chosen else None,
        "other_conditions": [_build_conditions(group) for group in comparison.groups if group is not chosen],
        "n": len(comparison.points),
        "needed": MIN_MODELS,
        "missing": comparison.missing,
        "problem": comparison.problem or None,
        **{name: getattr(found, name) if found else None for name in line},
        "far": MIN_OUTLIER_Z,
        "rank_signal": ("lost" if found.lost else "kept") if found else None,
        "points": comparison.points,
        "left_out": comparison.left_out,
    }


def _build_conditions(group: ConditionsGroup) -> Row:
    return {"key": group.key, "models": len(group.both), **group.ranking.shared}
