"""The difference between two ratings, estimated from their published intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from typing import Any

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


def estimate_difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> RatingDifference | None:
    """Return `one` minus `other`, or None if an interval has an open end.

    The errors are assumed to be independent, so their squares add up. The errors of two models on the same board are
    usually correlated. `pairwise.build_matrices` takes this into account.
    """
    ends = [row[end] for row in (one, other) for end in ("ci_low", "ci_high")]
    if None in ends:
        return None
    low, high, other_low, other_high = ends
    return RatingDifference(one["rating"] - other["rating"], hypot(high - low, other_high - other_low) / 2)
