"""Which two models meet next. Pure.

Pairs are drawn by weight, with an even share for every pair, so that each propensity is known and above zero. No model
stands in more than a fixed share of the draws: voters must not be able to guess who is in a battle, and no few voters
may decide alone about a newcomer, of which the weights would otherwise make nine draws in ten.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from math import fsum
from random import SystemRandom
from typing import TypeAlias

UNIFORM_SHARE = 0.1
# The largest share of the draws that one model stands in; of few models, so many times its even share.
MAX_SHARE = 0.35
EVEN_SHARE_FACTOR = 1.5

# A pair weighs at least this part of the weightiest one, so that what a cap takes from one pair has somewhere to go.
_MIN_WEIGHT = 1e-9
_MAX_ITERATIONS = 200
_TOLERANCE = 1e-13
rng = SystemRandom()

Pair: TypeAlias = tuple[int, int]
Matrix: TypeAlias = list[list[float]]


@dataclass(frozen=True)
class PairDraw:
    """Models by key; `propensity` is the chance with which this pair, in either order, was drawn."""

    a: int
    b: int
    propensity: float


def compute_max_share(models: int) -> float:
    """The largest share of the draws among so many models that one of them may stand in; 1 up to three."""
    return min(1.0, max(MAX_SHARE, EVEN_SHARE_FACTOR * 2 / max(models, 2)))


class PairSampler:
    """The chance of each pair of `models`, prepared for many draws; with `keep` of each opponent for that model.

    `weights` is by pair, the smaller key first; a pair without one gets the largest, for nothing is known of it. One
    tenth of the draws goes evenly to all pairs. The weighted rest is capped so that with both parts no model has more
    than its `compute_max_share` of the draws. With `keep` the chances are those of the capped weights given that model,
    and again a tenth is even: its opponents are as hard to guess as in a whole draw.
    """

    def __init__(self, models: Sequence[int], weights: Mapping[Pair, float], keep: int | None = None) -> None:
        keys = sorted(models)
        places = [pair for pair in combinations(range(len(keys)), 2) if keep is None or keep in (keys[i] for i in pair)]
        self.pairs = [(keys[i], keys[j]) for i, j in places]
        capped = _cap_weights(_build_weight_matrix(keys, weights)) if places else []
        known = [capped[i][j] for i, j in places]
        even = 1 / len(places) if places else 0.0
        total = fsum(known)
        self.chances = [UNIFORM_SHARE * even + (1 - UNIFORM_SHARE) * weight / total for weight in known]
        self.until = list(accumulate(self.chances))

    def draw(self) -> PairDraw:
        """One pair, sides by a fair coin. Raises ValueError if there is none."""
        if not self.pairs:
            raise ValueError("no two models to draw from")
        place = min(bisect(self.until, rng.random() * self.until[-1]), len(self.pairs) - 1)
        a, b = rng.sample(self.pairs[place], 2)
        return PairDraw(a, b, self.chances[place])


def _build_weight_matrix(keys: Sequence[int], weights: Mapping[Pair, float]) -> Matrix:
    """(M, M) symmetric weights from `_MIN_WEIGHT` to 1, with a zero diagonal."""
    most = max(weights.values(), default=0.0) or 1.0
    matrix = [[0.0] * len(keys) for _ in keys]
    for i, j in combinations(range(len(keys)), 2):
        weight = max(weights.get((keys[i], keys[j]), most) / most, _MIN_WEIGHT)
        matrix[i][j] = matrix[j][i] = weight
    return matrix


def _cap_weights(weights: Matrix) -> Matrix:
    """(M, M): the weights with sum 1 over all pairs and no row above the cap on the weighted part of the draws."""
    size = len(weights)
    even_share = 2 / size
    most = (compute_max_share(size) - UNIFORM_SHARE * even_share) / (1 - UNIFORM_SHARE)
    scale = _compute_multipliers(weights, most) if most < 1 else [1.0] * size
    scaled = [[x * y * w for y, w in zip(scale, row, strict=True)] for x, row in zip(scale, weights, strict=True)]
    total = fsum(map(fsum, scaled)) / 2
    # Rounding, or too few rounds, may leave a share above the cap: some evenness takes it off exactly.
    over = max(map(fsum, scaled)) / total
    mixed = (over - most) / (over - even_share) if over > most else 0.0
    even = mixed * even_share / (size - 1)
    return [
        [0.0 if i == j else (1 - mixed) * weight / total + even for j, weight in enumerate(row)]
        for i, row in enumerate(scaled)
    ]


def _compute_multipliers(weights: Matrix, most: float) -> list[float]:
    """x (M,) in (0, 1]: with each weight times both its x, no row has more than `most` of the sum over all pairs.

    These are the weights within the caps that are nearest to the given ones in relative entropy, by coordinate ascent
    on the dual: each x in turn becomes what it must be while the others stay (I. Csiszar, Annals of Probability 3,
    1975; L. M. Bregman 1967). They exist, for all weights are positive and the even draw is within the caps.
    """
    scale = [1.0] * len(weights)
    sums = [sum(row) for row in weights]  # of each row, with the multipliers of the others
    total = sum(sums) / 2
    for _ in range(_MAX_ITERATIONS):
        farthest = 0.0
        for i, row in enumerate(weights):
            rest = total - scale[i] * sums[i]
            x = min(1.0, most / (1 - most) * rest / sums[i])
            if x != scale[i]:
                farthest = max(farthest, abs(x - scale[i]) / x)
                sums = [s + (x - scale[i]) * weight for s, weight in zip(sums, row, strict=True)]
                total = rest + x * sums[i]
                scale[i] = x
        if farthest <= _TOLERANCE:
            break
    return scale
