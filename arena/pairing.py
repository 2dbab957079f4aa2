"""Which two models meet next. Pure.

Pairs are drawn by weight, with an even share for every pair, so that each propensity is known and above zero.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from random import SystemRandom

UNIFORM_SHARE = 0.1
random = SystemRandom()

Pair = tuple[int, int]


@dataclass(frozen=True)
class Draw:
    """Models by key; `propensity` is the chance with which this pair, in either order, was drawn."""

    a: int
    b: int
    propensity: float


class Lots:
    """The chance of each pair of `models`, prepared for many draws; with `keep` of each opponent for that model.

    `weights` is by pair, the smaller key first; a pair without one gets the largest, for nothing is known of it.
    """

    def __init__(self, models: Sequence[int], weights: Mapping[Pair, float], keep: int | None = None) -> None:
        self.pairs = [pair for pair in combinations(sorted(models), 2) if keep is None or keep in pair]
        most = max(weights.values(), default=0.0) or 1.0
        known = [weights.get(pair, most) for pair in self.pairs]
        total = sum(known)
        even = 1 / len(self.pairs) if self.pairs else 0.0
        self.chances = [
            UNIFORM_SHARE * even + (1 - UNIFORM_SHARE) * (weight / total if total else even) for weight in known
        ]
        self.until = list(accumulate(self.chances))

    def draw(self) -> Draw:
        """One pair, sides by a fair coin. Raises ValueError if there is none."""
        if not self.pairs:
            raise ValueError("no two models to draw from")
        place = min(bisect(self.until, random.random() * self.until[-1]), len(self.pairs) - 1)
        a, b = random.sample(self.pairs[place], 2)
        return Draw(a, b, self.chances[place])
