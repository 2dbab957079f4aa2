"""Intervals of `style_control.fit` clustered by voter."""

import numpy as np
import pytest

from ratings.statistics import bradley_terry, style_control
from ratings.statistics.bradley_terry import ELO_SCALE
from tests.ratings.style_oracle import build_design, build_styled_votes, sandwich_by_rows, simulate_votes, to_elo_points
from tests.ratings.votes import fit_clustered


def expected_covariance(style_fit, columns, voter):
    parameters = np.append((style_fit.fit.ratings - 1000) / ELO_SCALE, style_fit.coefficients)
    return sandwich_by_rows(build_design(columns), columns[2], parameters, voter)


def assert_agrees(style_fit, columns, voter):
    expected = expected_covariance(style_fit, columns, voter)
    assert style_fit.fit.covariance == pytest.approx(to_elo_points(expected), rel=1e-6, abs=1e-6)
    assert style_fit.errors == pytest.approx(np.sqrt(expected.diagonal()[5:]), rel=1e-6)


@pytest.mark.parametrize("voters", [5, 40])
def test_clustered_fit_agrees_with_scores_summed_voter_by_voter(voters):
    columns, _ = simulate_votes(21)
    voter = np.random.default_rng(1).integers(0, voters, 400)
    style_fit = style_control.fit(build_styled_votes(columns, voter=voter))
    assert_agrees(style_fit, columns, voter)
    assert set(style_fit.fit.interval_kind) == {"clustered"}


def test_clustered_fit_of_fewer_than_five_voters_is_plain():
    columns, _ = simulate_votes(22)
    style_fit = style_control.fit(build_styled_votes(columns, voter=np.arange(400) % 4))
    assert_agrees(style_fit, columns, None)
    assert set(style_fit.fit.interval_kind) == {"plain"}


def test_clustered_fit_counts_votes_without_a_voter_one_by_one():
    columns, _ = simulate_votes(23)
    voter = np.random.default_rng(2).integers(-1, 9, 400)
    assert_agrees(style_control.fit(build_styled_votes(columns, voter=voter)), columns, voter)


def test_clustered_fit_counts_a_model_with_a_single_voter_vote_by_vote():
    columns, _ = simulate_votes(24)
    voter = np.random.default_rng(3).integers(0, 9, 400)
    on_last = (columns[0] == 4) | (columns[1] == 4)
    style_fit = style_control.fit(build_styled_votes(columns, voter=np.where(on_last, 3, voter)))
    assert_agrees(style_fit, columns, np.where(on_last, -1, voter))
    assert style_fit.fit.interval_kind.tolist() == ["clustered"] * 4 + ["plain"]


def test_clustered_fit_counts_a_style_of_a_single_voter_vote_by_vote():
    columns, _ = simulate_votes(25)
    voter = np.random.default_rng(4).integers(0, 9, 400)
    columns[3][voter != 2, 1] = columns[3][voter != 2, 3] = 0
    alone = np.where(columns[3][:, 1] == columns[3][:, 3], voter, -1)
    style_fit = style_control.fit(build_styled_votes(columns, voter=voter))
    expected = expected_covariance(style_fit, columns, alone)
    # The factor is that of all nine voters, of whom the second may have no other votes.
    assert style_fit.fit.covariance == pytest.approx(to_elo_points(expected), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("voters", [3, 6])
def test_clustered_fit_without_differences_of_style_is_that_of_bradley_terry(voters):
    (first, second, outcome, features), _ = simulate_votes(26)
    features[:, 2:] = features[:, :2]
    other = simulate_votes(27, models=3, votes=90)[0]
    columns = (
        np.append(first, other[0] + 5),
        np.append(second, other[1] + 5),
        np.append(outcome, other[2]),
        np.zeros((490, 4)),
    )
    voter = np.append(np.arange(400) % 11, np.arange(90) % voters)
    style_fit = style_control.fit(build_styled_votes(columns, 8, voter=voter)).fit
    expected = fit_clustered(columns[:3], voter)
    assert style_fit.covariance == pytest.approx(expected.covariance, rel=1e-9, abs=1e-9)
    assert style_fit.interval_kind.tolist() == expected.interval_kind.tolist()


def test_clustered_fit_of_voters_with_large_numbers_is_the_same():
    columns, _ = simulate_votes(28)
    voter = np.random.default_rng(5).integers(0, 12, 400)
    style_fit = style_control.fit(build_styled_votes(columns, voter=voter + 10_000_000))
    assert_agrees(style_fit, columns, voter)


def test_clustered_fit_gives_a_model_that_only_tied_with_its_equal_the_error_of_the_hessian():
    columns, _ = simulate_votes(29)
    at_par = (np.full(6, 5), np.zeros(6, dtype=int), np.full(6, 0.5), np.ones((6, 4)))
    columns = tuple(np.concatenate(column) for column in zip(columns, at_par, strict=True))
    style_fit = style_control.fit(build_styled_votes(columns, 6, voter=np.arange(406) % 8))
    design = build_design(columns, 6)
    parameters = np.append((style_fit.fit.ratings - 1000) / ELO_SCALE, style_fit.coefficients)
    chance = 1 / (1 + np.exp(-design @ parameters))
    hessian = np.linalg.pinv(design.T @ (design * (chance * (1 - chance))[:, None]), rcond=1e-10)
    assert style_fit.fit.ratings[5] == pytest.approx(style_fit.fit.ratings[0])
    assert style_fit.fit.se[5] == pytest.approx(ELO_SCALE * np.sqrt(hessian[5, 5]), rel=1e-9)
    assert bradley_terry.fit(style_fit.board).se[5] == pytest.approx(style_fit.fit.se[5], rel=0.2)
