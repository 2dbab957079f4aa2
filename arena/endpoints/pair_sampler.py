"""Chooses a pair of contestants at random, with a known propensity.

Pairs are drawn by weight, and a tenth of the draws are uniform, so each propensity is known and above zero. A cap
limits each contestant's share of the draws. Without the cap, the weights would put a new one into nine of ten draws:
voters could guess that it is in their battle, and a few voters would decide its rating.

This module does no I/O and does not import Django.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, combinations
from math import fsum
from random import SystemRandom
from typing import TypeAlias

UNIFORM_SHARE = 0.1
# The cap on the share of draws that include one contestant. With few, the cap is a multiple of the even share.
MAX_SHARE = 0.35
EVEN_SHARE_FACTOR = 1.5

# The smallest weight, relative to the largest one. The cap can move weight between pairs only if all are positive.
_MIN_WEIGHT = 1e-9
_MAX_ITERATIONS = 200
_TOLERANCE = 1e-13
rng = SystemRandom()

Pair: TypeAlias = tuple[int, int]
Matrix: TypeAlias = list[list[float]]


@dataclass(frozen=True)
class PairDraw:
    """The ids of two contestants. `propensity` is the probability of drawing this pair, whichever of them is on side a.

    table: the id of the draw's table (see `arena.models.DrawTable`), or None if no table is stored
    """

    a: int
    b: int
    propensity: float
    table: int | None = None


def compute_max_share(count: int) -> float:
    """Return the cap on the share of draws that include one contestant. It is 1 for up to three contestants."""
    return min(1.0, max(MAX_SHARE, EVEN_SHARE_FACTOR * 2 / max(count, 2)))


class PairSampler:
    """Draws pairs of contestants, with probabilities that are computed once for many draws.

    One tenth of the draws are uniform over all pairs. The other draws are by weight, capped so that each contestant is
    in at most `compute_max_share` of all draws.

    contestants: ids of M contestants
    weights: the weights of pairs, keyed by (smaller id, larger id). A pair with no weight gets the largest weight,
        because nothing is known about it.
    fixed: the id of a contestant that is in every pair. Its opponent is drawn with the same mix of uniform draws and
        capped weights, so it is as hard to guess as in a draw of both.
    """

    def __init__(self, contestants: Sequence[int], weights: Mapping[Pair, float], fixed: int | None = None) -> None:
        self._keys = keys = sorted(contestants)
        index_pairs = [
            pair for pair in combinations(range(len(keys)), 2) if fixed is None or fixed in (keys[i] for i in pair)
        ]
        self.pairs = [(keys[i], keys[j]) for i, j in index_pairs]
        capped = _cap_weights(_build_weight_matrix(keys, weights)) if index_pairs else []
        pair_weights = [capped[i][j] for i, j in index_pairs]
        uniform_chance = 1 / len(index_pairs) if index_pairs else 0.0
        total = fsum(pair_weights)
        self.chances = [
            UNIFORM_SHARE * uniform_chance + (1 - UNIFORM_SHARE) * weight / total for weight in pair_weights
        ]
        self._cumulative_chances = list(accumulate(self.chances))

    @cached_property
    def shares(self) -> dict[int, float]:
        """Each contestant's probability of being in the pair. They add up to 2."""
        shares = dict.fromkeys(self._keys, 0.0)
        for pair, chance in zip(self.pairs, self.chances, strict=True):
            for key in pair:
                shares[key] += chance
        return shares

    def draw(self) -> PairDraw:
        """Draw a pair and assign its sides at random. Raises ValueError if there are fewer than two contestants."""
        if not self.pairs:
            raise ValueError("fewer than two contestants can be drawn")
        point = rng.random() * self._cumulative_chances[-1]
        index = min(bisect(self._cumulative_chances, point), len(self.pairs) - 1)
        a, b = rng.sample(self.pairs[index], 2)
        return PairDraw(a, b, self.chances[index])


def _build_weight_matrix(keys: Sequence[int], weights: Mapping[Pair, float]) -> Matrix:
    """Return the symmetric (M, M) matrix of weights between `_MIN_WEIGHT` and 1, with a zero diagonal."""
    largest = max(weights.values(), default=0.0) or 1.0
    matrix = [[0.0] * len(keys) for _ in keys]
    for i, j in combinations(range(len(keys)), 2):
        weight = max(weights.get((keys[i], keys[j]), largest) / largest, _MIN_WEIGHT)
        matrix[i][j] = weight
        matrix[j][i] = weight
    return matrix


def _cap_weights(weights: Matrix) -> Matrix:
    """Return the (M, M) weights, scaled so that they sum to 1 over all pairs and no row sum exceeds the cap."""
    size = len(weights)
    even_share = 2 / size
    cap = (compute_max_share(size) - UNIFORM_SHARE * even_share) / (1 - UNIFORM_SHARE)
    scale = _compute_multipliers(weights, cap) if cap < 1 else [1.0] * size
    scaled = [[x * y * w for y, w in zip(scale, row, strict=True)] for x, row in zip(scale, weights, strict=True)]
    total = fsum(map(fsum, scaled)) / 2
    # Rounding, or too few iterations, can leave a share above the cap. Mixing in uniform weights brings it to the cap.
    max_share = max(map(fsum, scaled)) / total
    even_part = (max_share - cap) / (max_share - even_share) if max_share > cap else 0.0
    even_weight = even_part * even_share / (size - 1)
    return [
        [0.0 if i == j else (1 - even_part) * weight / total + even_weight for j, weight in enumerate(row)]
        for i, row in enumerate(scaled)
    ]


def _compute_multipliers(weights: Matrix, cap: float) -> list[float]:
    """Return multipliers (M,) in (0, 1] that bring the weights within the cap.

    If each weight (i, j) is multiplied by x[i] and x[j], no row sum exceeds `cap` times the sum over all pairs. The
    scaled weights are the nearest ones in relative entropy that satisfy the cap. They are computed by coordinate ascent
    on the dual, which optimizes one multiplier at a time (I. Csiszar, Annals of Probability 3, 1975; L. M. Bregman,
    1967). A solution exists because all weights are positive and uniform weights satisfy the cap.
    """
    scale = [1.0] * len(weights)
    row_sums = [sum(row) for row in weights]  # scaled by the multipliers of the other contestants only
    total = sum(row_sums) / 2
    for _ in range(_MAX_ITERATIONS):
        max_change = 0.0
        for i, row in enumerate(weights):
            other_pairs = total - scale[i] * row_sums[i]
            multiplier = min(1.0, cap / (1 - cap) * other_pairs / row_sums[i])
            change = multiplier - scale[i]
            if change:
                max_change = max(max_change, abs(change) / multiplier)
                row_sums = [row_sum + change * weight for row_sum, weight in zip(row_sums, row, strict=True)]
                total = other_pairs + multiplier * row_sums[i]
                scale[i] = multiplier
        if max_change <= _TOLERANCE:
            break
    return scale
