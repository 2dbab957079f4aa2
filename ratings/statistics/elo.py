"""Elo ratings, which are published alongside the Bradley-Terry ratings. They depend on the order of the votes.

After each vote, a model gains 4 * (score - expected score) points, and its opponent loses the same number. The expected
score is 1 / (1 + 10 ** ((opponent - own) / 400)), and a tie is half a win for each model (A. E. Elo, The Rating of
Chessplayers, Past and Present, 1978).
"""

from math import tanh

import numpy as np
from numpy.typing import ArrayLike

from ratings.statistics.constants import ELO_SCALE, MEAN_RATING
from ratings.statistics.vote_arrays import Floats

START_RATING = MEAN_RATING
K_FACTOR = 4.0

# K * (score - expected) equals _GAIN[2 * score] - _SWING * tanh(_RATE * lead), and this form cannot overflow.
_GAIN = (-K_FACTOR / 2, 0.0, K_FACTOR / 2)
_SWING = K_FACTOR / 2
_RATE = 1 / (2 * ELO_SCALE)
MAX_REPEATS = 100_000  # of the same vote in a row. Their effect on ratings is a lead of 1,465 points.


def replay_votes(
    ratings: ArrayLike, model_a: ArrayLike, model_b: ArrayLike, outcome: ArrayLike, weight: ArrayLike
) -> Floats:
    """Return the ratings (M,) after these votes are replayed in order, as a new array.

    ratings (M,): Elo points before the votes. Use START_RATING for a model without votes.
    model_a, model_b (N,): positions from 0 to M - 1.
    outcome (N,): 1 if a won, 0 if b won, 0.5 for a tie.
    weight (N,): positive integers. A vote with weight n counts as n identical votes in a row, at most `MAX_REPEATS`.

    You can replay votes in parts, and start each part from the ratings after the previous one. The result is the same
    to the last bit.
    """
    current = np.array(ratings, dtype=np.float64).tolist()
    results = (2 * np.asarray(outcome, dtype=np.float64)).astype(np.intp)
    repeats = np.minimum(weight, MAX_REPEATS).astype(np.intp)
    columns = (np.asarray(model_a, np.intp), np.asarray(model_b, np.intp), results, repeats)
    for a, b, result, count in zip(*(column.tolist() for column in columns), strict=True):
        rating_a, rating_b, gain = current[a], current[b], _GAIN[result]
        for _ in range(count):
            change = gain - _SWING * tanh(_RATE * (rating_a - rating_b))
            rating_a += change
            rating_b -= change
        current[a], current[b] = rating_a, rating_b
    return np.array(current, dtype=np.float64)
