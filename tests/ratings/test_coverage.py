"""Simulations with fixed seeds: do intervals cover the truth as often as they say?"""

import numpy as np

from ratings import bradley_terry
from ratings.bradley_terry import SCALE, Z95
from ratings.comparisons import Comparisons
from tests.ratings.votes import clustered, judged, outcomes, simulated


def covered(fit, theta):
    true = 1000 + SCALE * (theta - theta.mean())
    return np.abs(fit.ratings - true) <= Z95 * fit.se


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(20240814)
    hits = []
    for _ in range(200):
        theta = rng.normal(0, 0.45, 50)
        hits.append(covered(bradley_terry.fit(simulated(rng, theta, 20_000)), theta))
    assert 0.94 < np.mean(hits) < 0.96


def test_interval_of_a_newcomer_on_a_huge_board_covers_the_truth():
    rng = np.random.default_rng(7)
    theta = rng.normal(0, 0.45, 20)
    hits = []
    for _ in range(400):
        pairs = np.full((20, 20), 10_000_000 // 171)
        pairs[:, -1] = rng.multinomial(100, np.append(np.full(19, 1 / 19), 0))
        hits.append(covered(bradley_terry.fit(outcomes(rng, theta, np.triu(pairs, 1))), theta)[-1])
    assert np.mean(hits) > 0.93


def test_clustered_intervals_cover_where_voters_have_tastes_and_plain_ones_do_not():
    plain, grouped = [], []
    for seed in range(120):
        votes, voter, theta = judged(seed, voters=20, models=10, each=100)
        plain.append(covered(bradley_terry.fit(Comparisons.from_votes(*votes)), theta))
        grouped.append(covered(clustered(votes, voter), theta))
    assert np.mean(grouped) > 0.92
    assert np.mean(plain) < 0.88
