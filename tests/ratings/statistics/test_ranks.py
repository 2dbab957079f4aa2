from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from scipy.special import expit
from scipy.stats import norm, t

from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import ELO_SCALE, Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.interval_widths import Spread
from ratings.statistics.ranks import compare_pairs, compute_ranks, has_enough_votes
from tests.ratings.votes import any_board


def build_independent_spread(se):
    covariance = np.diag(se**2)
    return Spread(covariance, covariance, np.full(len(se), np.inf))


def build_fit(ratings, se, component=None, unbounded=None):
    """A fit of independent estimates."""
    ratings, se = np.array(ratings, dtype=float), np.array(se, dtype=float)
    size = len(ratings)
    return Fit(
        ratings=ratings,
        half_width=1.959964 * se,
        ci_low=ratings - 1.959964 * se,
        ci_high=ratings + 1.959964 * se,
        spread=build_independent_spread(se),
        component=np.array([0] * size if component is None else component, dtype=int),
        unbounded=np.array([False] * size if unbounded is None else unbounded, dtype=bool),
        interval_kind=np.full(size, "plain"),
    )


@pytest.mark.parametrize(
    ("ratings", "se", "rank", "low", "high", "ub", "tier"),
    [
        ([], [], [], [], [], [], []),
        ([1000], [9], [1], [1], [1], [1], [1]),
        ([1000] * 3, [9] * 3, [1] * 3, [1] * 3, [3] * 3, [1] * 3, [1] * 3),
        # 30 apart, errors of 10: the difference has an error of 14.1, so 27.7 suffice, though intervals overlap
        # by far; all three pairs are significant at once only from 33.8 on.
        ([1030, 1000, 970], [10] * 3, [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 1, 2], [1, 1, 2]),
        ([1025, 1000, 975], [10] * 3, [1, 2, 3], [1, 1, 2], [2, 3, 3], [1, 1, 2], [1, 1, 2]),
        ([1060, 1000, 940], [10] * 3, [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]),
        # A wide interval puts a model into the first tier although better-rated models are out of it.
        ([1060, 1000, 990], [5, 5, 50], [1, 2, 3], [1, 2, 1], [2, 3, 3], [1, 2, 1], [1, 2, 1]),
    ],
)
def test_ranks_of_independent_estimates(ratings, se, rank, low, high, ub, tier):
    ranks = compute_ranks(build_fit(ratings, se))
    assert ranks.rank.tolist() == rank
    assert ranks.rank_low.tolist() == low
    assert ranks.rank_high.tolist() == high
    assert ranks.rank_ub.tolist() == ub
    assert ranks.tier.tolist() == tier


def test_ranks_take_rounding_for_equality():
    assert compute_ranks(build_fit([1000, 1000 + 1e-11], [5, 5])).rank.tolist() == [1, 1]


@given(any_board)
def test_ranks_follow_their_definitions(board):
    fit = bradley_terry.fit(board)
    ranks = compute_ranks(fit)
    for i, rating in enumerate(fit.ratings):
        better, worse, above, overlapping = 0, 0, 0, 0
        for j in np.flatnonzero(fit.component == fit.component[i]):
            contrast = np.eye(len(ranks.rank))[i] - np.eye(len(ranks.rank))[j]
            error = np.sqrt(max(contrast @ fit.spread.covariance @ contrast, 0))
            gap = fit.ratings[j] - rating
            better += gap > max(norm.ppf(0.975) * error, 1e-8) or fit.ci_low[j] > fit.ci_high[i]
            worse += -gap > max(norm.ppf(0.975) * error, 1e-8) or fit.ci_low[i] > fit.ci_high[j]
            above += gap > 1e-8
            overlapping += fit.ci_low[j] > fit.ci_high[i]
        size = (fit.component == fit.component[i]).sum()
        assert (ranks.rank[i], ranks.rank_ub[i]) == (1 + above, 1 + overlapping)
        assert (ranks.rank_low[i], ranks.rank_high[i]) == (1 + better, size - worse)


def test_ranks_are_counted_among_the_candidates_alone():
    """The newcomer at 1200 could be anywhere; it takes no rank from other models."""
    fit = build_fit([1100, 1200, 1000, 900, 1050], [5, 60, 5, 5, 5])
    ranks = compute_ranks(fit, np.array([True, False, True, True, False]))
    assert ranks.ranked.tolist() == [True, False, True, True, False]
    assert ranks.rank.tolist() == [1, 0, 2, 3, 0]
    assert ranks.rank_low.tolist() == [1, 1, 2, 3, 2]
    assert ranks.rank_high.tolist() == [1, 2, 2, 3, 2]
    assert ranks.rank_ub.tolist() == [1, 0, 2, 3, 0]
    assert ranks.tier.tolist() == [1, 0, 2, 3, 0]


def test_a_model_below_all_that_are_ranked_could_stand_last_of_one_more():
    ranks = compute_ranks(build_fit([1100, 1000, 500], [5] * 3), np.array([True, True, False]))
    assert (ranks.rank_low[2], ranks.rank_high[2]) == (3, 3)


def test_candidates_are_counted_in_each_component():
    fit = build_fit([1500, 900, 1100, 1000, 950], [1] * 5, [0, 0, 1, 1, 1])
    ranks = compute_ranks(fit, np.array([True, False, True, False, True]))
    assert ranks.ranked.tolist() == [True, True, True, False, True]
    assert ranks.rank.tolist() == [1, 2, 1, 0, 2]


def test_settled_are_bounded_models_with_votes_of_a_hundred():
    bounded, weight = np.array([True, True, True, False]), np.array([100.0, 99.75, 0.0, 1000.0])
    assert has_enough_votes(bounded, weight).tolist() == [True, False, False, False]


def test_best_bounded_model_leads_a_tier():
    """Five wins place a newcomer far above, with an error of 300. As a leader it would have all models in its tier."""
    fit = build_fit([1600, 1060, 1000, 990], [300, 5, 5, 5], unbounded=[True, False, False, False])
    assert compute_ranks(fit).tier.tolist() == [1, 1, 2, 2]
    assert compute_ranks(replace(fit, unbounded=np.zeros(4, dtype=bool))).tier.tolist() == [1, 1, 1, 1]


def test_unbounded_models_lead_the_last_tiers_where_no_other_is_left():
    fit = build_fit([1500, 1000, 500, 100], [1] * 4, unbounded=[False, False, True, True])
    assert compute_ranks(fit).tier.tolist() == [1, 2, 3, 4]


def test_differences_go_by_the_voters_in_effect_and_by_the_wider_of_both_errors():
    """Errors of 12 and 12.7 points: one half-width is by 1.96, the other by Student's t with 4 degrees of freedom."""
    clustered, plain = np.diag([81.0, 81.0]), np.diag([64.0, 64.0])
    fit = replace(build_fit([1030, 1000], [9, 9]), spread=Spread(clustered, plain, np.array([4.0, 50.0])))
    assert 1.96 * fit.difference_se[0, 1] == pytest.approx(t.ppf(0.975, 4) * np.sqrt(162), rel=1e-4)
    assert compute_ranks(fit).rank_high.tolist() == [2, 2]
    narrow = replace(fit, spread=Spread(clustered / 100, plain, np.array([4.0, 50.0])))
    assert narrow.difference_se[0, 1] == pytest.approx(np.sqrt(128))
    assert compute_ranks(narrow).rank_high.tolist() == [1, 2]


@given(any_board)
def test_pairs_are_never_nan(board):
    fit = bradley_terry.fit(board)
    comparisons = compare_pairs(board, fit.ratings, fit.difference_se, fit.component)
    for values in vars(comparisons).values():
        assert not np.isnan(values).any()
    assert comparisons.win_rate == pytest.approx(expit((fit.ratings[:, None] - fit.ratings) / ELO_SCALE))
    assert (comparisons.votes_needed >= 0).all()


def test_pairs_do_not_overflow_where_models_are_worlds_apart():
    wins = np.diag(np.full(49, 1e9), 1) + np.diag(np.full(49, 1.0), -1)
    board = Comparisons.from_counts(range(50), wins, 0 * wins)
    fit = bradley_terry.fit(board)
    comparisons = compare_pairs(board, fit.ratings, fit.difference_se, fit.component)
    assert not np.isnan(comparisons.votes_needed).any()
    assert comparisons.win_rate[0, 49] == 1
