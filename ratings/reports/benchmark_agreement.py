"""Compares a benchmark with a board: fits a regression of ratings on scores, and finds models far from the line.

A regression uses only scores measured under the same conditions, and only comparable ratings that are not provisional.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, F, Value, When

from arena.models import LIVE_SLUG
from catalog.benchmarks.comparability import ComparableScore, Conditions
from catalog.benchmarks.rankings import Ranking, load_rankings
from catalog.models import Benchmark, Score
from core.http.errors import RequestError, not_found_error
from core.text.proportions import Z95
from ratings.boards import snapshots
from ratings.boards.board_row import BoardRow, select_columns
from ratings.boards.snapshots import BoardKey, list_newest_snapshots, unpack_rows
from ratings.models import OVERALL_CATEGORY
from ratings.statistics.benchmark_regression import (
    MIN_MODELS,
    MIN_OUTLIER_Z,
    BenchmarkRegression,
    RegressionPoint,
    regress_ratings,
)
from ratings.statistics.constants import MAIN_COMPONENT

EXCLUSION_REASONS = ("unconnected", "unbounded", "provisional", "unrated")
PROBLEMS = ("too_few", "flat")
POINT_FIELDS = ("model", "name", "rating", "ci_low", "ci_high")

Row = dict[str, Any]
CONDITIONS_HINT = "To list all conditions with their keys, omit `conditions`."


@dataclass(frozen=True)
class AgreementQuery:
    """The board and the conditions requested for a comparison.

    pool: if empty, this arena's own pool is used. If too few of its models have scores, the first pool in which enough
        models have scores is used instead, or else the pool in which the most models have scores.
    category: if empty, the benchmark's own category is used if enough of the benchmark's models are rated in it, else
        the category of all votes.
    conditions: the key of the conditions. If empty, the conditions with the most models are used.
    at: the time of the board. None means the newest board.
    """

    pool: str = ""
    category: str = ""
    conditions: str = ""
    at: datetime | None = None


class RatedScore(NamedTuple):
    """A model's score and its row on the board."""

    score: ComparableScore
    row: BoardRow


@dataclass(frozen=True)
class ConditionsGroup:
    """Scores measured under the same conditions, with the board rows of the models that are rated."""

    ranking: Ranking
    pairs: tuple[RatedScore, ...]

    @property
    def key(self) -> str:
        return self.ranking.conditions.key


@dataclass(frozen=True)
class BenchmarkComparison:
    """The comparison of a benchmark with a board.

    own_models: the number of models with scores on this arena's own board if another board was used because this
        number is too small, otherwise None.
    group: the conditions in use, or None if the benchmark has no scores.
    regression: None if there is a `problem`.
    points: sorted by residual, lowest first. Without a regression, they are sorted by rating, highest first.
    left_out: models that have a score but no usable rating.
    min_models: the minimum number of models for a regression.
    min_outlier_z: the minimum distance from the line, in standard deviations, at which a model counts as far from it.
    """

    benchmark: Benchmark
    board: Row
    own_models: int | None
    groups: list[ConditionsGroup]
    group: ConditionsGroup | None
    problem: str | None
    regression: BenchmarkRegression | None
    points: list[Row]
    left_out: list[Row]
    min_models: ClassVar[int] = MIN_MODELS
    min_outlier_z: ClassVar[float] = MIN_OUTLIER_Z

    @property
    def n(self) -> int:
        return len(self.points)

    @property
    def rank_signal(self) -> str | None:
        """Whether the benchmark still predicts the order of ratings: "kept", "lost", or None without a regression."""
        if self.regression is None:
            return None
        return "lost" if self.regression.has_lost_signal else "kept"

    @property
    def missing(self) -> int:
        return max(0, MIN_MODELS - self.n)

    @property
    def other_groups(self) -> list[ConditionsGroup]:
        return [group for group in self.groups if group is not self.group]


def parse_agreement_query(parameters: Mapping[str, str]) -> AgreementQuery:
    """Return the query from a request's parameters.

    Raises RequestError 400 if a parameter is invalid.
    """
    names = {name: parameters.get(name) or "" for name in ("pool", "category", "conditions")}
    return AgreementQuery(**names, at=snapshots.parse_time("at", parameters))


def get_benchmark(slug: str) -> Benchmark:
    """Return the benchmark with this slug. Raises RequestError 404 if there is none."""
    # PostgreSQL rejects some nonprintable characters, so names with such characters are not looked up.
    benchmark = Benchmark.objects.filter(slug=slug).first() if slug.isprintable() else None
    if benchmark is None:
        raise not_found_error("benchmark", slug, "See /api/v1/benchmarks/ for a list of benchmarks.")
    return benchmark


def compare_benchmark(benchmark: Benchmark, query: AgreementQuery) -> BenchmarkComparison:
    """Return the comparison of a benchmark with a board.

    Raises RequestError 404 if the pool or category is unknown, or if no scores have the requested conditions.
    """
    rankings = load_rankings(benchmark)
    matching = [ranking for ranking in rankings if query.conditions in ("", ranking.conditions.key)]
    if query.conditions and not matching:
        detail = f"{benchmark.name} has no scores under these conditions. {CONDITIONS_HINT}"
        raise RequestError("not_found", detail, 404)
    category = query.category or _choose_category(benchmark, matching, query.pool)
    pool, own_models = (query.pool, None) if query.pool else _choose_pool(matching, category)
    board = snapshots.load_newest_board(BoardKey(pool, category, at=query.at))
    rated_rows = _index_rated_rows(board["rows"])
    groups = [ConditionsGroup(ranking, _match_rated(ranking, rated_rows)) for ranking in rankings]
    groups.sort(key=lambda group: -len(group.pairs))
    chosen = next((group for group in groups if query.conditions in ("", group.key)), None)
    pairs = chosen.pairs if chosen else ()
    problem, regression = _fit_line(pairs)
    return BenchmarkComparison(
        benchmark=benchmark,
        board=board,
        own_models=own_models,
        groups=[group for group in groups if len(group.pairs) > 1 or group is chosen],
        group=chosen,
        problem=problem,
        regression=regression,
        points=_build_points(pairs, regression),
        left_out=_list_left_out(chosen, board["rows"]),
    )


def _choose_category(benchmark: Benchmark, rankings: Sequence[Ranking], pool: str) -> str:
    """Return the benchmark's own category if enough of the benchmark's models are rated in it, else that of all votes.

    Only ratings in this pool are considered, or ratings in any pool if `pool` is empty.
    """
    if benchmark.category == OVERALL_CATEGORY:
        return OVERALL_CATEGORY
    sizes = _count_rated_models(rankings, benchmark.category)
    largest = max((size for slug, size in sizes.items() if pool in ("", slug)), default=0)
    return benchmark.category if largest >= MIN_MODELS else OVERALL_CATEGORY


def _count_rated_models(rankings: Sequence[Ranking], category: str) -> dict[str, int]:
    """Return pool slug → the number of rated models with scores under the same conditions, oldest pool first.

    If there are several conditions, the number is from the conditions with the most rated models.
    """
    sizes = {}
    for snapshot in list_newest_snapshots(category):
        rated_rows = _index_rated_rows(unpack_rows(snapshot.rows))
        matches = (len(_match_rated(ranking, rated_rows)) for ranking in rankings)
        sizes[snapshot.board.pool.slug] = max(matches, default=0)
    return sizes


def _choose_pool(rankings: Sequence[Ranking], category: str) -> tuple[str, int | None]:
    """Return the pool to compare with.

    If it is not the live pool, also return how many models in the live pool have scores.
    """
    if not category.isprintable():  # PostgreSQL might reject it; loading the board raises the error
        return LIVE_SLUG, None
    sizes = {LIVE_SLUG: 0} | _count_rated_models(rankings, category)
    large_enough = (slug for slug, size in sizes.items() if size >= MIN_MODELS)
    pool = next(large_enough, max(sizes, key=lambda slug: sizes[slug]))
    return pool, None if pool == LIVE_SLUG else sizes[LIVE_SLUG]


def _find_exclusion(row: BoardRow) -> str:
    """Return the reason why a rating cannot be compared, or "" if it can."""
    if row["component"] != MAIN_COMPONENT:
        return "unconnected"
    if row["unbounded"]:
        return "unbounded"
    return "provisional" if row["provisional"] else ""


def _index_rated_rows(rows: Sequence[BoardRow]) -> dict[str, BoardRow]:
    return {row["model"]: row for row in rows if not _find_exclusion(row)}


def _match_rated(ranking: Ranking, rated_rows: Mapping[str, BoardRow]) -> tuple[RatedScore, ...]:
    return tuple(RatedScore(score, rated_rows[score.model]) for score in ranking.rows if score.model in rated_rows)


def _fit_line(pairs: Sequence[RatedScore]) -> tuple[str | None, BenchmarkRegression | None]:
    """Return the problem and the regression. One of them is None."""
    if len(pairs) < MIN_MODELS:
        return "too_few", None
    try:
        return None, regress_ratings(
            [score.model for score, _ in pairs],
            [score.percent for score, _ in pairs],
            [row["rating"] for _, row in pairs],
            [_compute_error(row) for _, row in pairs],
            [100 * (score.error or 0) for score, _ in pairs],
        )
    except ValueError:
        return "flat", None


def _compute_error(row: BoardRow) -> float:
    """Return a rating's standard error, derived from the interval if only that is known, or 0 if both are unknown."""
    if row["se"] is not None:
        return float(row["se"])
    low, high = row["ci_low"], row["ci_high"]
    if low is None or high is None:
        return 0.0
    return float(high - low) / (2 * Z95)


def _build_points(pairs: Sequence[RatedScore], regression: BenchmarkRegression | None) -> list[Row]:
    if regression:
        by_model = {pair.score.model: pair for pair in pairs}
        return [_build_point(*by_model[point.name], point) for point in regression.points]
    by_rating = sorted(pairs, key=lambda pair: (-pair.row["rating"], pair.score.model))
    return [_build_point(score, row, None) for score, row in by_rating]


def _build_point(score: ComparableScore, row: BoardRow, point: RegressionPoint | None) -> Row:
    figures = ("expected", "z", "z_low", "z_high", "verdict")
    return {
        **select_columns(row, POINT_FIELDS),
        "score": score.percent,
        "score_margin": score.margin,
        **{name: getattr(point, name) if point else None for name in figures},
    }


def _list_left_out(group: ConditionsGroup | None, rows: Sequence[BoardRow]) -> list[Row]:
    """Return the models that have a score but no comparable rating, sorted by name, each with the reason."""
    board_rows = {row["model"]: row for row in rows}
    models = [row.score.model for row in group.ranking.rows] if group else []
    left_out = []
    for model in sorted(models, key=lambda model: (model.name.lower(), model.slug)):
        row = board_rows.get(model.slug)
        reason = "unrated" if row is None else _find_exclusion(row)
        if reason:
            left_out.append({"model": model.slug, "name": model.name, "reason": reason})
    return left_out


def find_comparable_slugs() -> set[str]:
    """Return the slugs of the benchmarks that have comparable scores for enough of the models on an overall board."""
    boards = [set(_index_rated_rows(unpack_rows(snapshot.rows))) for snapshot in list_newest_snapshots()]
    condition_names = [field.name for field in fields(Conditions) if field.name != "report"]
    report = Case(When(harness="", then=F("source")), default=Value(""))
    by_conditions = Score.objects.annotate(report=report).values("benchmark__slug", "report", *condition_names)
    groups = by_conditions.annotate(number=Count("model", distinct=True)).filter(number__gte=MIN_MODELS)
    return {
        group["benchmark__slug"]
        for group in groups.annotate(models=ArrayAgg("model__slug", distinct=True))
        if any(len(rated.intersection(group["models"])) >= MIN_MODELS for rated in boards)
    }
