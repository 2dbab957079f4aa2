"""Bradley-Terry ratings by exact maximum likelihood, with sandwich intervals.

The chance that i beats j is 1 / (1 + 10 ** ((r_j - r_i) / 400)); a tie is half a win for each side.

Sources: R. A. Bradley and M. E. Terry, Biometrika 39 (1952); H. White, Econometrica 50 (1982) for the sandwich;
K.-Y. Liang and S. L. Zeger, Biometrika 73 (1986) for its clustered form.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_solve
from scipy.sparse import csr_array
from scipy.special import ndtri

from ratings.comparisons import Comparisons, Floats, Indices, VoterCounts
from ratings.components import split
from ratings.likelihood import Factor, chances, laplacian, maximise, squared_residuals
from ratings.placement import place

SCALE = 400 / np.log(10)
MEAN = 1000.0
Z95 = float(ndtri(0.975))
MIN_VOTERS = 5

# Sums of squares below this part of what is expected are rounding.
_NOTHING = 1e-12

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fit:
    """Ratings of M models in the order of the board's labels, in Elo points; never NaN.

    ratings, se, ci_low, ci_high (M,): the bounded models of a component average 1000; 95 % intervals, of which
    an open end is -inf or inf (null for the public). covariance (M, M): se is the root of its diagonal; zero
    between fitted and placed models and across components. component (M,): 0 is the main one; ratings of two
    components cannot be compared. unbounded (M,): placed, not fitted. interval (M,): 'plain' or 'clustered'.
    iterations: Newton steps in all.
    """

    ratings: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    covariance: Floats
    component: Indices
    unbounded: Flags
    interval: NDArray[np.str_]
    iterations: int


@dataclass(frozen=True, eq=False)
class _Bounded:
    theta: Floats
    covariance: Floats
    clustered: Flags
    iterations: int


def fit(board: Comparisons, *, cluster: VoterCounts | None = None, start: ArrayLike | None = None) -> Fit:
    """Rate every model of the board.

    cluster: who cast the votes. Where five voters or more judged the bounded models of a component, its
    intervals are clustered by voter with factor G / (G - 1). Votes that it does not name count one by one, and
    so do those of a model for which the sums of all its voters vanish (it had a single voter, say).
    start (M,): ratings to start from, the last ones for instance; they change the time, not the result.

    A model that is joined to the bounded ones by votes but only above or only below them is unbounded: such
    models are placed together, each with one virtual tie against a 1000 opponent. The end of its interval away
    from the bounded ones is open; the other is the rating at which so good (so bad) a record has a chance of
    2.5 % against the ratings given. Where no chain of wins leads either way, a model that only won is open
    above, one that only lost open below, any other on both ends.

    ValueError: start is not M finite numbers, or cluster has votes that the board has not.
    likelihood.NotConverged: the maximum was not found to a relative 1e-10.
    """
    size = len(board.labels)
    theta = _start(board, start)
    low, high = np.zeros(size), np.zeros(size)
    covariance = np.zeros((size, size))
    component = np.zeros(size, dtype=np.intp)
    unbounded, clustered = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    iterations = 0
    for number, part in enumerate(split(board)):
        component[part.bounded] = component[part.loose] = number
        if part.bounded.size:
            order = _gauge_last(board, part.bounded)
            fitted = _fit_bounded(board, order, cluster, theta)
            theta[order], clustered[order], unbounded[order] = fitted.theta, fitted.clustered, False
            covariance[np.ix_(order, order)] = fitted.covariance
            margin = Z95 * np.sqrt(fitted.covariance.diagonal())
            low[order], high[order] = fitted.theta - margin, fitted.theta + margin
            iterations += fitted.iterations
        if part.loose.size:
            placed = place(board, part, theta)
            theta[part.loose], low[part.loose], high[part.loose] = placed.theta, placed.low, placed.high
            covariance[np.ix_(part.loose, part.loose)] = placed.covariance
            iterations += placed.iterations
    return Fit(
        ratings=MEAN + SCALE * theta,
        se=SCALE * np.sqrt(covariance.diagonal()),
        ci_low=MEAN + SCALE * low,
        ci_high=MEAN + SCALE * high,
        covariance=SCALE**2 * covariance,
        component=component,
        unbounded=unbounded,
        interval=np.where(clustered, "clustered", "plain"),
        iterations=iterations,
    )


def _start(board: Comparisons, start: ArrayLike | None) -> Floats:
    size = len(board.labels)
    # Where everyone took half of the votes the maximum is 1000 for all, and exactly so only from there.
    if start is None or np.array_equal(board.score.sum(axis=1), board.score.sum(axis=0)):
        return np.zeros(size)
    ratings = np.array(start, dtype=np.float64)
    if ratings.shape != (size,) or not np.isfinite(ratings).all():
        raise ValueError(f"start must be {size} finite ratings, one for each model")
    return (ratings - MEAN) / SCALE


def _gauge_last(board: Comparisons, models: Indices) -> Indices:
    # The model with most votes is the steadiest one to measure the others against.
    votes = board.votes[np.ix_(models, models)].sum(axis=1)
    gauge = votes.argmax()
    return np.append(np.delete(models, gauge), models[gauge])


def _fit_bounded(board: Comparisons, order: Indices, cluster: VoterCounts | None, theta: Floats) -> _Bounded:
    cells = np.ix_(order, order)
    wins, ties = board.wins[cells], board.ties[cells]
    score = wins + ties / 2
    found, factor, iterations = maximise(score[:-1], score.T[:-1], theta[order] - theta[order[-1]])
    found -= found.mean()
    p, q = chances(found, found)
    rows = None if cluster is None else _within(cluster, order, len(board.labels))
    meat, clustered, flat = _meat(wins, ties, (p, q), rows)
    covariance = _centred(cho_solve(factor, cho_solve(factor, meat[:-1, :-1]).T))
    if flat.any():
        expected = _centred(cho_solve(factor, np.eye(len(order) - 1))).diagonal()
        widen = np.where(flat, np.sqrt(expected / covariance.diagonal()), 1.0)
        covariance *= widen[:, None] * widen
    return _Bounded(found, covariance, clustered, iterations)
