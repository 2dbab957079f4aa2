"""Elo ratings, which are published alongside the Bradley-Terry ratings. They depend on the order of the votes.

After each vote, a model gains 4 * (score - expected score) points, and its opponent loses the same number. The expected
score is 1 / (1 + 10 ** ((opponent - own) / 400)), and a tie is half a win for each model (A. E. Elo, The Rating of
Chessplayers, Past and Present, 1978).
"""

from collections.abc import Iterable
from itertools import repeat
from math import copysign, exp, log, log1p, tanh

import numpy as np
from numpy.typing import ArrayLike

from ratings.statistics.constants import ELO_SCALE, MEAN_RATING
from ratings.statistics.vote_arrays import Floats, as_floats, check_votes, raise_if_any

START_RATING = MEAN_RATING
K_FACTOR = 4.0

# K * (score - expected) equals _GAIN[2 * score] - _SWING * tanh(_RATE * lead), and this form cannot overflow.
_GAIN = (-K_FACTOR / 2, 0.0, K_FACTOR / 2)
_SWING = K_FACTOR / 2
_RATE = 1 / (2 * ELO_SCALE)
_MAX_STEPS = 100_000
_MAX_DISTANCE = 100_000


def replay_votes(
    ratings: ArrayLike, model_a: ArrayLike, model_b: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None = None
) -> Floats:
    """Return the ratings (M,) after these votes are replayed in order, as a new array.

    ratings (M,): Elo points before the votes. Use START_RATING for a model without votes. Ratings must be within
        100,000 points of 0.
    model_a, model_b (N,): positions from 0 to M - 1.
    outcome (N,): 1 if a won, 0 if b won, 0.5 for a tie.
    weight (N,): positive integers. A vote with weight n counts as n identical votes in a row. The first 100,000 of them
        are computed one by one; the effect of the others is computed in one step, with an error below 1e-9 points.

    You can replay votes in parts, and start each part from the ratings after the previous one. The result is the same
    to the last bit. Raises a ValueError that names the invalid argument or vote.
    """
    current = _check_ratings(ratings)
    for a, b, result, count in _check_votes(len(current), model_a, model_b, outcome, weight):
        rating_a, rating_b = current[a], current[b]
        if count > 1:
            rating_a, rating_b = _repeat_result(rating_a, rating_b, _GAIN[result], count - 1)
        change = _GAIN[result] - _SWING * tanh(_RATE * (rating_a - rating_b))
        current[a] = rating_a + change
        current[b] = rating_b - change
    return np.array(current, dtype=np.float64)


def _repeat_result(rating_a: float, rating_b: float, gain: float, times: int) -> tuple[float, float]:
    """Return both ratings after the same result occurs `times` times. `gain` is its entry in `_GAIN`."""
    for _ in range(min(times, _MAX_STEPS) if gain else times):
        change = gain - _SWING * tanh(_RATE * (rating_a - rating_b))
        if rating_a + change == rating_a and rating_b - change == rating_b:
            return rating_a, rating_b
        rating_a += change
        rating_b -= change
    if gain and times > _MAX_STEPS:
        lead = copysign(1, gain) * (rating_a - rating_b)
        change = copysign(_compute_growth(lead, times - _MAX_STEPS) / 2, gain)
        rating_a += change
        rating_b -= change
    return rating_a, rating_b


def _compute_growth(lead: float, wins: int) -> float:
    """Return the number of points by which additional wins increase a lead.

    In units of 400 / ln 10 points, a win increases a lead u to u + g, with g = h / (1 + exp(u)). `count_wins` increases
    by one with each win, up to terms of order g. It consists of the first terms of the Abel function of this map.
    """
    h = 4 * K_FACTOR * _RATE

    def count_wins(u: float) -> float:
        return (u + exp(u)) / h - log1p(exp(u)) / 2

    start = 2 * _RATE * lead
    target = count_wins(start) + wins
    u = log(exp(start) + h * wins)
    step = 1.0
    while abs(step) > 1e-12:
        step = (count_wins(u) - target) / ((1 + exp(u)) / h - 0.5 / (1 + exp(-u)))
        u -= step
    return (u - start) / (2 * _RATE)


def _check_ratings(ratings: ArrayLike) -> list[float]:
    values = _check_list("ratings", ratings)
    is_far = ~(np.abs(values) <= _MAX_DISTANCE)  # also true for NaN
    raise_if_any(is_far, f"ratings must be within {_MAX_DISTANCE:,} points of 0: model {{}}")
    current: list[float] = values.tolist()
    return current


def _check_votes(
    size: int, model_a: ArrayLike, model_b: ArrayLike, outcome: ArrayLike, weight: ArrayLike | None
) -> Iterable[tuple[int, int, int, int]]:
    """Return four values for each vote: the positions of both models, twice the score of a, and the weight."""
    sides = (_check_list("model_a", model_a), _check_list("model_b", model_b))
    for side in sides:
        raise_if_any(
            ~((side >= 0) & (side < size) & (side == np.floor(side))),
            f"vote {{}} has a model position outside 0 to {size - 1}",
        )
    first, second = (side.astype(np.intp) for side in sides)
    double_score, weights = check_votes(first, second, _check_list("outcome", outcome), weight)
    # `repeat` is infinite, so the lengths differ.
    counts = repeat(1) if weights is None else weights.astype(np.int64).tolist()
    return zip(first.tolist(), second.tolist(), double_score.tolist(), counts, strict=False)


def _check_list(name: str, values: ArrayLike) -> Floats:
    array = as_floats(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional")
    return array
