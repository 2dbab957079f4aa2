"""The Bradley-Terry likelihood in natural units (1 unit is 400 / ln 10 Elo points) and its exact maximum."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ratings.vote_arrays import Floats, Indices

Factor: TypeAlias = tuple[Floats, bool]
Flags: TypeAlias = NDArray[np.bool_]

_TOLERANCE = 1e-10
_MAX_ITERATIONS = 1000
# Whole steps climb up to 1.79 units, where (exp(d) - d - 1) / d ** 2 reaches 1.
_WHOLE = 1.5
# exp() of more would overflow; so far apart one chance is 0 anyway.
_SATURATED = 700.0


class NotConverged(ArithmeticError):
    """Newton's method found no maximum."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Strengths of some models (positions in the board's labels) with their covariance and interval ends.

    All in natural units and in the order of models. clustered: whose interval is clustered by voter.
    """

    models: Indices
    theta: Floats
    covariance: Floats
    low: Floats
    high: Floats
    clustered: Flags
    iterations: int


def chances(rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Chances p that each row beats each column, and q that it loses, both to full relative precision."""
    odds_against = np.exp(np.minimum(columns - rows[:, None], _SATURATED))
    p = 1 / (1 + odds_against)
    return p, odds_against * p


def squared_residuals(wins: Floats, ties: Floats, p: Floats, q: Floats) -> Floats:
    """Per pair the sum over its votes of (outcome - p) ** 2."""
    return wins * q**2 + wins.T * p**2 + ties * (q - p) ** 2 / 4


def laplacian(weights: Floats) -> Floats:
    """The sum over pairs of weight * (e_i - e_j)(e_i - e_j)', for symmetric weights with a zero diagonal."""
    return np.diag(weights.sum(axis=1)) - weights


def maximise(won: Floats, lost: Floats, theta: Floats) -> tuple[Floats, Factor, int]:
    """Maximum likelihood strengths of the first F of K models, those of the others held fixed.

    won, lost (F, K): half wins of the first F over all and of all over them. theta (K,): where to start, and
    the fixed strengths. Returns theta (K,), the Cholesky factor of the F x F information, and the number of
    steps; stops when a step is below 1e-10 of the largest strength (or of one unit). NotConverged: no maximum
    within 1000 steps. From any start every step climbs: Newton's is taken whole where it moves no pair by more
    than 1.5 units, else damped by ln(1 + d) / d (T. Sun and Q. Tran-Dinh, Mathematical Programming 178, 2019).
    """
    free = len(won)
    votes = won + lost
    theta = theta.copy()
    for iteration in range(1, _MAX_ITERATIONS + 1):
        p, q = chances(theta[:free], theta)
        factor = _factorise(votes * p * q)
        step = np.zeros_like(theta)
        # This form is antisymmetric to the last bit: rounding cancels in sums over groups of models.
        step[:free] = cho_solve(factor, (won * q - lost * p).sum(axis=1), check_finite=False)
        step *= _damping(step, votes)
        theta += step
        if np.abs(step).max() <= _TOLERANCE * max(1.0, np.abs(theta).max()):
            return theta, factor, iteration
    raise NotConverged(f"no maximum of the likelihood within {_MAX_ITERATIONS} steps")


def _factorise(information: Floats) -> Factor:
    free = len(information)
    hessian = -information[:, :free]
    hessian.flat[:: free + 1] += information.sum(axis=1)
    try:
        factor, lower = cho_factor(hessian, overwrite_a=True, check_finite=False)
    except LinAlgError:
        raise NotConverged("the likelihood is flat to machine precision at these strengths") from None
    return factor, bool(lower)


def _damping(step: Floats, votes: Floats) -> float:
    if np.ptp(step) <= _WHOLE:
        return 1.0
    moves = np.abs(step[: len(votes), None] - step)
    farthest = float(moves[votes > 0].max())
    return 1.0 if farthest <= _WHOLE else float(np.log1p(farthest) / farthest)
