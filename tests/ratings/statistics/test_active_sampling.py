import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import sampling as simulation
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.comparisons import Comparisons
from tests.ratings.votes import any_board, board_strategy, build_board


def compute_weights(board):
    return compute_pair_weights(board, bradley_terry.fit(board))


def build_pair_board(pairs):
    """A board where each side wins half of the votes (M, M) of each pair."""
    pairs = np.array(pairs)
    return build_board(pairs // 2, 0 * pairs)


def add_newcomers(size, votes, new):
    pairs = np.full((size + new, size + new), votes)
    pairs[size:] = pairs[:, size:] = 0
    return build_pair_board(pairs)


def sum_shares(weights, models):
    """The share of all votes in which one of these models takes part."""
    others = np.delete(np.arange(len(weights)), models)
    return 1 - weights[np.ix_(others, others)].sum() / 2


def is_distribution(weights):
    off_diagonal = weights[~np.eye(len(weights), dtype=bool)]
    return (
        np.isfinite(weights).all()
        and (weights == weights.T).all()
        and not weights.diagonal().any()
        and (off_diagonal >= 0).all()
        and weights.sum() == pytest.approx(2 if len(weights) > 1 else 0)
    )


@given(any_board | st.integers(2, 14).flatmap(lambda size: board_strategy(size, 10**9)))
def test_weights_are_a_distribution_over_the_pairs_of_any_board(board):
    assert is_distribution(compute_weights(board))


def test_prior_of_one_tie_beside_millions_of_votes_is_found():
    """With so many votes, rounding exceeds the last step along the direction that only ties decide."""
    wins, ties = np.full((7, 7), 9_898_497), np.ones((7, 7), dtype=int)
    wins[0, 1], wins[0, 4] = 1, 0
    assert is_distribution(compute_weights(build_board(wins, ties)))


def chain(size):
    wins = np.zeros((size, size))
    wins[np.arange(size - 1), np.arange(1, size)] = 1e9
    return build_board(wins, 0 * wins)


def groups(size):
    pairs = np.kron(np.eye(2, dtype=int), np.full((size, size), 100))
    return build_board(0 * pairs, pairs)


boards = {
    "no models": build_pair_board(np.zeros((0, 0), dtype=int)),
    "one model": build_pair_board([[0]]),
    "no votes": build_pair_board(np.zeros((30, 30), dtype=int)),
    "a chain of landslides": chain(60),
    "two groups that never met, all ties": groups(8),
    "all ties": build_board(np.zeros((12, 12)), np.full((12, 12), 1000)),
    "everything settled": build_pair_board(np.full((40, 40), 10**9)),
}


@pytest.mark.parametrize("board", boards.values(), ids=boards)
def test_weights_exist_for_boards_that_have_no_fit_too(board):
    assert is_distribution(compute_weights(board))


def test_weights_are_even_where_all_models_are_alike():
    weights = compute_weights(build_pair_board(np.full((25, 25), 40)))
    assert weights[np.triu_indices(25, 1)] == pytest.approx(1 / 300)


def test_weights_join_two_groups_that_never_met():
    weights = compute_weights(groups(6))
    assert weights[:6, 6:].sum() > 0.8


def test_weights_do_not_take_a_few_lucky_votes_for_certainty():
    """If votes are as expected, residuals are almost zero, and so are the widths of intervals."""
    board = add_newcomers(40, 200, 2)
    wins, ties = board.wins.copy(), board.ties.copy()
    wins[0, 1:40] += 5
    ties[40, :40] = ties[:40, 40] = 1.5
    wins[41, :40] = wins[:40, 41] = 2
    board = Comparisons.from_counts(board.labels, wins, ties)
    assert bradley_terry.fit(board).se[40] < 1
    assert sum_shares(compute_weights(board), [40]) > 0.8


@given(any_board, st.randoms(use_true_random=False))
def test_weights_do_not_depend_on_the_order_of_the_models(board, random):
    order = random.sample(range(len(board.labels)), len(board.labels))
    cells = np.ix_(order, order)
    reordered = compute_weights(Comparisons.from_counts(order, board.wins[cells], board.ties[cells]))
    assert reordered == pytest.approx(compute_weights(board)[cells], abs=1e-8)


def test_weights_are_the_shrink_of_the_variance_that_matters():
    """The expected weights invert the information with each single vote added.

    With few models, all are newcomers and contenders.
    """
    board = build_pair_board([[0, 8, 4, 0], [8, 0, 2, 0], [4, 2, 0, 6], [0, 0, 6, 0]])
    votes = board.votes / 4
    information = np.diag(votes.sum(axis=1)) - votes + np.eye(4) / 4
    field = np.eye(4) - information.diagonal() / information.trace()
    among = np.eye(4) - 0.25
    matters = (1.05 * field.T @ field + 3 * among) / 4
    before = np.trace(matters @ np.linalg.inv(information))
    shrink = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            contrast = np.eye(4)[i] - np.eye(4)[j]
            after = information + np.outer(contrast, contrast) / 4
            shrink[i, j] = before - np.trace(matters @ np.linalg.inv(after))
    assert compute_weights(board) == pytest.approx(2 * shrink / shrink.sum(), abs=1e-10)


@pytest.mark.slow
def test_newcomers_settle_with_far_fewer_votes_than_by_uniform_pairs():
    weighted = simulation.run_newcomers(1, 100, 200_000, weighted=True)
    even = simulation.run_newcomers(1, 100, 200_000, weighted=False, batch=1000)
    effective, largest = simulation.measure_opponents(weighted)
    assert even.votes > 4.5 * weighted.votes
    assert effective > 50
    assert largest < 0.1


@pytest.mark.slow
def test_contested_top_settles_with_far_fewer_votes_than_by_uniform_pairs():
    weighted = simulation.run_top(1, 60, 15_000, weighted=True, batch=250)
    even = simulation.run_top(1, 60, 15_000, weighted=False, batch=1000)
    assert weighted.votes < 0.6 * even.votes


@pytest.mark.slow
def test_intervals_cover_the_truth_under_these_weights():
    hits = [simulation.check_coverage(seed, size=12, votes=1500, batch=150) for seed in range(40)]
    assert np.mean(hits) > 0.93


def test_newcomer_among_many_votes_stands_in_a_third_of_the_draws():
    """Its weights alone would put the newcomer into nine of ten draws, so that few voters could decide its rating."""
    board = add_newcomers(20, 26, new=1)
    weights = compute_weights(board)

    chances = simulation.compute_draw_shares(weights)

    assert board.votes.sum() / 2 == 190 * 26
    assert sum_shares(weights, [20]) > 0.9
    assert sum_shares(chances, [20]) == pytest.approx(0.35)
    in_200_draws = np.random.default_rng(1).multinomial(200, chances[np.triu_indices(21, 1)])
    with_newcomer = np.nonzero(np.triu_indices(21, 1)[1] == 20)[0]
    assert in_200_draws[with_newcomer].sum() <= 0.35 * 200 + 3 * np.sqrt(200 * 0.35 * 0.65)
