"""The Bradley-Terry likelihood in natural units (1 unit is 400 / ln 10 Elo points) and its exact maximum."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs

from ratings.statistics.interval_widths import Spread
from ratings.statistics.vote_arrays import Floats, Indices

CholeskyFactor: TypeAlias = tuple[Floats, bool]
Flags: TypeAlias = NDArray[np.bool_]

_TOLERANCE = 1e-10
# Below this, a step no shorter than half of the one before is all rounding: Newton's shrink with their squares there.
_ROUNDING_STEP = 1e-6
_MAX_ITERATIONS = 1000
# Whole steps climb up to 1.79 units, where (exp(d) - d - 1) / d ** 2 reaches 1.
_MAX_FULL_STEP = 1.5
# exp() of more would overflow; so far apart one chance is 0 anyway.
_MAX_EXPONENT = 700.0
_MAX_SHARED_RANGE = 600.0


class NotConverged(ArithmeticError):
    """Newton's method found no maximum."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Strengths of some models (positions in the board's labels) with their errors and interval ends.

    All in natural units and in the order of models. clustered: whose interval is clustered by voter. bounded: fitted,
    not placed.
    """

    models: Indices
    theta: Floats
    spread: Spread
    low: Floats
    high: Floats
    clustered: Flags
    iterations: int
    bounded: bool = False


def compute_chances(rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Chances p that each row beats each column, and q that it loses, both to full relative precision."""
    both = np.append(rows, columns)
    if both.size and np.ptp(both) < _MAX_SHARED_RANGE:
        middle = both.mean()
        mine, others = np.exp(rows - middle)[:, None], np.exp(columns - middle)
        odds = mine + others
        return mine / odds, np.divide(others, odds, out=odds)
    against = np.exp(np.minimum(columns - rows[:, None], _MAX_EXPONENT))
    p = 1 / (1 + against)
    return p, against * p


def sum_squared_residuals(wins: Floats, ties: Floats, p: Floats, q: Floats) -> Floats:
    """Per pair the sum over its votes of (outcome - p) ** 2."""
    return wins * q**2 + wins.T * p**2 + ties * (q - p) ** 2 / 4


def build_laplacian(weights: Floats) -> Floats:
    """The sum over pairs of weight * (e_i - e_j)(e_i - e_j)', for symmetric weights with a zero diagonal.

    Of the first F of K only, and pairs with the others, where weights are (F, K).
    """
    found: Floats = -weights[:, : len(weights)]
    found.flat[:: len(weights) + 1] += weights.sum(axis=1)
    return found


def maximize(won: Floats, lost: Floats, theta: Floats) -> tuple[Floats, CholeskyFactor, int]:
    """Maximum likelihood strengths of the first F of K models, those of the others held fixed.

    won, lost (F, K): half wins of the first F over all and of all over them. theta (K,): where to start, and the
    fixed strengths; where F is K, the mean keeps its place. Returns theta (K,), the Cholesky factor of the F x F
    information (see `_factorize`), and the number of steps; stops when a step is below 1e-10 of the largest strength
    (or of one unit), or where rounding lets none become shorter. NotConverged: no maximum within 1000 steps. From any
    start every step climbs: Newton's is taken whole where it moves no pair by more than 1.5 units, else damped by
    ln(1 + d) / d (T. Sun and Q. Tran-Dinh, Mathematical Programming 178, 2019).
    """
    free = len(won)
    votes = won + lost
    theta = theta.copy()
    last = np.inf
    for iteration in range(1, _MAX_ITERATIONS + 1):
        p, q = compute_chances(theta[:free], theta)
        information = p * q
        information *= votes
        factor = _factorize(information)
        step = np.zeros_like(theta)
        # This form is antisymmetric to the last bit: rounding cancels in sums over groups of models.
        q *= won
        p *= lost
        q -= p
        step[:free], _ = dpotrs(factor[0], q.sum(axis=1), lower=factor[1])
        step *= _compute_damping(step, votes)
        theta += step
        length = np.abs(step).max() / max(1.0, np.abs(theta).max())
        if length <= _TOLERANCE or last / 2 <= length <= _ROUNDING_STEP:
            return theta, factor, iteration
        last = length
    raise NotConverged(f"no maximum of the likelihood within {_MAX_ITERATIONS} steps")


def _factorize(information: Floats) -> CholeskyFactor:
    """The Cholesky factor of the information (F, K) on F strengths.

    Where none is held fixed, it is flat along their mean. What is added there, as much as the others have on average,
    changes no difference: the inverse of the sum is the pseudo-inverse but for that direction.
    """
    hessian = build_laplacian(information)
    if information.shape[1] == len(hessian):
        hessian += np.trace(hessian) / hessian.size
    factor, failed = dpotrf(hessian.T, lower=True, clean=False, overwrite_a=True)
    if failed:
        raise NotConverged("the likelihood is flat to machine precision at these strengths")
    return factor, True


def _compute_damping(step: Floats, votes: Floats) -> float:
    if np.ptp(step) <= _MAX_FULL_STEP:
        return 1.0
    moves = np.abs(step[: len(votes), None] - step)
    farthest = float(moves[votes > 0].max())
    return 1.0 if farthest <= _MAX_FULL_STEP else float(np.log1p(farthest) / farthest)
