"""Which two models meet next. Pure.

Drawn least-played first, with an even share for every pair, so that each propensity is known and above zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
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


def draw(models: Sequence[int], played: Mapping[Pair, int], keep: int | None = None) -> Draw:
    """Draw a pair of `models`, sides by a fair coin; with `keep`, an opponent for that model.

    `played` counts battles by pair, smaller key first; absent pairs have none. Raises ValueError if no pair exists.
    """
    pairs = [pair for pair in combinations(sorted(models), 2) if keep is None or keep in pair]
    if not pairs:
        raise ValueError("no two models to draw from")
    fewest = min(played.get(pair, 0) for pair in pairs)
    least = [pair for pair in pairs if played.get(pair, 0) == fewest]
    pair = random.choice(pairs if random.random() < UNIFORM_SHARE else least)
    propensity = UNIFORM_SHARE / len(pairs) + (1 - UNIFORM_SHARE) / len(least) * (pair in least)
    a, b = random.sample(pair, 2)
    return Draw(a, b, propensity)
