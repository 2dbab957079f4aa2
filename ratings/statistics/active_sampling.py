"""The share of the next battles that each pair of models should get, so that votes help most where people look.

A vote between i and j adds p q (e_i - e_j)(e_i - e_j)' to the information, so the covariance V shrinks by a matrix of
rank one. trace(W V) is the sum of the variances that matter. The vote shrinks it by
p q (e_i - e_j)' V W V (e_i - e_j) / (1 + p q (e_i - e_j)' V (e_i - e_j)). This is the sequential design for linear
criteria (V. V. Fedorov, Theory of Optimal Experiments, 1972). Here pairs are drawn in proportion to that gain: always
drawing the best pair would give every model the same opponent.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING, Z95
from ratings.statistics.likelihood import Flags, build_laplacian, compute_chances, maximize
from ratings.statistics.vote_arrays import Floats

# A newcomer has fewer votes than this, or an interval that reaches more than this many Elo points to each side.
NEWCOMER_VOTES = 100
NEWCOMER_HALF_WIDTH = 20.0
CONTENDER_COUNT = 10

# Weights of three mean variances: contenders among each other, newcomers against the field, all models against the
# field. They are means, because with sums a few newcomers would wait for the top, or the top for all models of a young
# board.
_CONTENDER_WEIGHT = 3.0
_NEWCOMER_WEIGHT = 1.0
_FIELD_WEIGHT = 0.05
# The information of one tie between equals.
_PRIOR_INFORMATION = 0.25
# A smaller variance is rounding.
_MIN_VARIANCE = 1e-15


def compute_pair_weights(board: Comparisons, fit: Fit) -> Floats:
    """Return the share (M, M) of the next battles that each pair should get, from a board and its fit.

    The shares are symmetric, finite and at least zero, with a zero diagonal. Their sum over pairs i < j is 1, or 0 if
    there is no pair. Three things matter: the ratings of newcomers against the field, the differences among the
    contenders, and, a little, every rating. A contender counts by its chance to be among the ten best. The field is the
    mean weighted by information, to which a model without votes adds next to nothing.

    Each model has a prior as strong as one tie against 1000, so a board without votes works too. Raises
    likelihood.NotConverged as `bradley_terry.fit` does.
    """
    size = len(board.labels)
    if size < 2:
        return np.zeros((size, size))
    theta = _fit_strengths(board, (fit.ratings - MEAN_RATING) / ELO_SCALE)
    p, q = compute_chances(theta, theta)
    information = build_laplacian(board.votes * p * q) + _PRIOR_INFORMATION * np.eye(size)
    covariance = cho_solve(cho_factor(information), np.eye(size))
    field = information.diagonal() / information.trace()
    against_field = covariance - field @ covariance
    variance = np.maximum(against_field.diagonal() - against_field @ field, _MIN_VARIANCE)
    gain = _compute_gain(against_field, _is_newcomer(board, fit), _compute_contender_chances(theta, variance))
    shrink = p * q * _compute_difference_variances(gain) / (1 + p * q * _compute_difference_variances(covariance))
    shares: Floats = (shrink + shrink.T) / shrink.sum()
    return shares


def _fit_strengths(board: Comparisons, start: Floats) -> Floats:
    """Strengths (M,) in natural units; each model has one virtual tie against an opponent of strength 0."""
    half = np.full((len(start), 1), 0.5)
    score = board.score
    won = np.hstack((score, half))
    lost = np.hstack((score.T, half))
    return maximize(won, lost, np.append(start, 0.0))[0][:-1]


def _is_newcomer(board: Comparisons, fit: Fit) -> Flags:
    has_few_votes: Flags = board.votes.sum(axis=1) < NEWCOMER_VOTES
    return has_few_votes | fit.unbounded | (Z95 * fit.se > NEWCOMER_HALF_WIDTH)


def _compute_contender_chances(theta: Floats, variance: Floats) -> Floats:
    """(M,): approximate chance of each model to be among the ten best."""
    if len(theta) <= CONTENDER_COUNT:
        return np.ones(len(theta))
    last, next_one = -np.sort(-theta)[CONTENDER_COUNT - 1 : CONTENDER_COUNT + 1]
    chance: Floats = ndtr((theta - (last + next_one) / 2) / np.sqrt(variance))
    return chance


def _compute_gain(against_field: Floats, newcomers: Flags, contenders: Floats) -> Floats:
    """V W V (M, M); only the variances of its differences matter."""
    contender_weights = _CONTENDER_WEIGHT * contenders / contenders.sum()
    newcomer_weights = _NEWCOMER_WEIGHT * newcomers / max(int(newcomers.sum()), 1)
    weights = contender_weights + newcomer_weights + _FIELD_WEIGHT / len(newcomers)
    common = contender_weights @ against_field
    gain: Floats = against_field.T @ (weights[:, None] * against_field) - np.outer(common, common) / _CONTENDER_WEIGHT
    return gain


def _compute_difference_variances(covariance: Floats) -> Floats:
    """(M, M): the variances of all differences; rounding does not take them below zero."""
    own = covariance.diagonal()
    differences: Floats = np.maximum(own[:, None] + own - (covariance + covariance.T), 0)
    return differences
