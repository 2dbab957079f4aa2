"""Fits of votes with filter weights, compared with dense sums over single votes."""

import numpy as np
import pytest
from scipy.special import expit, stdtrit

from ratings.statistics import bradley_terry, style_control
from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons, VoterCounts
from tests.ratings.style_oracle import build_design, build_styled_votes, find_maximum, simulate_votes
from tests.ratings.votes import count_by_voter

MODELS, VOTES, VOTERS = 5, 600, 40


def simulate_weighted_votes(seed):
    """Return the columns of random votes, their voters, their multiplicities, and their filter weights."""
    columns, _ = simulate_votes(seed, MODELS, VOTES)
    rng = np.random.default_rng(seed + 100)
    voter = rng.integers(0, VOTERS, VOTES)
    return columns, voter, rng.integers(1, 4, VOTES), rng.choice([0, 1 / 4, 77 / 256, 1], VOTES, p=[0.1, 0.2, 0.2, 0.5])


def compute_dense_fit(design, outcome, times, factor, voter):
    """Return the strengths with mean 0, and the plain and the clustered covariance, in natural units."""
    repeated = np.repeat(np.arange(len(outcome)), (times * factor * 256).astype(int))
    theta = find_maximum(design[repeated], outcome[repeated])
    p = expit(design @ theta)
    weight = times * factor
    centering = np.eye(MODELS) - 1 / MODELS
    information = design.T @ ((weight * p * (1 - p))[:, None] * design)
    # The default tolerance of `pinv` is so small that it sometimes inverts the rounding error of the zero eigenvalue.
    inverse = centering @ np.linalg.pinv(information, rcond=1e-9, hermitian=True) @ centering
    plain = design.T @ ((times * factor**2 * (outcome - p) ** 2)[:, None] * design)
    scores = np.zeros((VOTERS, MODELS))
    np.add.at(scores, voter, (weight * (outcome - p))[:, None] * design)
    voters = len(np.unique(voter[factor > 0]))
    clustered = voters / (voters - 1) * scores.T @ scores
    return theta - theta.mean(), inverse @ plain @ inverse, inverse @ clustered @ inverse


@pytest.mark.parametrize("seed", range(3))
def test_fit_is_that_of_dense_sums_over_votes(seed):
    (first, second, outcome, features), voter, times, factor = simulate_weighted_votes(seed)
    design = build_design((first, second, outcome, features), MODELS)[:, :MODELS]
    theta, plain, clustered = compute_dense_fit(design, outcome, times, factor, voter)

    board = Comparisons.from_votes(first, second, outcome, times, factor)
    counts = [times * factor * (outcome == score) for score in (1, 0, 0.5)]
    fit = bradley_terry.fit(board, cluster=VoterCounts(voter, first, second, *counts, filter_weight=factor))

    assert fit.ratings == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    assert fit.spread.plain == pytest.approx(ELO_SCALE**2 * plain, rel=1e-6)
    assert fit.spread.covariance == pytest.approx(ELO_SCALE**2 * clustered, rel=1e-6)
    p = expit(design @ theta)
    information = np.zeros((VOTERS, MODELS))
    for side in (first, second):
        np.add.at(information, (voter, side), times * factor * p * (1 - p))
    degrees = information.sum(axis=0) ** 2 / (information**2).sum(axis=0) - 1
    assert fit.spread.degrees == pytest.approx(degrees)
    wide = stdtrit(degrees, 0.975) * np.sqrt(clustered.diagonal())
    assert (fit.ci_high - fit.ratings) / ELO_SCALE == pytest.approx(
        np.maximum(wide, 1.959963984540054 * np.sqrt(plain.diagonal()))
    )


@pytest.mark.parametrize("known", [0.0, 0.5])
def test_votes_without_a_voter_are_independent_with_the_square_of_their_weight(known):
    (first, second, outcome, features), voter, times, factor = simulate_weighted_votes(7)
    has_voter = np.random.default_rng(1).random(VOTES) < known
    board = Comparisons.from_votes(first, second, outcome, times, factor)
    rows = [voter, first, second, *(times * factor * (outcome == score) for score in (1, 0, 0.5))]
    cluster = VoterCounts(*(row[has_voter] for row in rows), filter_weight=factor[has_voter])
    fit = bradley_terry.fit(board, cluster=cluster)

    design = build_design((first, second, outcome, features), MODELS)[:, :MODELS]
    theta = (fit.ratings - 1000) / ELO_SCALE
    p = expit(design @ theta)
    inverse = np.linalg.pinv(design.T @ ((times * factor * p * (1 - p))[:, None] * design))
    scores = np.zeros((VOTERS, MODELS))
    np.add.at(scores, voter[has_voter], ((times * factor * (outcome - p))[:, None] * design)[has_voter])
    voters = len(np.unique(voter[has_voter & (factor > 0)]))
    single = ~has_voter * times * factor**2 * (outcome - p) ** 2
    meat = voters / max(voters - 1, 1) * scores.T @ scores + design.T @ (single[:, None] * design)
    assert fit.spread.covariance == pytest.approx(ELO_SCALE**2 * inverse @ meat @ inverse, rel=1e-6)


def test_weights_of_one_change_nothing():
    (first, second, outcome, _), voter, times, _ = simulate_weighted_votes(3)
    board = Comparisons.from_votes(first, second, outcome, times)
    weighted = Comparisons.from_votes(first, second, outcome, times, np.ones(VOTES))
    cluster = count_by_voter(board, voter, (first, second), outcome, times)
    plain, same = (bradley_terry.fit(each, cluster=cluster) for each in (board, weighted))

    for name in ("ratings", "se", "ci_low", "ci_high", "difference_se"):
        assert np.array_equal(getattr(plain, name), getattr(same, name))


def test_votes_with_weight_zero_are_as_if_they_were_not_cast():
    (first, second, outcome, features), voter, times, factor = simulate_weighted_votes(4)
    cast = factor > 0
    rows = (first, second, outcome, features)
    kept = [column[cast] for column in rows]
    boards = [
        Comparisons.from_votes(first, second, outcome, times, factor),
        Comparisons.from_votes(*kept[:3], times[cast], factor[cast]),
    ]
    fits = [bradley_terry.fit(board).ratings for board in boards]
    styled = [
        style_control.fit(build_styled_votes(columns, MODELS, weight=n, filter_weight=w, voter=people)).fit
        for columns, n, w, people in ((rows, times, factor, voter), (kept, times[cast], factor[cast], voter[cast]))
    ]

    assert np.array_equal(*fits)
    assert np.array_equal(styled[0].ratings, styled[1].ratings)
    assert np.array_equal(styled[0].spread.covariance, styled[1].spread.covariance)


@pytest.mark.parametrize("seed", range(2))
def test_style_fit_is_that_of_dense_sums_over_votes(seed):
    columns, voter, times, factor = simulate_weighted_votes(seed)
    first, second, outcome, features = columns
    styled = style_control.fit(build_styled_votes(columns, MODELS, weight=times, filter_weight=factor, voter=voter))

    x = (features[:, :2] - features[:, 2:]) / (features[:, :2] + features[:, 2:] + 1)
    scale = np.sqrt(np.cov(x.T, aweights=times * factor, bias=True).diagonal())
    assert styled.scale == pytest.approx(scale)
    design = np.hstack((build_design(columns, MODELS)[:, :MODELS], x / scale))
    theta = np.append((styled.fit.ratings - 1000) / ELO_SCALE, styled.coefficients)
    p = expit(design @ theta)
    assert design.T @ (times * factor * (outcome - p)) == pytest.approx(0, abs=1e-6)
    inverse = np.linalg.pinv(design.T @ ((times * factor * p * (1 - p))[:, None] * design))
    plain = inverse @ design.T @ ((times * factor**2 * (outcome - p) ** 2)[:, None] * design) @ inverse
    assert styled.fit.spread.plain == pytest.approx(ELO_SCALE**2 * plain[:MODELS, :MODELS], rel=1e-6)
