"""Intervals of `style_control.fit` clustered by voter."""

import numpy as np
import pytest

from ratings.statistics import bradley_terry, style_control
from ratings.statistics.bradley_terry import ELO_SCALE
from tests.ratings.style_oracle import drawn, in_points, rows, sandwich_by_rows, styled
from tests.ratings.votes import clustered


def expected_covariance(found, columns, voter):
    parameters = np.append((found.fit.ratings - 1000) / ELO_SCALE, found.coefficients)
    return sandwich_by_rows(rows(columns), columns[2], parameters, voter)


def assert_agrees(found, columns, voter):
    expected = expected_covariance(found, columns, voter)
    assert found.fit.covariance == pytest.approx(in_points(expected), rel=1e-6, abs=1e-6)
    assert found.errors == pytest.approx(np.sqrt(expected.diagonal()[5:]), rel=1e-6)


@pytest.mark.parametrize("voters", [5, 40])
def test_clustered_fit_agrees_with_scores_summed_voter_by_voter(voters):
    columns, _ = drawn(21)
    voter = np.random.default_rng(1).integers(0, voters, 400)
    found = style_control.fit(styled(columns, voter=voter))
    assert_agrees(found, columns, voter)
    assert set(found.fit.interval) == {"clustered"}


def test_clustered_fit_of_fewer_than_five_voters_is_plain():
    columns, _ = drawn(22)
    found = style_control.fit(styled(columns, voter=np.arange(400) % 4))
    assert_agrees(found, columns, None)
    assert set(found.fit.interval) == {"plain"}


def test_clustered_fit_counts_votes_without_a_voter_one_by_one():
    columns, _ = drawn(23)
    voter = np.random.default_rng(2).integers(-1, 9, 400)
    assert_agrees(style_control.fit(styled(columns, voter=voter)), columns, voter)


def test_clustered_fit_counts_a_model_with_a_single_voter_vote_by_vote():
    columns, _ = drawn(24)
    voter = np.random.default_rng(3).integers(0, 9, 400)
    on_last = (columns[0] == 4) | (columns[1] == 4)
    found = style_control.fit(styled(columns, voter=np.where(on_last, 3, voter)))
    assert_agrees(found, columns, np.where(on_last, -1, voter))
    assert found.fit.interval.tolist() == ["clustered"] * 4 + ["plain"]


def test_clustered_fit_counts_a_style_of_a_single_voter_vote_by_vote():
    columns, _ = drawn(25)
    voter = np.random.default_rng(4).integers(0, 9, 400)
    columns[3][voter != 2, 1] = columns[3][voter != 2, 3] = 0
    alone = np.where(columns[3][:, 1] == columns[3][:, 3], voter, -1)
    found = style_control.fit(styled(columns, voter=voter))
    expected = expected_covariance(found, columns, alone)
    # The factor is that of all nine, of whom the second may have no other votes.
    assert found.fit.covariance == pytest.approx(in_points(expected), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("voters", [3, 6])
def test_clustered_fit_without_differences_of_style_is_that_of_bradley_terry(voters):
    (first, second, outcome, features), _ = drawn(26)
    features[:, 2:] = features[:, :2]
    other = drawn(27, models=3, votes=90)[0]
    columns = (
        np.append(first, other[0] + 5),
        np.append(second, other[1] + 5),
        np.append(outcome, other[2]),
        np.zeros((490, 4)),
    )
    voter = np.append(np.arange(400) % 11, np.arange(90) % voters)
    found = style_control.fit(styled(columns, 8, voter=voter)).fit
    expected = clustered(columns[:3], voter)
    assert found.covariance == pytest.approx(expected.covariance, rel=1e-9, abs=1e-9)
    assert found.interval.tolist() == expected.interval.tolist()


def test_clustered_fit_of_voters_with_large_numbers_is_the_same():
    columns, _ = drawn(28)
    voter = np.random.default_rng(5).integers(0, 12, 400)
    found = style_control.fit(styled(columns, voter=voter + 10_000_000))
    assert_agrees(found, columns, voter)


def test_clustered_fit_gives_a_model_that_only_tied_with_its_equal_the_error_of_the_hessian():
    columns, _ = drawn(29)
    at_par = (np.full(6, 5), np.zeros(6, dtype=int), np.full(6, 0.5), np.ones((6, 4)))
    columns = tuple(np.concatenate(column) for column in zip(columns, at_par, strict=True))
    found = style_control.fit(styled(columns, 6, voter=np.arange(406) % 8))
    design = rows(columns, 6)
    parameters = np.append((found.fit.ratings - 1000) / ELO_SCALE, found.coefficients)
    chance = 1 / (1 + np.exp(-design @ parameters))
    hessian = np.linalg.pinv(design.T @ (design * (chance * (1 - chance))[:, None]), rcond=1e-10)
    assert found.fit.ratings[5] == pytest.approx(found.fit.ratings[0])
    assert found.fit.se[5] == pytest.approx(ELO_SCALE * np.sqrt(hessian[5, 5]), rel=1e-9)
    assert bradley_terry.fit(found.board).se[5] == pytest.approx(found.fit.se[5], rel=0.2)
