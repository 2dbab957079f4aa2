"""The effect of one voter on a board of twenty models with 5,000 votes, drawn by the arena's own sampler."""

import numpy as np
import pytest

from bench.sampling import SPREAD, compute_draw_shares, simulate_votes
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.ranks import has_enough_votes

MODELS, VOTES, BATCH, BURST = 20, 5000, 500, 60


def add_votes(board, more):
    return Comparisons(board.labels, board.wins + more.wins, board.ties + more.ties)


def honest_board(rng, theta):
    board = simulate_votes(rng, theta, 1 - np.eye(MODELS), BATCH)
    while board.votes.sum() / 2 < VOTES:
        fit = bradley_terry.fit(board)
        board = add_votes(
            board, simulate_votes(rng, theta, compute_draw_shares(compute_pair_weights(board, fit)), BATCH)
        )
    return board


def add_rigged_votes(rng, chances, target, outcome):
    """Votes of a voter who starts sixty battles, recognizes the target with a detector, and gives it this outcome."""
    pairs = simulate_votes(rng, np.zeros(MODELS), chances, BURST).votes[target]
    wins = np.zeros((MODELS, MODELS))
    wins[target] = pairs * outcome
    wins[:, target] = pairs * (1 - outcome)
    return Comparisons(tuple(range(MODELS)), wins, np.zeros((MODELS, MODELS)))


@pytest.fixture(scope="module")
def boards():
    simulated = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        board = honest_board(rng, rng.normal(0, SPREAD, MODELS))
        simulated.append((rng, board, bradley_terry.fit(board)))
    return simulated


@pytest.mark.slow
def test_sixty_battles_of_one_voter_make_nobody_unranked_and_move_no_rating_by_an_error(boards):
    """The voter votes for or against one model of each board, but cannot choose its battles."""
    within = []
    for rng, board, fit in boards:
        chances, target = compute_draw_shares(compute_pair_weights(board, fit)), int(rng.integers(MODELS))
        for outcome in (1, 0):
            after_board = add_votes(board, add_rigged_votes(rng, chances, target, outcome))
            after = bradley_terry.fit(after_board, start=fit.ratings)
            ranked, still = (
                has_enough_votes(~each.unbounded, before.votes.sum(axis=1))
                for each, before in ((fit, board), (after, after_board))
            )
            assert (still >= ranked).all()
            within.append((np.abs(after.ratings - fit.ratings) < fit.se).all())
    assert np.mean(within) >= 0.95
