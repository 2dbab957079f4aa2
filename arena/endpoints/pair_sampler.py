"""The random choice of the two models of a battle. Pure.

Pairs are drawn by weight, with an even share for every pair, so each propensity is known and above zero. No model is in
more than a fixed share of the draws: voters must not be able to guess which models are in a battle, and a few voters
must not decide alone about a new model, which the weights would otherwise put into nine draws of ten.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from math import fsum
from random import SystemRandom
from typing import TypeAlias

UNIFORM_SHARE = 0.1
# The largest share of the draws that may include one model; among few models, this multiple of its even share.
MAX_SHARE = 0.35
EVEN_SHARE_FACTOR = 1.5

# The least weight of a pair relative to the largest: the weight that a cap takes from one pair needs others to go to.
_MIN_WEIGHT = 1e-9
_MAX_ITERATIONS = 200
_TOLERANCE = 1e-13
rng = SystemRandom()

Pair: TypeAlias = tuple[int, int]
Matrix: TypeAlias = list[list[float]]


@dataclass(frozen=True)
class PairDraw:
    """The keys of two models; `propensity` is the chance of drawing this pair, in either order."""

    a: int
    b: int
    propensity: float


def compute_max_share(models: int) -> float:
    """The largest fraction of draws that may include one model, among this many models; 1 for up to three."""
    return min(1.0, max(MAX_SHARE, EVEN_SHARE_FACTOR * 2 / max(models, 2)))


class PairSampler:
    """The chance of each pair of `models`, computed once for many draws; with `keep`, of each opponent of that model.

    weights: by pair, the smaller key first. A pair without a weight gets the largest weight, because nothing is known
    about the pair.

    One tenth of the draws is spread evenly over all pairs. The weighted rest is capped so that, with both parts, no
    model has more than its `compute_max_share` of the draws. With `keep`, the chances are those of the capped weights
    given that model, and again one tenth is even: its opponents are as hard to guess as in a draw of both models.
    """

    def __init__(self, models: Sequence[int], weights: Mapping[Pair, float], keep: int | None = None) -> None:
        keys = sorted(models)
        index_pairs = [
            pair for pair in combinations(range(len(keys)), 2) if keep is None or keep in (keys[i] for i in pair)
        ]
        self.pairs = [(keys[i], keys[j]) for i, j in index_pairs]
        capped = _cap_weights(_build_weight_matrix(keys, weights)) if index_pairs else []
        pair_weights = [capped[i][j] for i, j in index_pairs]
        even = 1 / len(index_pairs) if index_pairs else 0.0
        total = fsum(pair_weights)
        self.chances = [UNIFORM_SHARE * even + (1 - UNIFORM_SHARE) * weight / total for weight in pair_weights]
        self._cumulative_chances = list(accumulate(self.chances))

    def draw(self) -> PairDraw:
        """One pair, its sides assigned by a fair coin. Raises ValueError if there are fewer than two models."""
        if not self.pairs:
            raise ValueError("there are not two models to draw from")
        point = rng.random() * self._cumulative_chances[-1]
        index = min(bisect(self._cumulative_chances, point), len(self.pairs) - 1)
        a, b = rng.sample(self.pairs[index], 2)
        return PairDraw(a, b, self.chances[index])


def _build_weight_matrix(keys: Sequence[int], weights: Mapping[Pair, float]) -> Matrix:
    """(M, M) symmetric weights from `_MIN_WEIGHT` to 1, with a zero diagonal."""
    largest = max(weights.values(), default=0.0) or 1.0
    matrix = [[0.0] * len(keys) for _ in keys]
    for i, j in combinations(range(len(keys)), 2):
        weight = max(weights.get((keys[i], keys[j]), largest) / largest, _MIN_WEIGHT)
        matrix[i][j] = weight
        matrix[j][i] = weight
    return matrix


def _cap_weights(weights: Matrix) -> Matrix:
    """(M, M): the weights with sum 1 over all pairs and no row above the cap on the weighted part of the draws."""
    size = len(weights)
    even_share = 2 / size
    cap = (compute_max_share(size) - UNIFORM_SHARE * even_share) / (1 - UNIFORM_SHARE)
    scale = _compute_multipliers(weights, cap) if cap < 1 else [1.0] * size
    scaled = [[x * y * w for y, w in zip(scale, row, strict=True)] for x, row in zip(scale, weights, strict=True)]
    total = fsum(map(fsum, scaled)) / 2
    # Rounding, or too few iterations, may leave a share above the cap: mixing in an even part removes it exactly.
    max_share = max(map(fsum, scaled)) / total
    even_part = (max_share - cap) / (max_share - even_share) if max_share > cap else 0.0
    even_weight = even_part * even_share / (size - 1)
    return [
        [0.0 if i == j else (1 - even_part) * weight / total + even_weight for j, weight in enumerate(row)]
        for i, row in enumerate(scaled)
    ]


def _compute_multipliers(weights: Matrix, cap: float) -> list[float]:
    """x (M,) in (0, 1]: if each weight is multiplied by both its x, no row exceeds `cap` of the sum over all pairs.

    The result is the projection of the weights on the caps: the nearest weights in relative entropy, by coordinate
    ascent on the dual, which sets each x in turn to its optimum while the others stay (I. Csiszar, Annals of
    Probability 3, 1975; L. M. Bregman 1967). It exists, since all weights are positive and the even draw is within the
    caps.
    """
    scale = [1.0] * len(weights)
    row_sums = [sum(row) for row in weights]  # each with the multipliers of the other models, but not its own
    total = sum(row_sums) / 2
    for _ in range(_MAX_ITERATIONS):
        max_change = 0.0
        for i, row in enumerate(weights):
            rest = total - scale[i] * row_sums[i]
            x = min(1.0, cap / (1 - cap) * rest / row_sums[i])
            if x != scale[i]:
                max_change = max(max_change, abs(x - scale[i]) / x)
                row_sums = [s + (x - scale[i]) * weight for s, weight in zip(row_sums, row, strict=True)]
                total = rest + x * row_sums[i]
                scale[i] = x
        if max_change <= _TOLERANCE:
            break
    return scale
