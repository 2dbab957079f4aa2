"""How the ratings of a pool come about, in figures: what counts and what does not, who is asked how often, what moved.

Boards are read as they were published and counts as beat has left them (`ratings.pipeline.pool_figures`).
So no request waits for a million votes. Loads no numpy: these are figures for a page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from arena.judging import vote_rules
from catalog.models import LanguageModel
from ratings.boards import snapshots
from ratings.models import OVERALL_CATEGORY, Pool, PoolFigures
from ratings.pipeline import battle_outcomes
from ratings.pipeline.battle_outcomes import ModelBattleCounts
from ratings.reports import vote_shares
from ratings.reports.vote_shares import MakerShare, ModelShare, ReasonCount
from ratings.statistics.constants import ELO_SCALE, Z95

MISS_RATE = 0.05
FLAG_RATE = 2 * (1 - NormalDist().cdf(2))  # of models that move as chance has it, the part beyond two errors
DAY = timedelta(days=1)
MAX_CHANGES = 12
REASON_TEXTS: dict[str, str | Promise] = {
    vote_rules.SIDE_BY_SIDE: _("the voter had picked the two models and knew them"),
    vote_rules.STOPPED: _("the voter had stopped an answer before its end"),
    vote_rules.ONE_SIDED: _("a question had made one model fail and not the other"),
    vote_rules.IDENTITY_PROBE: _("a question had asked who is answering"),
    vote_rules.IDENTITY_LEAK: _("an answer told which model had written it"),
    vote_rules.REPEATED_PROMPT: _("the same voter had judged the same two models on the same question before"),
    "": _("no reason came with the imported vote"),
}
STYLE_NAMES: dict[str, str | Promise] = {
    "length": _("length"),
    "headers": _("headings"),
    "bold": _("bold words"),
    "list_items": _("list items"),
}


@dataclass(frozen=True)
class Proportion:
    """A part of a whole in percent, with Wilson's 95 % interval (E. B. Wilson, JASA 22, 1927)."""

    part: int
    whole: int
    percent: float
    low: float
    high: float

    @property
    def even(self) -> bool:
        """Whether a half is within the interval."""
        return self.low <= 50 <= self.high


@dataclass(frozen=True)
class DayChange:
    """A model whose rating is another one than a day ago, or that is new."""

    slug: str
    name: str
    rating: float
    change: float | None
    rank: int | None
    rank_before: int | None


@dataclass(frozen=True)
class PoolCounts:
    """What was counted over all votes of a pool."""

    at: datetime
    counted: int
    uncounted: int
    reasons: list[ReasonCount]
    ties: int
    left: Proportion | None
    skipped: Proportion | None
    replaced: Proportion | None
    parts: list[ModelShare]
    makers: list[MakerShare]
    battles: list[ModelBattleCounts]
    draw: dict[str, Any] | None
    audit: dict[str, Any] | None

    @property
    def rated(self) -> int:
        """Models with a vote that counts, each of which must have a row."""
        return sum(part.counted > 0 for part in self.parts)

    @property
    def retired(self) -> list[ModelShare]:
        return [part for part in self.parts if part.retired]

    @property
    def of_retired(self) -> float:
        """Their share of the two sides of all votes, in percent."""
        return sum(part.percent for part in self.retired) / 2


@dataclass(frozen=True)
class DayChanges:
    """What moved since the board of a day ago: the farthest first, and how many more moved at all."""

    since: datetime
    moved: list[DayChange]
    more: int


@dataclass(frozen=True)
class MethodFigures:
    pool: Pool
    board: Mapping[str, Any]
    counts: PoolCounts | None
    intervals: int
    misses: float
    styled: dict[str, Any]
    styles: list[dict[str, Any]]

    @property
    def day(self) -> DayChanges | None:
        return _load_day_changes(self.pool.slug, self.board)


def load_method_figures(board: Mapping[str, Any]) -> MethodFigures:
    """All figures of the pool that this is the newest board of."""
    slug: str = board["pool"]
    styled = _load_board(slug, style_control=True)
    pool = Pool.objects.select_related("figures").get(slug=slug)
    bounded = sum(not row["unbounded"] for row in board["rows"])
    return MethodFigures(
        pool=pool,
        board=board,
        counts=_build_counts(pool, pool.figures) if hasattr(pool, "figures") else None,
        intervals=bounded,
        misses=MISS_RATE * bounded,
        styled=styled,
        styles=_build_styles(styled.get("style") or {}),
    )


def _load_board(pool: str, *, style_control: bool = False, at: datetime | None = None) -> dict[str, Any]:
    return snapshots.load_newest_board(
        pool, OVERALL_CATEGORY, style_control=style_control, method=snapshots.BRADLEY_TERRY, at=at
    )


def compute_proportion(part: int, whole: int) -> Proportion | None:
    """None of nothing."""
    if not whole:
        return None
    rate, spread = part / whole, Z95**2 / whole
    middle = (rate + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * sqrt(rate * (1 - rate) / whole + spread / (4 * whole))
    return Proportion(part, whole, 100 * rate, 100 * max(middle - half, 0), 100 * min(middle + half, 1))


def _build_counts(pool: Pool, stored: PoolFigures) -> PoolCounts:
    found = stored.figures
    outcomes, battles = found["outcomes"], found["battles"]
    left, right, counted = outcomes.get("a", 0), outcomes.get("b", 0), sum(outcomes.values())
    voted, skipped = battles.get("voted", 0), battles.get("skipped", 0)
    battles_of = found.get("model_battles", {})  # absent where it was counted before these were
    names = _load_models({*found["models"], *(found["chances"] or {}).get("models", {}), *battles_of})
    return PoolCounts(
        at=stored.counted_at,
        counted=counted,
        uncounted=sum(found["reasons"].values()),
        reasons=_list_reasons(found["reasons"]),
        ties=counted - left - right,
        left=compute_proportion(left, left + right) if pool.ordered else None,
        skipped=compute_proportion(skipped, voted + skipped),
        replaced=compute_proportion(battles.get("replaced", 0), voted + skipped),
        parts=(parts := vote_shares.build_model_shares(found, counted, names, _list_reasons)),
        makers=vote_shares.build_maker_shares(parts),
        battles=battle_outcomes.parse_outcomes(battles_of, names),
        draw=found["chances"] and _convert_to_percent(found["chances"]),
        audit=found["audit"] and _build_audit(found["audit"], names),
    )


def _list_reasons(reasons: Mapping[str, int]) -> list[ReasonCount]:
    """Most first."""
    return [
        ReasonCount(each, REASON_TEXTS.get(each, each), n)
        for each, n in sorted(reasons.items(), key=lambda item: -item[1])
    ]


def _load_models(slugs: Iterable[str]) -> dict[str, LanguageModel]:
    models = LanguageModel.objects.filter(slug__in=slugs).select_related("organization")
    return {model.slug: model for model in models}


def _convert_to_percent(chances: Mapping[str, Any]) -> dict[str, Any]:
    return {"pairs": chances["pairs"], "least": 100 * chances["least"], "most": 100 * chances["most"]}


def _build_audit(audit: Mapping[str, Any], names: Mapping[str, LanguageModel]) -> dict[str, Any]:
    """`flagged`: the models that move by more than two errors; `farthest`: the largest move of all."""
    rows = [
        {"slug": slug, "name": names[slug].name, "moved": moved, "error": error, "flagged": flagged}
        for slug, (moved, error, flagged) in audit["models"].items()
        if slug in names
    ]
    rows.sort(key=lambda row: -abs(row["moved"]))
    return {
        "votes": audit["votes"],
        "most": audit["most"],
        "clustered": audit.get("clustered", False),  # not said by what was counted before it was
        "models": len(rows),
        "expected": FLAG_RATE * len(rows),
        "farthest": rows[0] if rows else None,
        "flagged": [row for row in rows if row["flagged"]],
    }


def _build_styles(style: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In Elo points for one standard deviation."""
    found = [(feature, style[feature]) for feature in STYLE_NAMES if style.get(feature)]
    return [
        {
            "feature": feature,
            "name": STYLE_NAMES[feature],
            "worth": ELO_SCALE * each["coefficient"],
            "half": Z95 * ELO_SCALE * each["se"],
        }
        for feature, each in found
    ]


def _load_day_changes(slug: str, board: Mapping[str, Any]) -> DayChanges | None:
    """None where no board is a day old."""
    then = _load_board(slug, at=timezone.now() - DAY)
    if not then["computed_at"]:
        return None
    moved = sorted(_list_day_changes(board["rows"], then["rows"]), key=lambda each: -abs(each.change or 1e9))
    return DayChanges(then["computed_at"], moved[:MAX_CHANGES], max(0, len(moved) - MAX_CHANGES))


def _list_day_changes(now: Sequence[Mapping[str, Any]], then: Sequence[Mapping[str, Any]]) -> list[DayChange]:
    """Those that moved by half a point, or to another rank."""
    before = {row["model"]: row for row in then}
    found = []
    for row in now:
        old = before.get(row["model"])
        change = row["rating"] - old["rating"] if old else None
        if old is None or abs(row["rating"] - old["rating"]) >= 0.5 or row["rank"] != old["rank"]:
            rank = old["rank"] if old else None
            found.append(DayChange(row["model"], row["name"], row["rating"], change, row["rank"], rank))
    return found
