"""The expected properties of honest votes, estimated only from the closed epochs.

A model's chance of being in a vote is its chance in the draw table of that vote, corrected for completion: voters
abandon battles with some models, such as slow ones, more often than others.
"""

from dataclasses import dataclass

import numpy as np

from ratings.statistics.likelihood import maximize_with_ties
from ratings.statistics.vote_arrays import Flags, Floats

# The rating of a model with less weight than this in closed epochs is too uncertain for an e-value.
MIN_KNOWN_WEIGHT = 50.0
COMPLETION_PRIOR = 50.0
_COMPLETION_ROUNDS = 5
_RATING_PRIOR = 1.0  # virtual ties of each model with a model of strength 0
# The shares of ties and of "both bad" before there are votes, and their weight in votes.
_PRIOR_TIES = 0.14
_PRIOR_BOTH_BAD = 0.08
_PRIOR_VOTES = 20.0
_MIN_MODELS_FOR_SPREAD = 8
_MEDIAN_OF_CHI_SQUARE = 0.455
_MIN_VARIANCE = 0.015**2
_MAX_CHANCE = 1 - 1e-9


@dataclass(frozen=True, eq=False)
class Expectations:
    """The expected properties of honest votes in one epoch.

    theta (M,): strengths in natural units.
    known (M,): whether the model has enough votes for its strength to be used.
    tie, both_bad: the shares of these outcomes.
    completion (M,): how often battles with the model are judged, relative to the others.
    completion_error (M,): the standard error of the logarithm of `completion`.
    """

    theta: Floats
    known: Flags
    tie: float
    both_bad: float
    completion: Floats
    completion_error: Floats

    def correct_shares(self, shares: Floats) -> Floats:
        """Return each model's chance of being in a vote (D, M), given its chance of being drawn."""
        weighted = shares * self.completion
        corrected: Floats = np.minimum(2 * weighted / weighted.sum(axis=1, keepdims=True), _MAX_CHANCE)
        return np.where(shares >= 1, 1.0, corrected)  # a model that is in every pair is in every vote


def estimate_completion(seen: Floats, drawn: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Return the relative completion and the standard error of its logarithm (M,).

    seen (M,): the number of votes with each model.
    drawn (D,): the number of votes under each draw table.

    The estimates are shrunk toward 1, and more strongly if the models differ only by chance. The spread of the models
    is estimated with a median, which a few attacked models cannot change.
    """
    used = drawn > 0
    table, drawn = shares[used], drawn[used]
    completion = np.ones(len(seen))
    prior = COMPLETION_PRIOR
    for _ in range(_COMPLETION_ROUNDS):
        # The expected votes with each model if its own completion were 1 and the others' were as estimated.
        expected = (2 * drawn / (table @ completion)) @ table
        prior = _estimate_prior(seen, expected)
        completion = (seen + prior) / (expected + prior)
    return completion, 1 / np.sqrt(expected + prior)


def _estimate_prior(seen: Floats, expected: Floats) -> float:
    """Return the weight of the prior in votes: 1 / variance of the completion, at least `COMPLETION_PRIOR`."""
    enough = expected >= COMPLETION_PRIOR
    if enough.sum() < _MIN_MODELS_FOR_SPREAD:
        return COMPLETION_PRIOR
    squares = (seen[enough] / expected[enough] - 1) ** 2 / _MEDIAN_OF_CHI_SQUARE
    variance = max(float(np.median(squares - 1 / expected[enough])), 0.0)
    return max(COMPLETION_PRIOR, 1 / max(variance, _MIN_VARIANCE))


def estimate_strengths(score: Floats, start: Floats) -> Floats:
    """Return the strengths (M,). score (M, M): the wins of each model over each other model. A tie is half a win."""
    return maximize_with_ties(score, score.T, start, _RATING_PRIOR)[0]


def estimate_tie_shares(ties: float, both_bad: float, votes: float) -> tuple[float, float]:
    """Return the shares of ties and of both-bad votes, shrunk toward the prior shares."""
    total = votes + _PRIOR_VOTES
    return (ties + _PRIOR_VOTES * _PRIOR_TIES) / total, (both_bad + _PRIOR_VOTES * _PRIOR_BOTH_BAD) / total
