"""Votes of a small arena, drawn fairly, with or without an attack."""

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import expit

from ratings.statistics import vote_filter

MODELS = 12
A_WON, B_WON, TIE, BOTH_BAD = range(4)


@dataclass
class Sample:
    """The columns of `vote_filter.weigh`."""

    voter: np.ndarray
    model_a: np.ndarray
    model_b: np.ndarray
    outcome: np.ndarray
    time: np.ndarray
    draw: np.ndarray
    shares: np.ndarray

    def compute_weights(self):
        return vote_filter.weigh(**vars(self))

    def select(self, rows):
        votes = {column.name: getattr(self, column.name)[rows] for column in fields(self) if column.name != "shares"}
        return Sample(shares=self.shares, **votes)


def sample_votes(seed, votes=9000, each=2, days=6.0, chance=None, completion=None, shift=0.0):
    """Return honest votes. Voters with `each` votes come at random times.

    chance (M, M): the symmetric chances of pairs, summing to 2, or None for an even draw.
    completion (M,): how often battles with the model are judged.
    """
    rng = np.random.default_rng(seed)
    pairs = np.array(np.triu_indices(MODELS, 1))
    chances = np.full(len(pairs[0]), 1 / len(pairs[0])) if chance is None else chance[pairs[0], pairs[1]]
    judged = chances if completion is None else chances * completion[pairs[0]] * completion[pairs[1]]
    pair = rng.choice(len(chances), votes, p=judged / judged.sum())
    first, second = np.where(rng.random(votes) < 0.5, pairs[:, pair], pairs[::-1, pair])
    shares = np.bincount(pairs[0], chances, MODELS) + np.bincount(pairs[1], chances, MODELS)
    voter = np.arange(votes) // each
    time = np.sort(rng.random(votes // each + 1) * days)[voter] + shift
    outcome = judge(rng, first, second)
    return Sample(voter, first, second, outcome, time, np.zeros(votes, int), shares[None, :])


def judge(rng, first, second):
    theta = np.linspace(0.7, -0.7, MODELS)
    won = rng.random(len(first)) < expit(theta[first] - theta[second])
    kind = rng.random(len(first))
    return np.where(kind < 0.08, BOTH_BAD, np.where(kind < 0.22, TIE, np.where(won, A_WON, B_WON)))


def add_attack(sample, target, votes, each, *, seed=1, lower=False, days=None):
    """Add accounts that vote only in the target's battles, for it or, if `lower`, against it."""
    rng = np.random.default_rng(seed)
    other = rng.choice(np.delete(np.arange(MODELS), target), votes)
    on_a = rng.random(votes) < 0.5
    begin, end = days or (sample.time.min(), sample.time.max())
    account = np.arange(votes) // each
    moment = begin + (end - begin) * rng.random(votes // each + 1)[account]
    extra = Sample(
        sample.voter.max() + 1 + account,
        np.where(on_a, target, other),
        np.where(on_a, other, target),
        np.where(on_a != lower, A_WON, B_WON),
        moment,
        np.zeros(votes, int),
        sample.shares,
    )
    return join(sample, extra)


def join(first, second):
    votes = {
        column.name: np.append(getattr(first, column.name), getattr(second, column.name))
        for column in fields(first)
        if column.name != "shares"
    }
    return Sample(shares=first.shares, **votes)
