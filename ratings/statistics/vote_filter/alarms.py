"""Finds groups of voters whose votes contain a model too often, so that an operator can review these votes."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from ratings.statistics.vote_arrays import Floats, Indices

MIN_VOTES = 50  # in a group, and outside of it
FALSE_ALARM_CHANCE = 1e-3  # over all groups and models together
# Voters abandon battles with some models more often. The votes outside the group show how often, but they may be rigged
# too, so they increase a model's expected appearances by at most this factor.
_MAX_COMPLETION = 1.25
_COMPLETION_PRIOR = 50.0  # added to both numbers of appearances, so that few votes show little
_TOLERANCE = 1.1


@dataclass(frozen=True)
class Excess:
    """A model that a group of voters judged more often than the draw explains.

    votes: the number of the group's votes.
    observed: the number of these votes that contain the model.
    expected: the number that the draw explains.
    """

    group: int
    model: int
    votes: int
    observed: int
    expected: float


def find_excesses(group: Indices, model_a: Indices, model_b: Indices, draw: Indices, shares: Floats) -> list[Excess]:
    """Return the excesses of all groups, least likely first.

    group (N,): the index of each vote's group, counting from 0, or -1 if the vote is not in a group.
    model_a, model_b (N,): the indexes of the models, from 0 to M - 1.
    draw (N,): the draw table of each vote, as a row of `shares`.
    shares (D, M): the chance that each model is in the pair, under each draw table.

    A model's expected number of appearances in a group's votes is the sum of its chances. It is increased if
    the model is also in more of the other votes than the draw explains, and because groups of honest voters prefer some
    battles. By Chernoff's bound, a sum of independent events with mean E reaches n > E with a
    chance of at most exp(-(n ln(n / E) - n + E)). There is an excess if the bound times the number of pairs of a group
    and a model is at most `FALSE_ALARM_CHANCE`.
    """
    votes = np.bincount(group[group >= 0])
    tested = np.flatnonzero((votes >= MIN_VOTES) & (len(group) - votes >= MIN_VOTES))
    if not len(tested):
        return []
    rows = np.full(len(votes) + 1, -1)  # group -1 indexes the last entry, which stays -1
    rows[tested] = np.arange(len(tested))
    row = rows[group]
    drawn = _count_votes(row, draw, (len(tested), len(shares)))
    size = (len(tested), shares.shape[1])
    observed = _count_votes(row, model_a, size) + _count_votes(row, model_b, size)
    expected = drawn @ shares
    observed_outside = np.bincount(model_a, minlength=size[1]) + np.bincount(model_b, minlength=size[1]) - observed
    expected_outside = np.bincount(draw, minlength=len(shares)) @ shares - expected
    completion = (observed_outside + _COMPLETION_PRIOR) / (expected_outside + _COMPLETION_PRIOR)
    tolerated = _TOLERANCE * np.clip(completion, 1.0, _MAX_COMPLETION) * expected
    minus_log_bound = xlogy(observed, observed) - xlogy(observed, tolerated) - observed + tolerated
    surprise = np.where(observed > tolerated, minus_log_bound, 0.0)
    hits = np.argwhere(surprise >= np.log(surprise.size / FALSE_ALARM_CHANCE)).tolist()
    hits.sort(key=lambda hit: -surprise[tuple(hit)])
    return [
        Excess(int(tested[i]), model, int(votes[tested[i]]), int(observed[i, model]), float(expected[i, model]))
        for i, model in hits
    ]


def _count_votes(row: Indices, column: Indices, shape: tuple[int, int]) -> Floats:
    """Return a table of the number of votes for each row and column. Votes with the row -1 are ignored."""
    inside = row >= 0
    keys = row[inside] * shape[1] + column[inside]
    return np.bincount(keys, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
