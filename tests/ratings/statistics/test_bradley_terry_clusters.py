"""Intervals of `bradley_terry.fit` clustered by voter."""

import numpy as np
import pytest
from scipy.stats import t

from ratings.statistics import bradley_terry
from ratings.statistics.comparisons import Comparisons
from tests.ratings.votes import compute_covariance_by_loops, count_by_voter, fit_clustered, simulate_votes


@pytest.mark.parametrize("voters", [5, 12])
def test_clustered_fit_agrees_with_scores_summed_voter_by_voter(voters):
    votes, voter, _ = simulate_votes(1, voters)
    fit = fit_clustered(votes, voter)
    expected = compute_covariance_by_loops(fit, votes, voter.tolist())
    assert fit.spread.covariance == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert fit.ratings == pytest.approx(bradley_terry.fit(Comparisons.from_votes(*votes)).ratings)
    assert set(fit.interval_kind) == {"clustered"}


def test_clustered_fit_of_fewer_than_five_voters_is_plain():
    votes, voter, _ = simulate_votes(2, 4)
    fit, plain = fit_clustered(votes, voter), bradley_terry.fit(Comparisons.from_votes(*votes))
    assert set(fit.interval_kind) == {"plain"}
    assert fit.spread.covariance == pytest.approx(plain.spread.covariance)


def test_clustered_fit_counts_a_model_with_a_single_voter_vote_by_vote():
    votes, voter, _ = simulate_votes(4, 9)
    more = ([6] * 8, [0, 1, 2, 3] * 2, [1, 0, 1, 1, 0, 1, 0, 1])
    votes = tuple(np.append(side, added) for side, added in zip(votes, more, strict=True))
    fit = fit_clustered(votes, np.append(voter, [3] * 8))
    known = [*voter.tolist(), *[None] * 8]
    assert fit.interval_kind.tolist() == ["clustered"] * 6 + ["plain"]
    assert fit.spread.covariance == pytest.approx(compute_covariance_by_loops(fit, votes, known), rel=1e-6, abs=1e-8)


def test_clustered_fit_of_voters_who_cancel_themselves_out_is_plain():
    votes = ([0] * 10, [1] * 10, [1, 0] * 5)
    fit = fit_clustered(votes, np.repeat(np.arange(5), 2))
    assert fit.se == pytest.approx(bradley_terry.fit(Comparisons.from_votes(*votes)).se)
    assert set(fit.interval_kind) == {"plain"}


def test_clustered_fit_leaves_out_the_votes_on_unbounded_models():
    votes, voter, _ = simulate_votes(6, 7)
    more = ([6, 6], [0, 1], [1, 1])
    longer = tuple(np.append(side, added) for side, added in zip(votes, more, strict=True))
    fit, without = fit_clustered(longer, np.append(voter, [1, 2])), fit_clustered(votes, voter)
    assert fit.unbounded.tolist() == [False] * 6 + [True]
    assert fit.spread.covariance[:6, :6] == pytest.approx(without.spread.covariance)
    assert fit.interval_kind.tolist() == ["clustered"] * 6 + ["plain"]


def test_clustered_fit_refuses_votes_that_the_board_has_not():
    votes, voter, _ = simulate_votes(5, 6)
    board = Comparisons.from_votes(*votes)
    twice = tuple(np.tile(side, 2) for side in votes)
    cluster = count_by_voter(board, np.tile(voter, 2), twice[:2], twice[2])
    with pytest.raises(ValueError, match="cluster contains votes that the board does not contain"):
        bradley_terry.fit(board, cluster=cluster)


def compute_degrees_by_hand(fit, votes, voter):
    """Voters in effect (M,): (sum of information)^2 divided by the sum of squares, by voter."""
    (a, b, _), theta = votes, (fit.ratings - 1000) / bradley_terry.ELO_SCALE
    information = {}
    for first, second, who in zip(a, b, voter, strict=True):
        p = 1 / (1 + np.exp(theta[second] - theta[first]))
        for model in (first, second):
            information[model, who] = information.get((model, who), 0) + p * (1 - p)
    information_by_model = [[n for (model, _), n in information.items() if model == each] for each in range(len(theta))]
    return np.array([sum(each) ** 2 / sum(n * n for n in each) for each in information_by_model])


@pytest.mark.parametrize("each", [60, (300, 20, 20, 20, 20, 20, 20)])
def test_degrees_of_freedom_are_the_voters_in_effect_less_one(each):
    votes, voter, _ = simulate_votes(8, 7, each=each)
    fit = fit_clustered(votes, voter)
    assert fit.spread.degrees == pytest.approx(np.maximum(compute_degrees_by_hand(fit, votes, voter) - 1, 1))
    half = t.ppf(0.975, fit.spread.degrees) * np.sqrt(fit.spread.covariance.diagonal())
    plain = bradley_terry.fit(Comparisons.from_votes(*votes))
    assert fit.ci_high - fit.ratings == pytest.approx(np.maximum(half, plain.ci_high - plain.ratings))
    assert fit.spread.plain == pytest.approx(plain.spread.covariance)


def test_votes_of_nobody_known_are_of_somebody_else_each():
    votes, voter, _ = simulate_votes(9, 8)
    named = voter < 5
    board = Comparisons.from_votes(*votes)
    cluster = count_by_voter(board, voter[named], tuple(side[named] for side in votes[:2]), votes[2][named])
    fit = bradley_terry.fit(board, cluster=cluster)
    known = np.where(named, voter, None).tolist()
    assert fit.spread.covariance == pytest.approx(compute_covariance_by_loops(fit, votes, known), rel=1e-6, abs=1e-8)
    everybody = np.where(named, voter, 1000 + np.arange(len(voter)))
    assert fit.spread.degrees == pytest.approx(compute_degrees_by_hand(fit, votes, everybody) - 1)


def test_intervals_of_voters_who_agree_by_chance_are_as_wide_as_the_plain_ones():
    """Without tastes, the clustered error of few voters is often smaller than the plain one."""
    votes, voter, _ = simulate_votes(11, 40, each=20, taste=0.0)
    fit, plain = fit_clustered(votes, voter), bradley_terry.fit(Comparisons.from_votes(*votes))
    assert (np.sqrt(fit.spread.covariance.diagonal()) < plain.se).any()
    assert (fit.se >= plain.se * (1 - 1e-9)).all()
    assert (fit.difference_se >= plain.difference_se - 1e-9).all()
