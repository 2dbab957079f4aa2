"""Types of arrays, and the counts of votes by pair.

The functions of `ratings.statistics` trust their callers: the database checks votes when they are stored.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Label: TypeAlias = str | int
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]


def sum_by_pair(size: int, first: Indices, second: Indices, amount: Floats) -> Floats:
    """Return the sum of the amounts on each pair (size, size), with the first model as the row."""
    sums: Floats = np.bincount(first * size + second, amount, size * size).astype(np.float64)
    return sums.reshape(size, size)


def count_outcomes(size: int, first: Indices, second: Indices, score: Floats, amount: Floats) -> list[Floats]:
    """Return the wins and the ties of each model against each other model (size, size).

    score (N,): 1 if the first model won, 0 if the second model won, 0.5 for a tie.
    """
    won, lost, tied = (sum_by_pair(size, first, second, amount * (score == value)) for value in (1, 0, 1 / 2))
    return [won + lost.T, tied + tied.T]
