import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons
from tests.ratings.votes import any_board, bounded_board, sandwich_by_loops

# Public Chatbot Arena votes up to 14 August 2024 between five of its models, published by LMSYS, as shipped
# in the package leaderbot 0.4.3 (BSD-3-Clause): wins of the first, of the second, ties, both bad.
ARENA = {
    ("alpaca-13b", "dolly-v2-12b"): (146, 52, 17, 87),
    ("alpaca-13b", "koala-13b"): (125, 220, 35, 126),
    ("alpaca-13b", "llama-13b"): (117, 41, 22, 71),
    ("alpaca-13b", "vicuna-13b"): (92, 330, 70, 85),
    ("dolly-v2-12b", "koala-13b"): (57, 189, 18, 82),
    ("dolly-v2-12b", "llama-13b"): (73, 41, 9, 93),
    ("dolly-v2-12b", "vicuna-13b"): (46, 286, 14, 69),
    ("koala-13b", "llama-13b"): (148, 28, 23, 76),
    ("koala-13b", "vicuna-13b"): (227, 464, 209, 175),
    ("llama-13b", "vicuna-13b"): (32, 238, 18, 44),
}


def arena_votes():
    rows = []
    for (a, b), (won, lost, tied, bad) in ARENA.items():
        rows += [(a, b, 1)] * won + [(a, b, 0)] * lost + [(a, b, 0.5)] * (tied + bad)
    names = sorted({name for row in rows for name in row[:2]})
    return [[names.index(a) for a, _, _ in rows], [names.index(b) for _, b, _ in rows], [row[2] for row in rows]]


# Stigler's citations between four journals of statistics, the worked example of the R package BradleyTerry2
# (H. Turner and D. Firth, Journal of Statistical Software 48(9), 2012): Biometrika, Comm. Statist., JASA, JRSS-B.
CITATIONS = np.array([[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]])


def test_fit_gives_the_published_ratings_of_the_citations_example():
    fit = bradley_terry.fit(Comparisons.from_counts(range(4), CITATIONS, 0 * CITATIONS))
    log_odds = (fit.ratings - fit.ratings[0])[1:] / ELO_SCALE
    assert log_odds == pytest.approx([-2.94907, -0.47957, 0.26895], abs=5e-6)
    # The published errors are those of the Hessian; without ties, the sandwich differs where the model fits badly.
    variance = fit.spread.covariance.diagonal() + fit.spread.covariance[0, 0] - 2 * fit.spread.covariance[0]
    assert np.sqrt(variance[1:]) / ELO_SCALE == pytest.approx([0.10255, 0.06059, 0.07083], rel=0.005)


def gradient(score, theta):
    return (score - (score + score.T) * expit(theta[:, None] - theta)).sum(axis=1)


def test_fit_agrees_with_a_sandwich_summed_vote_by_vote():
    model_a, model_b, outcome = arena_votes()
    board = Comparisons.from_votes(model_a, model_b, outcome)
    fit = bradley_terry.fit(board)
    votes = zip(model_a, model_b, outcome, strict=True)
    expected = sandwich_by_loops((fit.ratings - 1000) / ELO_SCALE, list(votes))
    assert fit.spread.covariance == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert fit.se == pytest.approx(np.sqrt(expected.diagonal()), rel=1e-8)
    assert fit.ci_high - fit.ratings == pytest.approx(1.959964 * fit.se, rel=1e-6)
    assert fit.ratings - fit.ci_low == pytest.approx(1.959964 * fit.se, rel=1e-6)


@given(bounded_board, st.randoms(use_true_random=False))
def test_fit_does_not_depend_on_the_order_of_the_models(board, random):
    order = random.sample(range(len(board.labels)), len(board.labels))
    cells = np.ix_(order, order)
    reordered = bradley_terry.fit(Comparisons.from_counts(order, board.wins[cells], board.ties[cells]))
    fit = bradley_terry.fit(board)
    assert reordered.ratings == pytest.approx(fit.ratings[order], abs=1e-6)
    assert reordered.spread.covariance == pytest.approx(fit.spread.covariance[cells], rel=1e-6, abs=1e-6)


@given(bounded_board, st.lists(st.floats(-2000, 4000), min_size=6, max_size=6))
def test_fit_does_not_depend_on_the_start(board, start):
    fit = bradley_terry.fit(board)
    restarted = bradley_terry.fit(board, start=start[: len(board.labels)])
    assert restarted.ratings == pytest.approx(fit.ratings, abs=1e-6)


@given(bounded_board)
def test_fit_solves_the_score_equations_at_mean_1000(board):
    fit = bradley_terry.fit(board)
    assert fit.ratings.mean() == pytest.approx(1000, abs=1e-9)
    assert gradient(board.score, (fit.ratings - 1000) / ELO_SCALE) == pytest.approx(0, abs=1e-8)
    assert np.sqrt(fit.spread.covariance.diagonal()) == pytest.approx(fit.se)


@given(any_board)
def test_fit_is_never_nan_and_every_interval_holds_its_rating(board):
    fit = bradley_terry.fit(board)
    assert all(np.isfinite(values).all() for values in (fit.ratings, fit.se, fit.spread.covariance))
    assert (fit.ci_low <= fit.ratings).all()
    assert (fit.ratings <= fit.ci_high).all()
    assert (np.isinf(fit.ci_low) | np.isinf(fit.ci_high)).tolist() == fit.unbounded.tolist()
    assert (fit.se > 0).all()
    for part in range(fit.component.max(initial=-1) + 1):
        bounded = fit.ratings[(fit.component == part) & ~fit.unbounded]
        assert bounded.size == 0 or bounded.mean() == pytest.approx(1000)


@pytest.mark.parametrize("start", [None, [900, 1100, 1000, 1000]])
@pytest.mark.parametrize("ties", [1, 7, 10**9])
def test_fit_of_nothing_but_ties_is_exactly_1000_with_the_error_of_the_hessian(ties, start):
    size = 4
    board = Comparisons.from_counts(range(size), np.zeros((size, size)), ties * (1 - np.eye(size)))
    fit = bradley_terry.fit(board, start=start)
    assert fit.ratings.tolist() == [1000.0] * size
    hessian = ties / 4 * (size * np.eye(size) - 1)
    assert fit.spread.covariance == pytest.approx(ELO_SCALE**2 * np.linalg.pinv(hessian), rel=1e-9)
    assert not fit.unbounded.any()


def test_fit_gives_a_model_that_only_tied_with_its_equal_the_error_of_the_hessian():
    wins = np.array([[0, 30, 20, 0], [25, 0, 31, 0], [20, 12, 0, 0], [0, 0, 0, 0]])
    ties = np.zeros((4, 4))
    ties[0, 3] = ties[3, 0] = 5
    ties[0, 1] = ties[1, 0] = 40
    board = Comparisons.from_counts("abcd", wins, ties)
    fit = bradley_terry.fit(board)
    chance = expit((fit.ratings[:, None] - fit.ratings) / ELO_SCALE)
    weight = board.votes * chance * (1 - chance)
    hessian = np.diag(weight.sum(axis=1)) - weight
    assert fit.ratings[3] == pytest.approx(fit.ratings[0])
    assert fit.se[3] == pytest.approx(ELO_SCALE * np.sqrt(np.linalg.pinv(hessian)[3, 3]), rel=1e-9)
    assert fit.se[3] ** 2 == pytest.approx(fit.spread.covariance[3, 3])
    assert np.linalg.eigvalsh(fit.spread.covariance).min() > -1e-9 * fit.se.max() ** 2


def test_fit_places_a_group_that_always_wins_above_a_bounded_main_component():
    wins = np.array([[0, 3, 2, 2], [2, 0, 2, 2], [0, 0, 0, 30], [0, 0, 20, 0]])
    fit = bradley_terry.fit(Comparisons.from_counts(["a", "b", "c", "d"], wins, 0 * wins))
    main = bradley_terry.fit(Comparisons.from_counts(["c", "d"], wins[2:, 2:], 0 * wins[2:, 2:]))
    assert fit.unbounded.tolist() == [True, True, False, False]
    assert fit.component.tolist() == [0, 0, 0, 0]
    assert fit.ratings[2:] == pytest.approx(main.ratings)
    assert fit.spread.covariance[2:, 2:] == pytest.approx(main.spread.covariance)
    assert np.isposinf(fit.ci_high[:2]).all()
    assert (fit.ci_low[:2] < fit.ratings[:2]).all()
    assert (fit.ratings[:2] > fit.ratings[2:].max()).all()


def test_fit_places_both_models_of_the_first_vote_of_an_arena():
    fit = bradley_terry.fit(Comparisons.from_votes([0], [1], [1]))
    lead = (fit.ratings[0] - 1000) / ELO_SCALE
    assert expit(2 * lead) + expit(lead) == pytest.approx(1.5)
    assert fit.ratings.sum() == pytest.approx(2000)
    assert fit.unbounded.all()
    # One win has a chance of 2.5% at 400 log10(39) points below the opponent.
    reach = 400 * np.log10(39)
    assert fit.ci_low.tolist() == [pytest.approx(fit.ratings[1] - reach), -np.inf]
    assert fit.ci_high.tolist() == [np.inf, pytest.approx(fit.ratings[0] + reach)]


def test_fit_of_an_empty_board_has_no_rows():
    fit = bradley_terry.fit(Comparisons.from_votes([], [], []))
    assert fit.ratings.shape == fit.interval_kind.shape == (0,)


def test_fit_places_models_without_votes_at_1000_each_in_its_own_component():
    fit = bradley_terry.fit(Comparisons.from_counts(["a", "b"], np.zeros((2, 2)), np.zeros((2, 2))))
    assert fit.ratings.tolist() == [1000, 1000]
    assert fit.component.tolist() == [0, 1]
    assert fit.unbounded.all()
    assert fit.ci_low.tolist() == [-np.inf, -np.inf]
    assert fit.ci_high.tolist() == [np.inf, np.inf]


def test_fit_rates_components_without_a_common_vote_apart():
    wins = np.array([[0, 2, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 9, 0], [0, 0, 5, 0, 0], [0, 0, 0, 1, 0]])
    fit = bradley_terry.fit(Comparisons.from_counts("abcde", wins, 0 * wins))
    assert fit.component.tolist() == [1, 1, 0, 0, 0]
    assert fit.unbounded.tolist() == [False, False, False, False, True]
    alone = bradley_terry.fit(Comparisons.from_counts("ab", wins[:2, :2], np.zeros((2, 2))))
    assert fit.ratings[:2] == pytest.approx(alone.ratings)
    assert fit.se[:2] == pytest.approx(alone.se)
    assert not fit.spread.covariance[:2, 2:].any()
