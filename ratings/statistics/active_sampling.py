"""Weights for drawing the next pair, so that new votes reduce the most important errors.

One vote on models i and j adds p q (e_i - e_j)(e_i - e_j)' to the information matrix, which is a rank-one update of the
covariance matrix V. The weighted sum of the variances to reduce is trace(W V) for a matrix of weights W. The vote
reduces this sum by p q (e_i - e_j)' V W V (e_i - e_j) / (1 + p q (e_i - e_j)' V (e_i - e_j)). This is sequential design
for a linear optimality criterion (V. V. Fedorov, Theory of Optimal Experiments, 1972). Pairs are drawn with a
probability proportional to this reduction. If the best pair were always drawn, a model would meet the same opponent
again and again.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING
from ratings.statistics.interval_widths import compute_difference_variances
from ratings.statistics.likelihood import build_laplacian, compute_chances, maximize_with_ties
from ratings.statistics.vote_arrays import Flags, Floats

# A model is a newcomer if it has fewer votes than this, or an interval with a larger half-width (in Elo points).
NEWCOMER_VOTES = 100
NEWCOMER_HALF_WIDTH = 20.0
CONTENDER_COUNT = 10

# The weights of three mean variances: differences between contenders, newcomers against the field, and all models
# against the field. Sums would depend on the number of models in each group, so a few newcomers would have almost no
# weight, and neither would the contenders of a new board.
_CONTENDER_WEIGHT = 3.0
_NEWCOMER_WEIGHT = 1.0
_FIELD_WEIGHT = 0.05
# The information of one tie between two equally strong models.
_PRIOR_INFORMATION = 0.25
# A smaller variance is a rounding error.
_MIN_VARIANCE = 1e-15


def compute_pair_weights(board: Comparisons, fit: Fit) -> Floats:
    """Return each pair's share of the next battles, as an (M, M) matrix.

    The matrix is symmetric and finite, with a zero diagonal and no negative values. The shares of the pairs i < j add
    up to 1, or to 0 if there is no pair.

    The shares are chosen to reduce the errors of:

    - the differences between contenders,
    - newcomers' ratings relative to the field,
    - all ratings relative to the field, with a small weight.

    Each model counts as a contender with the probability that it is among the ten best. The field is the mean of all
    ratings, weighted by information, so a model without votes has almost no weight in it.

    Each model has a prior that is worth one tie against an opponent rated 1000, so a board without votes is valid
    input.

    Raises likelihood.NotConverged as `bradley_terry.fit` does.
    """
    size = len(board.labels)
    if size < 2:
        return np.zeros((size, size))
    theta, _ = maximize_with_ties(board.score, board.score.T, (fit.ratings - MEAN_RATING) / ELO_SCALE)
    p, q = compute_chances(theta, theta)
    information = build_laplacian(board.votes * p * q) + _PRIOR_INFORMATION * np.eye(size)
    covariance = cho_solve(cho_factor(information), np.eye(size))
    field = information.diagonal() / information.trace()
    against_field = covariance - field @ covariance
    variance = np.maximum(against_field.diagonal() - against_field @ field, _MIN_VARIANCE)
    gain = _compute_gain(against_field, _find_newcomers(board, fit), _compute_contender_chances(theta, variance))
    reduction = p * q * compute_difference_variances(gain) / (1 + p * q * compute_difference_variances(covariance))
    shares: Floats = (reduction + reduction.T) / reduction.sum()
    return shares


def _find_newcomers(board: Comparisons, fit: Fit) -> Flags:
    has_few_votes: Flags = board.votes.sum(axis=1) < NEWCOMER_VOTES
    return has_few_votes | fit.unbounded | (fit.half_width > NEWCOMER_HALF_WIDTH)


def _compute_contender_chances(theta: Floats, variance: Floats) -> Floats:
    """Return the approximate probability that each model is among the ten best, as an array (M,)."""
    if len(theta) <= CONTENDER_COUNT:
        return np.ones(len(theta))
    weakest_inside, strongest_outside = -np.sort(-theta)[CONTENDER_COUNT - 1 : CONTENDER_COUNT + 1]
    threshold = (weakest_inside + strongest_outside) / 2
    chance: Floats = ndtr((theta - threshold) / np.sqrt(variance))
    return chance


def _compute_gain(against_field: Floats, newcomers: Flags, contenders: Floats) -> Floats:
    """Return the (M, M) matrix V W V, up to terms that cancel in the variances of differences."""
    contender_weights = _CONTENDER_WEIGHT * contenders / contenders.sum()
    newcomer_weights = _NEWCOMER_WEIGHT * newcomers / max(int(newcomers.sum()), 1)
    weights = contender_weights + newcomer_weights + _FIELD_WEIGHT / len(newcomers)
    common = contender_weights @ against_field
    gain: Floats = against_field.T @ (weights[:, None] * against_field) - np.outer(common, common) / _CONTENDER_WEIGHT
    return gain
