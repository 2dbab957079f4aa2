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
from ratings.models import OVERALL, Pool, PoolFigures
from ratings.pipeline import battle_outcomes
from ratings.pipeline.battle_outcomes import ModelBattles
from ratings.reports import vote_shares
from ratings.reports.vote_shares import Maker, Part, Why
from ratings.statistics.constants import SCALE, Z95

MISSES = 0.05
FLAGS = 2 * (1 - NormalDist().cdf(2))  # of models that move as chance has it, the part beyond two errors
DAY = timedelta(days=1)
MOST_CHANGES = 12
REASONS: dict[str, str | Promise] = {
    vote_rules.UNRATED: _("the voter had picked the two models and knew them"),
    vote_rules.STOPPED: _("the voter had stopped an answer before its end"),
    vote_rules.ONE_SIDED: _("a question had made one model fail and not the other"),
    vote_rules.IDENTITY_PROBE: _("a question had asked who is answering"),
    vote_rules.IDENTITY_LEAK: _("an answer told which model had written it"),
    vote_rules.REPEATED_PROMPT: _("the same voter had judged the same two models on the same question before"),
    "": _("no reason came with the imported vote"),
}
STYLES: dict[str, str | Promise] = {
    "length": _("length"),
    "headers": _("headings"),
    "bold": _("bold words"),
    "list_items": _("list items"),
}


@dataclass(frozen=True)
class Share:
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
class Moved:
    """A model whose rating is another one than a day ago, or that is new."""

    slug: str
    name: str
    rating: float
    change: float | None
    rank: int | None
    rank_before: int | None


@dataclass(frozen=True)
class Counts:
    """What was counted over all votes of a pool."""

    at: datetime
    counted: int
    uncounted: int
    reasons: list[Why]
    ties: int
    left: Share | None
    skipped: Share | None
    replaced: Share | None
    parts: list[Part]
    makers: list[Maker]
    battles: list[ModelBattles]
    draw: dict[str, Any] | None
    audit: dict[str, Any] | None

    @property
    def rated(self) -> int:
        """Models with a vote that counts, each of which must have a row."""
        return sum(part.counted > 0 for part in self.parts)

    @property
    def retired(self) -> list[Part]:
        return [part for part in self.parts if part.retired]

    @property
    def of_retired(self) -> float:
        """Their share of the two sides of all votes, in percent."""
        return sum(part.percent for part in self.retired) / 2


@dataclass(frozen=True)
class Day:
    """What moved since the board of a day ago: the farthest first, and how many more moved at all."""

    since: datetime
    moved: list[Moved]
    more: int


@dataclass(frozen=True)
class Method:
    pool: Pool
    board: Mapping[str, Any]
    counts: Counts | None
    intervals: int
    misses: float
    styled: dict[str, Any]
    styles: list[dict[str, Any]]

    @property
    def day(self) -> Day | None:
        return _day(self.pool.slug, self.board)


def of_pool(board: Mapping[str, Any]) -> Method:
    """All figures of the pool that this is the newest board of."""
    slug: str = board["pool"]
    styled = _newest(slug, style_control=True)
    pool = Pool.objects.select_related("figures").get(slug=slug)
    bounded = sum(not row["unbounded"] for row in board["rows"])
    return Method(
        pool=pool,
        board=board,
        counts=_counts(pool, pool.figures) if hasattr(pool, "figures") else None,
        intervals=bounded,
        misses=MISSES * bounded,
        styled=styled,
        styles=_styles(styled.get("style") or {}),
    )


def _newest(pool: str, *, style_control: bool = False, at: datetime | None = None) -> dict[str, Any]:
    return snapshots.newest(pool, OVERALL, style_control=style_control, method=snapshots.BRADLEY_TERRY, at=at)


def share(part: int, whole: int) -> Share | None:
    """None of nothing."""
    if not whole:
        return None
    rate, spread = part / whole, Z95**2 / whole
    middle = (rate + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * sqrt(rate * (1 - rate) / whole + spread / (4 * whole))
    return Share(part, whole, 100 * rate, 100 * max(middle - half, 0), 100 * min(middle + half, 1))


def _counts(pool: Pool, stored: PoolFigures) -> Counts:
    found = stored.figures
    outcomes, battles = found["outcomes"], found["battles"]
    left, right, counted = outcomes.get("a", 0), outcomes.get("b", 0), sum(outcomes.values())
    voted, skipped = battles.get("voted", 0), battles.get("skipped", 0)
    battles_of = found.get("model_battles", {})  # absent where it was counted before these were
    names = _names({*found["models"], *(found["chances"] or {}).get("models", {}), *battles_of})
    return Counts(
        at=stored.counted_at,
        counted=counted,
        uncounted=sum(found["reasons"].values()),
        reasons=_told(found["reasons"]),
        ties=counted - left - right,
        left=share(left, left + right) if pool.ordered else None,
        skipped=share(skipped, voted + skipped),
        replaced=share(battles.get("replaced", 0), voted + skipped),
        parts=(parts := vote_shares.parts(found, counted, names, _told)),
        makers=vote_shares.makers(parts),
        battles=battle_outcomes.read(battles_of, names),
        draw=found["chances"] and _in_percent(found["chances"]),
        audit=found["audit"] and _audit(found["audit"], names),
    )


def _told(reasons: Mapping[str, int]) -> list[Why]:
    """Most first."""
    return [Why(each, REASONS.get(each, each), n) for each, n in sorted(reasons.items(), key=lambda item: -item[1])]


def _names(slugs: Iterable[str]) -> dict[str, LanguageModel]:
    models = LanguageModel.objects.filter(slug__in=slugs).select_related("organization")
    return {model.slug: model for model in models}


def _in_percent(chances: Mapping[str, Any]) -> dict[str, Any]:
    return {"pairs": chances["pairs"], "least": 100 * chances["least"], "most": 100 * chances["most"]}


def _audit(audit: Mapping[str, Any], names: Mapping[str, LanguageModel]) -> dict[str, Any]:
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
        "expected": FLAGS * len(rows),
        "farthest": rows[0] if rows else None,
        "flagged": [row for row in rows if row["flagged"]],
    }


def _styles(style: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In Elo points for one standard deviation."""
    found = [(feature, style[feature]) for feature in STYLES if style.get(feature)]
    return [
        {
            "feature": feature,
            "name": STYLES[feature],
            "worth": SCALE * each["coefficient"],
            "half": Z95 * SCALE * each["se"],
        }
        for feature, each in found
    ]


def _day(slug: str, board: Mapping[str, Any]) -> Day | None:
    """None where no board is a day old."""
    then = _newest(slug, at=timezone.now() - DAY)
    if not then["computed_at"]:
        return None
    moved = sorted(_moved(board["rows"], then["rows"]), key=lambda each: -abs(each.change or 1e9))
    return Day(then["computed_at"], moved[:MOST_CHANGES], max(0, len(moved) - MOST_CHANGES))


def _moved(now: Sequence[Mapping[str, Any]], then: Sequence[Mapping[str, Any]]) -> list[Moved]:
    """Those that moved by half a point, or to another rank."""
    before = {row["model"]: row for row in then}
    found = []
    for row in now:
        old = before.get(row["model"])
        change = row["rating"] - old["rating"] if old else None
        if old is None or abs(row["rating"] - old["rating"]) >= 0.5 or row["rank"] != old["rank"]:
            rank = old["rank"] if old else None
            found.append(Moved(row["model"], row["name"], row["rating"], change, row["rank"], rank))
    return found
