import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binom

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import list_components
from ratings.statistics.placement import place_unbounded_models


def place_models(labels, wins, ties=None, theta=None):
    """The board, its first component, and the estimate of its unbounded models; the other strengths are given."""
    wins = np.array(wins, dtype=float)
    board = Comparisons.from_counts(list(labels), wins, np.zeros_like(wins) if ties is None else ties)
    part = list_components(board)[0]
    strengths = np.zeros(len(labels)) if theta is None else np.array(theta, dtype=float)
    return board, part, place_unbounded_models(board, part, strengths)


def test_place_gives_each_model_one_virtual_tie_against_1000():
    wins = [[0, 3, 0, 0], [2, 0, 0, 5], [4, 1, 0, 0], [0, 0, 0, 0]]
    board, part, estimate = place_models("abcd", wins, theta=[0.3, -0.3, 0, 0])
    theta = np.array([0.3, -0.3, *estimate.theta])
    assert part.unbounded.tolist() == [2, 3]
    for model in part.unbounded:
        expected = board.votes[model] @ expit(theta[model] - theta) + expit(theta[model])
        assert expected == pytest.approx(board.score[model].sum() + 0.5, abs=1e-9)


def test_place_closes_the_interval_where_the_record_has_a_chance_of_a_fortieth():
    _, _, estimate = place_models("abc", [[0, 1, 0], [1, 0, 0], [3, 2, 0]], theta=[0.4, -0.4, 0])
    assert np.isposinf(estimate.high[0])
    assert expit(estimate.low[0] - 0.4) ** 3 * expit(estimate.low[0] + 0.4) ** 2 == pytest.approx(0.025)


def test_place_mirrors_a_model_that_never_won():
    _, _, above = place_models("abc", [[0, 1, 0], [1, 0, 0], [3, 2, 0]], theta=[0.4, -0.4, 0])
    _, _, below = place_models("abc", [[0, 1, 3], [1, 0, 2], [0, 0, 0]], theta=[-0.4, 0.4, 0])
    assert below.theta == pytest.approx(-above.theta)
    assert below.high == pytest.approx(-above.low)
    assert np.isneginf(below.low[0])


def test_place_bounds_a_mixed_record_by_its_binomial_tail():
    # c and d beat a and b, and split 7 : 3 between themselves; c's record is one against d and one against a.
    wins = [[0, 9, 0, 0], [9, 0, 0, 0], [2, 0, 0, 7], [0, 2, 3, 0]]
    _, _, estimate = place_models("abcd", wins)

    def tail(rating):
        mean = (2 * expit(rating) + 10 * expit(rating - estimate.theta[1])) / 12
        return binom.sf(8, 12, mean) - 0.025

    assert estimate.low[0] == pytest.approx(brentq(tail, -30, 30))
    assert np.isposinf(estimate.high).all()


@pytest.mark.parametrize(
    ("games", "unbounded", "low_open", "high_open"),
    [
        ([], "a", [True], [True]),
        (["ab"], "ab", [False, True], [True, False]),
        (["ab", "bc"], "abc", [False, True, True], [True, True, False]),
        (["ab", "ba", "ca"], "c", [False], [True]),
        (["ab", "ba", "ac"], "c", [True], [False]),
        (["ab", "ba", "ca", "dc"], "cd", [False, False], [True, True]),
        (["ab", "ba", "ca", "cd"], "cd", [False, True], [True, False]),
        (["ab", "ba", "ac", "dc"], "cd", [True, False], [False, True]),
        (["ab", "ba", "ca", "cd", "ed", "df"], "cdef", [False, True, False, True], [True, True, True, False]),
        (["ab", "ba"] * 3 + ["ca", "cd", "dc"], "cd", [False, False], [True, True]),
    ],
)
def test_place_opens_the_end_away_from_the_bounded_models(games, unbounded, low_open, high_open):
    labels = sorted({*"".join(games), *unbounded})
    wins = np.zeros((len(labels), len(labels)))
    for winner, loser in games:
        wins[labels.index(winner), labels.index(loser)] += 1
    board, part, estimate = place_models(labels, wins)
    assert [board.labels[model] for model in part.unbounded] == list(unbounded)
    assert np.isinf(estimate.low).tolist() == low_open
    assert np.isinf(estimate.high).tolist() == high_open
    assert not estimate.clustered.any()
