"""Simulations of how often intervals, rank ranges, and tiers cover the truth."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from core.text.proportions import Z95
from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.ranks import compute_ranks
from tests.ratings.votes import fit_clustered, outcomes, simulate_votes, simulated

SPREAD = 0.45  # standard deviation of strengths, equal to 78 Elo points
HUGE = 10_000_000


class Voters(NamedTuple):
    """Voters of 400 votes on 4 models: votes per voter, and the spread of tastes in natural units (0.4 = 69 Elo)."""

    votes: tuple[int, ...]
    taste: float = 0.4


FEW = {
    "5 voters": Voters((80,) * 5),
    "5 voters without tastes": Voters((80,) * 5, 0.0),
    "5 voters, one with 60 %": Voters((240, 40, 40, 40, 40)),
    "5 voters, one with 60 %, without tastes": Voters((240, 40, 40, 40, 40), 0.0),
    "10 voters": Voters((40,) * 10),
    "10 voters without tastes": Voters((40,) * 10, 0.0),
    "10 voters, one with 60 %": Voters((240, *(18,) * 8, 16)),
    "20 voters": Voters((20,) * 20),
    "20 voters without tastes": Voters((20,) * 20, 0.0),
    "20 voters, one with 30 %": Voters((120, *(15,) * 14, *(14,) * 5)),
    "60 voters, one with 60 %": Voters((240, *(3,) * 42, *(2,) * 17)),
}


class Held(NamedTuple):
    """Coverage of intervals: plain, clustered with a normal quantile, and from the fit."""

    plain: float
    normal: float
    fitted: float


class RanksHeld(NamedTuple):
    """Coverage of rank ranges (for the worst model) and of all tiers, and mean widths of ranges."""

    ranges: float
    tiers: float
    width: float
    overlapping: float


def is_covered(fit, theta, error=None):
    """Return whether each interval covers the truth, (M,)."""
    true = 1000 + ELO_SCALE * (theta - theta.mean())
    return np.abs(fit.ratings - true) <= (fit.half_width if error is None else Z95 * error)


def of_intervals(runs, seed=20240814):
    """Return the coverage with 50 models and 20,000 votes."""
    rng = np.random.default_rng(seed)
    hits = []
    for _ in range(runs):
        theta = rng.normal(0, SPREAD, 50)
        hits.append(is_covered(bradley_terry.fit(simulated(rng, theta, 20_000)), theta))
    return np.mean(hits)


def of_a_newcomer(runs, seed=7):
    """Return the coverage for a model with 100 votes among 19 models with ten million."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, SPREAD, 20)
    hits = []
    for _ in range(runs):
        pairs = np.full((20, 20), HUGE // 171)
        pairs[:, -1] = rng.multinomial(100, np.append(np.full(19, 1 / 19), 0))
        hits.append(is_covered(bradley_terry.fit(outcomes(rng, theta, np.triu(pairs, 1))), theta)[-1])
    return np.mean(hits)


def of_voters_with_tastes(runs):
    """Return the coverage of plain and clustered intervals for 20 voters with 100 votes and varied tastes (69 Elo)."""
    plain, grouped = [], []
    for seed in range(runs):
        votes, voter, theta = simulate_votes(seed, voters=20, models=10, each=100)
        plain.append(is_covered(bradley_terry.fit(Comparisons.from_votes(*votes)), theta))
        grouped.append(is_covered(fit_clustered(votes, voter), theta))
    return np.mean(plain), np.mean(grouped)


def of_few_voters(runs, voters):
    """Return the coverage with 4 models and 400 votes from a few voters."""
    hits = []
    for seed in range(runs):
        votes, voter, theta = simulate_votes(seed, len(voters.votes), models=4, each=voters.votes, taste=voters.taste)
        hits.append(check_coverage(votes, voter, theta))
    return Held(*np.mean(hits, axis=(0, 2)).tolist())


def of_a_newcomer_of_few_voters(runs, old=300, each=(25,) * 5):
    """Return the coverage for a new model with 25 votes from each of 5 voters, and ten models with 300 other voters."""
    hits = []
    for seed in range(runs):
        (a, b, outcome), voter, theta = simulate_votes(seed, old, models=10, each=20)
        rng = np.random.default_rng(seed + 10**6)
        new = rng.normal(0, SPREAD)
        voters = np.repeat(np.arange(len(each)), each)
        opponent = rng.integers(0, 10, voters.size)
        taste = rng.normal(0, 0.4, (2, len(each), 10))
        chance = expit(new + taste[0, voters, 0] - theta[opponent] - taste[1, voters, opponent])
        margin = chance - rng.random(voters.size)
        won = np.where(np.abs(margin) < 0.2 * np.minimum(chance, 1 - chance), 0.5, margin > 0)
        votes = np.append(a, np.full(voters.size, 10)), np.append(b, opponent), np.append(outcome, won)
        hits_by_kind = check_coverage(votes, np.append(voter, old + voters), np.append(theta, new))
        hits.append([kind[-1] for kind in hits_by_kind])
    return Held(*np.mean(hits, axis=0).tolist())


def check_coverage(votes, voter, theta):
    """Return whether each interval covers the truth, for each kind in `Held`, (3, M)."""
    plain, fit = bradley_terry.fit(Comparisons.from_votes(*votes)), fit_clustered(votes, voter)
    return [
        is_covered(plain, theta),
        is_covered(fit, theta, np.sqrt(fit.spread.covariance.diagonal())),
        is_covered(fit, theta),
    ]


def of_ranks(runs, spread):
    """Return the coverage of ranks with 20,000 votes on 50 models whose strengths vary by this many Elo points."""
    rng = np.random.default_rng(spread)
    ranges, widths, tiers = [], [], []
    for _ in range(runs):
        theta = rng.normal(0, spread / ELO_SCALE, 50)
        fit = bradley_terry.fit(simulated(rng, theta, 20_000))
        ranks, true = compute_ranks(fit), 1 + (theta[:, None] > theta).sum(axis=0)
        ranges.append((ranks.rank_low <= true) & (true <= ranks.rank_high))
        overlap = (fit.ci_low[:, None] > fit.ci_high).sum(axis=1)
        widths.append([(ranks.rank_high - ranks.rank_low).mean(), (50 - overlap - ranks.rank_ub).mean()])
        tiers.append(_has_valid_tiers(fit, theta))
        assert (ranks.tier[true == 1] == 1).all() or not tiers[-1]
    width, overlapping = np.mean(widths, axis=0)
    return RanksHeld(np.mean(ranges, axis=0).min(), np.mean(tiers), width, overlapping)


def compute_distance_errors(fit, leader):
    """Return the standard error of each model's distance to one of them, (M,)."""
    variance = fit.spread.covariance.diagonal()
    return np.sqrt(np.maximum(variance + variance[leader] - 2 * fit.spread.covariance[leader], 0))


def _has_valid_tiers(fit, theta):
    """Return whether all distances to the leader are within their errors, so that equal models share a tier."""
    leader = fit.ratings.argmax()
    gap = fit.ratings[leader] - fit.ratings - ELO_SCALE * (theta[leader] - theta)
    return (np.abs(gap) <= norm.ppf((1 + 0.95 ** (1 / 1225)) / 2) * compute_distance_errors(fit, leader) + 1e-9).all()
