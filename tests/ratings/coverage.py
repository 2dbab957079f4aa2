"""Simulations: how often do intervals, rank ranges and tiers hold the truth?"""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from ratings import bradley_terry
from ratings.bradley_terry import SCALE, Z95
from ratings.comparisons import Comparisons
from ratings.ranks import ranks
from tests.ratings.votes import clustered, judged, outcomes, simulated

SPREAD = 0.45  # of strengths: 78 Elo points
HUGE = 10_000_000


class RanksHeld(NamedTuple):
    """How often rank ranges hold, the least of all models; how often all tiers do; mean widths of ranges."""

    ranges: float
    tiers: float
    width: float
    overlapping: float


def covered(fit, theta):
    """(M,): whose interval holds the truth."""
    true = 1000 + SCALE * (theta - theta.mean())
    return np.abs(fit.ratings - true) <= Z95 * fit.se


def of_intervals(runs, seed=20240814):
    """50 models, 20,000 votes."""
    rng = np.random.default_rng(seed)
    hits = []
    for _ in range(runs):
        theta = rng.normal(0, SPREAD, 50)
        hits.append(covered(bradley_terry.fit(simulated(rng, theta, 20_000)), theta))
    return np.mean(hits)


def of_a_newcomer(runs, seed=7):
    """A model with 100 votes among 19 with ten million."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, SPREAD, 20)
    hits = []
    for _ in range(runs):
        pairs = np.full((20, 20), HUGE // 171)
        pairs[:, -1] = rng.multinomial(100, np.append(np.full(19, 1 / 19), 0))
        hits.append(covered(bradley_terry.fit(outcomes(rng, theta, np.triu(pairs, 1))), theta)[-1])
    return np.mean(hits)


def of_voters_with_tastes(runs):
    """20 voters with 100 votes each, whose taste varies by 69 Elo points: plain intervals and clustered ones."""
    plain, grouped = [], []
    for seed in range(runs):
        votes, voter, theta = judged(seed, voters=20, models=10, each=100)
        plain.append(covered(bradley_terry.fit(Comparisons.from_votes(*votes)), theta))
        grouped.append(covered(clustered(votes, voter), theta))
    return np.mean(plain), np.mean(grouped)


def of_ranks(runs, spread):
    """50 models whose strengths spread by so many Elo points, 20,000 votes; see `RanksHeld`."""
    rng = np.random.default_rng(spread)
    ranges, widths, tiers = [], [], []
    for _ in range(runs):
        theta = rng.normal(0, spread / SCALE, 50)
        fit = bradley_terry.fit(simulated(rng, theta, 20_000))
        found, true = ranks(fit), 1 + (theta[:, None] > theta).sum(axis=0)
        ranges.append((found.rank_low <= true) & (true <= found.rank_high))
        overlap = (fit.ci_low[:, None] > fit.ci_high).sum(axis=1)
        widths.append([(found.rank_high - found.rank_low).mean(), (50 - overlap - found.rank_ub).mean()])
        tiers.append(_tiers_hold(fit, theta))
        assert (found.tier[true == 1] == 1).all() or not tiers[-1]
    width, overlapping = np.mean(widths, axis=0)
    return RanksHeld(np.mean(ranges, axis=0).min(), np.mean(tiers), width, overlapping)


def joint(fit, leader):
    """(M,): the standard error of each model's distance to one of them."""
    variance = fit.covariance.diagonal()
    return np.sqrt(np.maximum(variance + variance[leader] - 2 * fit.covariance[leader], 0))


def _tiers_hold(fit, theta):
    """Whether no model is put below the tier of a leader that it equals: all distances are within their error."""
    leader = fit.ratings.argmax()
    gap = fit.ratings[leader] - fit.ratings - SCALE * (theta[leader] - theta)
    return (np.abs(gap) <= norm.ppf((1 + 0.95 ** (1 / 1225)) / 2) * joint(fit, leader) + 1e-9).all()
