"""The differences between ratings, estimated from their published intervals."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.interval_explanations import PUBLISHED_INTERVAL
from ratings.boards.snapshots import RATING_SCALE


@dataclass(frozen=True)
class RatingDifference:
    """A difference in Elo points. `margin` is half the width of its 95% interval."""

    points: float
    margin: float

    @property
    def low(self) -> float:
        return self.points - self.margin

    @property
    def is_significant(self) -> bool:
        return abs(self.points) > self.margin


def compute_win_chance(points: float) -> float:
    """Return the predicted win rate of a model that is this many Elo points ahead. A tie counts as half a win."""
    return float(1 / (1 + 10 ** (-points / RATING_SCALE["factor"])))


def estimate_difference(one: BoardRow, other: BoardRow) -> RatingDifference | None:
    """Return the rating of `one` minus that of `other`, or None if an interval has an open end.

    The errors are assumed to be independent, so their squares add up. The errors of two models on the same board are
    usually correlated. `pairwise.build_matrices` takes this into account.
    """
    ends = [row[end] for row in (one, other) for end in ("ci_low", "ci_high")]
    if None in ends:
        return None
    low, high, other_low, other_high = ends
    return RatingDifference(one["rating"] - other["rating"], hypot(high - low, other_high - other_low) / 2)


def find_tiers(rows: Iterable[BoardRow]) -> dict[str, int]:
    """Map the slug of each model that has a tier to that tier.

    A reference board has no tiers, so they are computed from its intervals.
    """
    rows = list(rows)
    if any(row["interval"] == PUBLISHED_INTERVAL for row in rows):
        return compute_interval_tiers(rows)
    return {row["model"]: row["tier"] for row in rows if has_rank(row) and row["tier"] is not None}


def compute_interval_tiers(rows: Iterable[BoardRow]) -> dict[str, int]:
    """Map each slug to its tier, for a board that was published with intervals but without a covariance.

    Rows without a closed interval are omitted.

    Tier 1 contains the best model and all models whose intervals overlap that model's interval. The best of the
    remaining models leads the next tier. This test is less sensitive than a test with the joint covariance: two models
    with overlapping intervals might still differ significantly.
    """
    closed = [row for row in rows if row["ci_low"] is not None and row["ci_high"] is not None]
    remaining = sorted(closed, key=lambda row: (-row["rating"], row["model"]))
    tiers: dict[str, int] = {}
    tier = 0
    while remaining:
        tier += 1
        bound = remaining[0]["ci_low"]
        tiers |= {row["model"]: tier for row in remaining if row["ci_high"] >= bound}
        remaining = [row for row in remaining if row["ci_high"] < bound]
    return tiers


def compute_rank_ranges(rows: Sequence[BoardRow]) -> list[tuple[int, int]]:
    """Return the best and the worst rank that each row could have, given the intervals, which must be closed.

    A model is better than another if its interval is entirely above the other model's interval.
    """
    count = len(rows)
    lows, highs = (sorted(row[end] for row in rows) for end in ("ci_low", "ci_high"))
    best = [1 + count - bisect_right(lows, row["ci_high"]) for row in rows]
    worst = [count - bisect_left(highs, row["ci_low"]) for row in rows]
    return list(zip(best, worst, strict=True))
