"""A benchmark beside the ratings of a board: the models that have both, and who is far from the line through them.

Only scores of equal conditions are in one regression, and only ratings that are settled and can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, F, Value, When

from arena.models import LIVE
from catalog.benchmarks.comparability import Conditions, Scored, Z, noise
from catalog.benchmarks.rankings import Ranking, ranked
from catalog.models import Benchmark, Score
from core.http.errors import Refusal, unknown
from ratings.boards import snapshots
from ratings.boards.snapshots import BRADLEY_TERRY, newest_of_pools, unpack
from ratings.models import OVERALL
from ratings.statistics.benchmark_regression import FAR, FEWEST, Disagreement, Point, disagreement

UNCONNECTED, UNBOUNDED, PROVISIONAL, UNRATED = REASONS = ("unconnected", "unbounded", "provisional", "unrated")
TOO_FEW, FLAT = PROBLEMS = ("too_few", "flat")
SHOWN = ("model", "name", "rating", "ci_low", "ci_high")

Row = dict[str, Any]
WHICH = "The answer without them lists those that there are, each with its key."


@dataclass(frozen=True)
class Wanted:
    """No pool: this arena's own, or as long as that has too few models, the first one with enough. No conditions: those
    with most models.
    """

    pool: str = ""
    category: str = OVERALL
    conditions: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Group:
    """Scores of equal conditions, and those of them whose models are rated."""

    ranking: Ranking
    both: tuple[tuple[Scored, Row], ...]

    @property
    def key(self) -> str:
        return self.ranking.conditions.key


@dataclass(frozen=True)
class Comparison:
    """`found` is None where `problem` says why. `own`: how many models this arena's own board has, if that was too few.

    `points`: from the lowest to the highest residual; without a line from the highest rating.
    """

    benchmark: Benchmark
    board: Row
    own: int | None
    groups: list[Group]
    chosen: Group | None
    problem: str
    found: Disagreement | None
    points: list[Row]
    left_out: list[Row]

    @property
    def missing(self) -> int:
        return max(0, FEWEST - len(self.points))


def wanted(parameters: Mapping[str, str]) -> Wanted:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    asked = snapshots.asked(parameters)
    return Wanted(parameters.get("pool") or "", asked.category, parameters.get("conditions") or "", asked.at)


def known(slug: str) -> Benchmark:
    """Raises Refusal 404."""
    found = Benchmark.objects.filter(slug=slug).first() if slug.isprintable() else None
    if found is None:
        raise unknown("benchmark", slug, "All are listed at /api/v1/benchmarks/.")
    return found


def compare(benchmark: Benchmark, asked: Wanted) -> Comparison:
    """Raises Refusal 404 for an unknown pool or category, and for conditions that no score has."""
    rankings = ranked(benchmark)
    meant = [each for each in rankings if asked.conditions in ("", each.conditions.key)]
    if asked.conditions and not meant:
        raise Refusal("not_found", f"No score of {benchmark.name} was run under these conditions. {WHICH}", 404)
    pool, own = (asked.pool, None) if asked.pool else _pool(meant, asked.category)
    board = snapshots.newest(pool, asked.category, style_control=False, method=BRADLEY_TERRY, at=asked.at)
    rated = _rated(board["rows"])
    groups = sorted((Group(each, _both(each, rated)) for each in rankings), key=lambda group: -len(group.both))
    chosen = next((group for group in groups if asked.conditions in ("", group.key)), None)
    both = chosen.both if chosen else ()
    problem, found = _line(both)
    return Comparison(
        benchmark=benchmark,
        board=board,
        own=own,
        groups=[group for group in groups if len(group.both) > 1 or group is chosen],
        chosen=chosen,
        problem=problem,
        found=found,
        points=_points(both, found),
        left_out=_left_out(chosen, board["rows"]),
    )


def _pool(rankings: Sequence[Ranking], category: str) -> tuple[str, int | None]:
    """Which pool suits, and how many models this arena's own board has if that is another one."""
    if not category.isprintable():  # which no query can hold; it is refused later
        return LIVE, None
    sizes = {LIVE: 0}
    for snapshot in newest_of_pools(category):
        rated = _rated(unpack(snapshot.rows))
        sizes[snapshot.board.pool.slug] = max((len(_both(each, rated)) for each in rankings), default=0)
    enough = (slug for slug, size in sizes.items() if size >= FEWEST)
    pool = next(enough, max(sizes, key=lambda slug: sizes[slug]))
    return pool, None if pool == LIVE else sizes[LIVE]


def _unfit(row: Row) -> str:
    """Why a row of a board has no rating that could be compared; else an empty string."""
    if row["component"] != 0:
        return UNCONNECTED
    return UNBOUNDED if row["unbounded"] else PROVISIONAL if row["provisional"] else ""


def _rated(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["model"]: row for row in rows if not _unfit(row)}


def _both(ranking: Ranking, rated: Mapping[str, Row]) -> tuple[tuple[Scored, Row], ...]:
    scores = [placed.scored for placed, _ in ranking.rows]
    return tuple((scored, rated[scored.model]) for scored in scores if scored.model in rated)


def _line(both: Sequence[tuple[Scored, Row]]) -> tuple[str, Disagreement | None]:
    if len(both) < FEWEST:
        return TOO_FEW, None
    try:
        return "", disagreement(
            [scored.model for scored, _ in both],
            [scored.percent for scored, _ in both],
            [row["rating"] for _, row in both],
            [_error(row) for _, row in both],
            [100 * (noise(scored) or 0) for scored, _ in both],
        )
    except ValueError:
        return FLAT, None


def _error(row: Row) -> float:
    """Of a rating; where only its interval was published, from that."""
    if row["se"] is not None:
        return float(row["se"])
    ends = row["ci_low"], row["ci_high"]
    return 0.0 if None in ends else (ends[1] - ends[0]) / (2 * Z)


def _points(both: Sequence[tuple[Scored, Row]], found: Disagreement | None) -> list[Row]:
    by_model = {scored.model: (scored, row) for scored, row in both}
    if found:
        return [_point(*by_model[point.name], point) for point in found.points]
    ordered = sorted(both, key=lambda each: (-each[1]["rating"], each[0].model))
    return [_point(scored, row, None) for scored, row in ordered]


def _point(scored: Scored, row: Row, point: Point | None) -> Row:
    figures = ("expected", "z", "z_low", "z_high", "verdict")
    return {
        **{name: row[name] for name in SHOWN},
        "score": scored.percent,
        "score_margin": scored.margin,
        **{name: getattr(point, name) if point else None for name in figures},
    }


def _left_out(chosen: Group | None, rows: Sequence[Row]) -> list[Row]:
    """Models with such a score that have no rating to compare, by name."""
    on_board = {row["model"]: row for row in rows}
    models = [score.model for _, score in chosen.ranking.rows] if chosen else []
    reasons = [(model, _unfit(on_board[model.slug]) if model.slug in on_board else UNRATED) for model in models]
    named = sorted(reasons, key=lambda each: (each[0].name.lower(), each[0].slug))
    return [{"model": model.slug, "name": model.name, "reason": reason} for model, reason in named if reason]


def compared() -> set[str]:
    """Slugs of all benchmarks with enough models on the overall board of one pool."""
    boards = [set(_rated(unpack(snapshot.rows))) for snapshot in newest_of_pools()]
    names = [field.name for field in fields(Conditions) if field.name != "report"]
    report = Case(When(harness="", then=F("source")), default=Value(""))
    alike = Score.objects.annotate(report=report).values("benchmark__slug", "report", *names)
    groups = alike.annotate(number=Count("model", distinct=True)).filter(number__gte=FEWEST)
    return {
        group["benchmark__slug"]
        for group in groups.annotate(models=ArrayAgg("model__slug", distinct=True))
        if any(len(rated.intersection(group["models"])) >= FEWEST for rated in boards)
    }


def as_json(comparison: Comparison) -> Row:
    found, chosen = comparison.found, comparison.chosen
    board = {name: comparison.board[name] for name in ("pool", "category", "computed_at")}
    line = ("slope", "intercept", "sd", "spearman", "spearman_low", "spearman_high")
    return {
        "benchmark": comparison.benchmark.slug,
        **board,
        "conditions": _conditions(chosen) if chosen else None,
        "other_conditions": [_conditions(group) for group in comparison.groups if group is not chosen],
        "n": len(comparison.points),
        "needed": FEWEST,
        "missing": comparison.missing,
        "problem": comparison.problem or None,
        **{name: getattr(found, name) if found else None for name in line},
        "far": FAR,
        "rank_signal": ("lost" if found.lost else "kept") if found else None,
        "points": comparison.points,
        "left_out": comparison.left_out,
    }


def _conditions(group: Group) -> Row:
    return {"key": group.key, "models": len(group.both), **group.ranking.shared}
