"""Votes for tests of rating statistics, and a covariance that is summed vote by vote."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons, VoterCounts


def board_strategy(size, largest):
    """Return a strategy for boards with `size` models, with wins and ties from 0 to `largest`."""
    matrix = arrays(np.int64, (size, size), elements=st.integers(0, largest))
    return st.tuples(matrix, matrix).map(lambda pair: build_board(*pair))


def build_board(wins, ties):
    ties = np.triu(ties, 1)
    return Comparisons.from_counts(range(len(wins)), wins - np.diag(wins.diagonal()), ties + ties.T)


any_board = st.integers(0, 6).flatmap(lambda size: board_strategy(size, 3))


bounded_board = (
    st.integers(2, 6)
    .flatmap(lambda size: board_strategy(size, 50))
    .filter(lambda board: not bradley_terry.fit(board).unbounded.any() and not bradley_terry.fit(board).component.any())
)


def simulate_votes(seed, voters, models=6, each=60, taste=0.4):
    """Return votes (a, b, outcome), their voters, and the true strengths. Every voter has their own taste."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.45, models)
    tastes = theta + rng.normal(0, taste, (voters, models))
    voter = np.repeat(np.arange(voters), each)
    a = rng.integers(0, models, voter.size)
    b = (a + rng.integers(1, models, voter.size)) % models
    chance = expit(tastes[voter, a] - tastes[voter, b])
    margin = chance - rng.random(voter.size)
    outcome = np.where(np.abs(margin) < 0.2 * np.minimum(chance, 1 - chance), 0.5, margin > 0)
    return (a, b, outcome), voter, theta


def count_by_voter(board, voter, models, outcome, weight=1):
    """Return the counts of single votes, with one row per vote. The models are labels of the board."""
    first, second = (np.searchsorted(board.labels, side) for side in models)
    _, codes = np.unique(np.asarray(voter, dtype=int), return_inverse=True)
    counts = (weight * (np.asarray(outcome) == result) for result in (1, 0, 0.5))
    return VoterCounts(codes, first, second, *(count.astype(float) for count in counts))


def fit_clustered(votes, voter, board=None):
    board = board or Comparisons.from_votes(*votes)
    return bradley_terry.fit(board, cluster=count_by_voter(board, voter, votes[:2], votes[2]))


def simulated(rng, theta, votes):
    """Return a board of votes on uniformly drawn pairs, with a quarter of ties."""
    upper = np.triu_indices(len(theta), 1)
    pairs = np.zeros((len(theta), len(theta)), dtype=int)
    pairs[upper] = rng.multinomial(votes, np.full(len(upper[0]), 1 / len(upper[0])))
    return outcomes(rng, theta, pairs)


def outcomes(rng, theta, pairs):
    chance = expit(theta[:, None] - theta)
    tie = 0.6 * np.minimum(chance, 1 - chance)
    ties = rng.binomial(pairs, tie)
    wins = rng.binomial(pairs - ties, (chance - tie / 2) / (1 - tie))
    return build_board(wins + (pairs - ties - wins).T, ties)


def sandwich_by_loops(theta, votes, voters=None):
    """Return the covariance (M, M) of single votes (i, j, outcome), summed by voter. None is an unknown voter."""
    size = len(theta)
    bread, meat, scores = np.zeros((size, size)), np.zeros((size, size)), {}
    for (i, j, outcome), voter in zip(votes, voters or [None] * len(votes), strict=True):
        chance = 1 / (1 + np.exp(theta[j] - theta[i]))
        direction = np.zeros(size)
        direction[i], direction[j] = 1, -1
        bread += chance * (1 - chance) * np.outer(direction, direction)
        score = (outcome - chance) * direction
        if voter is None:
            meat += np.outer(score, score)
        else:
            scores[voter] = scores.get(voter, 0) + score
    for score in scores.values():
        meat += len(scores) / (len(scores) - 1) * np.outer(score, score)
    inverse = np.linalg.pinv(bread, rcond=1e-10)
    return ELO_SCALE**2 * inverse @ meat @ inverse


def compute_covariance_by_loops(fit, votes, voters):
    rows = list(zip(*(side.tolist() for side in votes), strict=True))
    return sandwich_by_loops((fit.ratings - 1000) / ELO_SCALE, rows, voters)
