"""The Bradley-Terry likelihood and its exact maximum. Strengths are in natural units of 400 / ln 10 Elo points."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from ratings.statistics.interval_widths import Spread
from ratings.statistics.vote_arrays import Flags, Floats, Indices

# Newton's method stops at a step that is smaller than this fraction of the largest strength.
STEP_TOLERANCE = 1e-10
MAX_ITERATIONS = 1000  # steps without convergence before `NotConverged` is raised
# Sums of squared residuals below this fraction of the expected sum are rounding errors.
RESIDUAL_TOLERANCE = 1e-12

# Newton steps below this size shrink quadratically. If one of them is at least half as long as the previous step, it is
# a rounding error.
_ROUNDING_STEP = 1e-6
# A full step of d units increases the likelihood if (exp(d) - d - 1) / d ** 2 is below 1, that is, up to 1.79 units.
_MAX_FULL_STEP = 1.5
# exp() of a larger number would overflow. At this distance, one of the two probabilities is 0 anyway.
_MAX_EXPONENT = 700.0
# Within this range, exp() of the distance from the mean cannot overflow.
_MAX_SHARED_RANGE = 600.0


class NotConverged(ArithmeticError):
    """Newton's method did not find a maximum."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Strengths of some models, with their errors and the ends of their intervals, in natural units.

    models: positions in the board's labels. The other arrays have the same order.
    clustered: whether each interval is clustered by voter.
    bounded: True if the strengths are finite maxima of the likelihood, False if a rule placed the models.
    """

    models: Indices
    theta: Floats
    spread: Spread
    low: Floats
    high: Floats
    clustered: Flags
    bounded: bool = False

    @classmethod
    def from_bounded(cls, models: Indices, theta: Floats, spread: Spread, clustered: Flags) -> Self:
        """Return the estimate for fitted models, whose intervals are symmetric."""
        margin = spread.compute_half_widths()
        return cls(models, theta, spread, theta - margin, theta + margin, clustered, bounded=True)


def compute_chances(rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Return the probabilities p that each row beats each column, and q that it loses, at full relative precision."""
    both = np.append(rows, columns)
    if both.size and np.ptp(both) < _MAX_SHARED_RANGE:
        middle = both.mean()
        row_odds = np.exp(rows - middle)[:, None]
        column_odds = np.exp(columns - middle)
        total = row_odds + column_odds
        return row_odds / total, np.divide(column_odds, total, out=total)
    return compute_lead_chances(rows[:, None] - columns)


def compute_lead_chances(lead: Floats) -> tuple[Floats, Floats]:
    """Return the probabilities p of a win and q of a loss for each lead, at full relative precision."""
    odds_against = np.exp(np.minimum(-lead, _MAX_EXPONENT))
    p = 1 / (1 + odds_against)
    return p, odds_against * p


def sum_squared_residuals(wins: Floats, ties: Floats, p: Floats, q: Floats) -> Floats:
    """Return the sum of (outcome - p) ** 2 over the votes on each pair."""
    return wins * q**2 + wins.T * p**2 + ties * (q - p) ** 2 / 4


def build_laplacian(weights: Floats) -> Floats:
    """Return the sum over pairs of weight * (e_i - e_j)(e_i - e_j)'.

    weights: symmetric, with a zero diagonal. If the shape is (F, K), the result is for the first F of K models, and
        includes their pairs with the other models.
    """
    laplacian: Floats = -weights[:, : len(weights)]
    laplacian.flat[:: len(weights) + 1] += weights.sum(axis=1)
    return laplacian


def maximize_likelihood(won: Floats, lost: Floats, theta: Floats) -> tuple[Floats, Floats]:
    """Return the maximum likelihood strengths of the first F of K models. The other strengths are fixed.

    won, lost (F, K): wins of the first F models over all models, and of all models over them. A tie is half a win.
    theta (K,): the starting values and the fixed strengths. If F equals K, the mean of the strengths does not change.

    Returns theta (K,), and the lower Cholesky factor of the (F, F) information matrix (see `_factorize`).

    The iteration stops when a step is below `STEP_TOLERANCE` times the largest strength (or one unit, if that is more),
    or when rounding prevents shorter steps. Every step increases the likelihood, for any starting values. If a full
    Newton step moves no pair by more than `_MAX_FULL_STEP` units, it is taken. If it moves a pair by up to d units,
    where d is larger, it is multiplied by ln(1 + d) / d (T. Sun and Q. Tran-Dinh, Mathematical Programming 178, 2019).

    Raises NotConverged if there is no maximum within `MAX_ITERATIONS` steps, or if the likelihood is too flat.
    """
    free = len(won)
    votes = won + lost
    theta = theta.copy()
    previous_length = np.inf
    for _ in range(MAX_ITERATIONS):
        p, q = compute_chances(theta[:free], theta)
        information = p * q
        information *= votes
        factor = _factorize(information)
        step = np.zeros_like(theta)
        # won * q - lost * p is antisymmetric to the last bit, so rounding errors cancel in sums over groups of models.
        # It is computed in place to save two arrays.
        gradient = q
        gradient *= won
        p *= lost
        gradient -= p
        # This fails only for arguments of a wrong shape, because `_factorize` has refused singular matrices.
        step[:free], _ = dpotrs(factor, gradient.sum(axis=1), lower=True)
        step *= compute_damping(_find_farthest_move(step, votes))
        theta += step
        length = np.abs(step).max() / max(1.0, np.abs(theta).max())
        if length <= STEP_TOLERANCE or previous_length / 2 <= length <= _ROUNDING_STEP:
            return theta, factor
        previous_length = length
    raise NotConverged(f"no maximum of the likelihood was found in {MAX_ITERATIONS} steps")


def maximize_with_ties(won: Floats, lost: Floats, theta: Floats, ties: float = 1.0) -> tuple[Floats, Floats]:
    """Do the same with virtual ties, which make the maximum finite.

    ties: how many virtual ties each of the first F models has with an opponent of strength 0.
    """
    half = np.full((len(won), 1), ties / 2)
    strengths, factor = maximize_likelihood(np.hstack((won, half)), np.hstack((lost, half)), np.append(theta, 0.0))
    return strengths[:-1], factor


def _factorize(information: Floats) -> Floats:
    """Return the lower Cholesky factor of the information matrix of F strengths.

    information (F, K): the information of each pair.

    If no strength is fixed, the matrix is singular in the direction of the mean. To make it invertible, a multiple of
    the projection onto that direction is added. In all other directions, the inverse of the sum is the pseudo-inverse,
    so differences do not change.

    Raises NotConverged if the matrix is singular to machine precision.
    """
    hessian = build_laplacian(information)
    if information.shape[1] == len(hessian):
        hessian += np.trace(hessian) / hessian.size
    # The matrix is symmetric. Its transpose has the memory layout that LAPACK needs to work in place.
    factor: Floats
    factor, failed = dpotrf(hessian.T, lower=True, clean=False, overwrite_a=True)
    if failed:
        raise NotConverged("the likelihood is flat to machine precision at these strengths")
    return factor


def _find_farthest_move(step: Floats, votes: Floats) -> float:
    """Return the largest change in the difference between two models with votes on each other.

    If a full step is possible anyway, return an upper bound.
    """
    bound = float(np.ptp(step))
    if bound <= _MAX_FULL_STEP:
        return bound
    return float(np.abs(step[: len(votes), None] - step)[votes > 0].max())


def compute_damping(farthest: float) -> float:
    """Return the factor for a Newton step that moves a pair by up to `farthest` units."""
    return 1.0 if farthest <= _MAX_FULL_STEP else float(np.log1p(farthest) / farthest)
