"""Which pair of models to ask about next: that whose vote does most for what people look at.

A vote between i and j adds p q (e_i - e_j)(e_i - e_j)' to the information, and its covariance V shrinks by a matrix of
rank one. With trace(W V) the sum of the variances that matter, it shrinks by p q (e_i - e_j)' V W V (e_i - e_j) /
(1 + p q (e_i - e_j)' V (e_i - e_j)). This is the sequential design for linear criteria (V. V. Fedorov, Theory of
Optimal Experiments, 1972), but drawn in proportion: the best pair alone would make every opponent the same.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import MEAN, SCALE, Z95
from ratings.statistics.likelihood import Flags, chances, laplacian, maximise
from ratings.statistics.vote_arrays import Floats

# A newcomer has fewer votes than this, or an interval of more than so many Elo points to each side.
MIN_VOTES = 100
NEWCOMER = 20.0
TOP = 10

# How much the mean variance counts of the contenders among each other, of the newcomers against the field, and of all
# against the field. Means and not sums: else a few newcomers wait for the top, or the top for all of a young board.
_CONTENDERS, _NEWCOMERS, _ALL = 3.0, 1.0, 0.05
# The information of one tie between equals.
_PRIOR = 0.25
# A variance of less is rounding.
_LEAST = 1e-15


def pair_weights(board: Comparisons, fit: Fit) -> Floats:
    """The share (M, M) with which each pair should be asked next, from a board and its fit.

    Symmetric, finite, at least zero, with a zero diagonal; the sum over pairs i < j is 1, or 0 if there is no pair.
    What matters are the ratings of newcomers against the field, the differences among the contenders, each of which
    counts by its chance to be among the ten best, and a little every rating. The field is the mean weighted by
    information, to which a model without votes adds next to nothing.

    Each model has a prior as strong as one tie against 1000, so any board will do, without votes too.
    likelihood.NotConverged as for `bradley_terry.fit`.
    """
    size = len(board.labels)
    if size < 2:
        return np.zeros((size, size))
    theta = _strengths(board, (fit.ratings - MEAN) / SCALE)
    p, q = chances(theta, theta)
    information = laplacian(board.votes * p * q) + _PRIOR * np.eye(size)
    covariance = cho_solve(cho_factor(information), np.eye(size))
    field = information.diagonal() / information.trace()
    against_field = covariance - field @ covariance
    variance = np.maximum(against_field.diagonal() - against_field @ field, _LEAST)
    gain = _gain(against_field, _newcomers(board, fit), _contenders(theta, variance))
    shrink = p * q * _variances(gain) / (1 + p * q * _variances(covariance))
    shares: Floats = (shrink + shrink.T) / shrink.sum()
    return shares


def _strengths(board: Comparisons, start: Floats) -> Floats:
    """Theta (M,), each model with a virtual tie against an opponent of strength 0."""
    half = np.full((len(start), 1), 0.5)
    won, lost = (np.hstack((score, half)) for score in (board.score, board.score.T))
    return maximise(won, lost, np.append(start, 0.0))[0][:-1]


def _newcomers(board: Comparisons, fit: Fit) -> Flags:
    few: Flags = board.votes.sum(axis=1) < MIN_VOTES
    return few | fit.unbounded | (Z95 * fit.se > NEWCOMER)


def _contenders(theta: Floats, variance: Floats) -> Floats:
    """(M,): about the chance of each model to be among the ten best."""
    if len(theta) <= TOP:
        return np.ones(len(theta))
    last, next_one = -np.sort(-theta)[TOP - 1 : TOP + 1]
    chance: Floats = ndtr((theta - (last + next_one) / 2) / np.sqrt(variance))
    return chance


def _gain(against_field: Floats, newcomers: Flags, contenders: Floats) -> Floats:
    """V W V, of which only differences matter."""
    among = _CONTENDERS * contenders / contenders.sum()
    weights = among + _NEWCOMERS * newcomers / max(int(newcomers.sum()), 1) + _ALL / len(newcomers)
    common = among @ against_field
    gain: Floats = against_field.T @ (weights[:, None] * against_field) - np.outer(common, common) / _CONTENDERS
    return gain


def _variances(covariance: Floats) -> Floats:
    """Of all differences (M, M); rounding does not take them below zero."""
    own = covariance.diagonal()
    differences: Floats = np.maximum(own[:, None] + own - (covariance + covariance.T), 0)
    return differences
