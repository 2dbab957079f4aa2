"""Which pairs are asked about next; how many votes that saves is in the long runs of bench/sampling.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.sampling import uniform
from ratings import bradley_terry
from ratings.bradley_terry import Z95
from ratings.comparisons import Comparisons
from ratings.sampling import pair_weights
from tests.ratings.votes import any_board, outcomes, simulated

SPREAD = 0.45


def weights(board):
    return pair_weights(board, bradley_terry.fit(board))


def ask(rng, theta, shares, votes):
    upper = np.triu_indices(len(theta), 1)
    pairs = np.zeros(shares.shape, dtype=int)
    pairs[upper] = rng.multinomial(votes, shares[upper] / shares[upper].sum())
    return outcomes(rng, theta, pairs)


def joined(board, more):
    return Comparisons.from_counts(board.labels, board.wins + more.wins, board.ties + more.ties)


def with_newcomers(board, number):
    grown = ((0, number),) * 2
    size = len(board.labels) + number
    return Comparisons.from_counts(range(size), np.pad(board.wins, grown), np.pad(board.ties, grown))


@settings(deadline=None)
@given(any_board)
def test_pair_weights_are_shares_whatever_the_votes(board):
    found = weights(board)

    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert not found.diagonal().any()
    assert np.array_equal(found, found.T)
    assert np.triu(found).sum() == pytest.approx(float(len(board.labels) > 1))


@settings(deadline=None)
@given(any_board, st.randoms())
def test_pair_weights_do_not_depend_on_the_order_of_models(board, random):
    order = list(range(len(board.labels)))
    random.shuffle(order)
    inside = np.ix_(order, order)
    shuffled = Comparisons.from_counts(range(len(order)), board.wins[inside], board.ties[inside])

    assert weights(shuffled) == pytest.approx(weights(board)[inside], abs=1e-9)


def test_pair_weights_of_an_empty_board_are_even():
    empty = Comparisons.from_counts(range(5), np.zeros((5, 5)), np.zeros((5, 5)))
    assert weights(empty) == pytest.approx(uniform(5))


def test_pair_weights_are_the_shrink_of_the_variances_that_matter():
    """Of two models there is one pair, of three equal ones each has the same."""
    assert weights(Comparisons.from_counts("ab", [[0, 3], [1, 0]], np.zeros((2, 2))))[0, 1] == 1
    same = 40 * (1 - np.eye(3))
    assert weights(Comparisons.from_counts("abc", same, same)) == pytest.approx((1 - np.eye(3)) / 3)


def test_pair_weights_favour_newcomers():
    rng = np.random.default_rng(1)
    found = weights(with_newcomers(simulated(rng, rng.normal(0, SPREAD, 40), 40_000), 2))
    assert found[40:].sum() > 5 * (80 / 861)


def test_pair_weights_favour_the_contested_top_where_everybody_is_known():
    rng = np.random.default_rng(1)
    theta = np.sort(rng.normal(0, SPREAD, 40))[::-1]
    found = weights(simulated(rng, theta, 100_000))
    assert np.triu(found[:12, :12]).sum() > 3 * (66 / 780)


def test_pair_weights_give_a_newcomer_many_opponents():
    rng = np.random.default_rng(2)
    found = weights(with_newcomers(simulated(rng, rng.normal(0, SPREAD, 40), 40_000), 1))

    shares = found[40, :40] / found[40, :40].sum()
    assert np.exp(-(shares * np.log(shares)).sum()) > 20
    assert shares.max() < 0.1


def test_newcomers_become_certain_with_far_fewer_votes_than_by_uniform_pairs():
    rng = np.random.default_rng(3)
    theta = np.append(rng.normal(0, SPREAD, 60), [0.3, -0.2, 0.0])
    start = with_newcomers(simulated(rng, theta[:60], 60_000), 3)
    needed = {}
    for weighted in (True, False):
        board, votes = start, 0
        while Z95 * bradley_terry.fit(board).se[60:].max() > 20:
            shares = 0.1 * uniform(63) + 0.9 * weights(board) if weighted else uniform(63)
            board = joined(board, ask(rng, theta, shares, 1000))
            votes += 1000
        needed[weighted] = votes

    assert needed[False] > 4.5 * needed[True]


def test_intervals_cover_the_truth_where_pairs_were_drawn_by_weight():
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(40):
        theta = rng.normal(0, SPREAD, 12)
        board = Comparisons.from_counts(range(12), np.zeros((12, 12)), np.zeros((12, 12)))
        for _ in range(10):
            board = joined(board, ask(rng, theta, 0.1 * uniform(12) + 0.9 * weights(board), 200))
        fit = bradley_terry.fit(board)
        truth = bradley_terry.MEAN + bradley_terry.SCALE * (theta - theta.mean())
        covered += int(((fit.ci_low <= truth) & (truth <= fit.ci_high)).sum())

    assert covered / (40 * 12) > 0.92
