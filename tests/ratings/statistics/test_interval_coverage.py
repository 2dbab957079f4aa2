"""Simulations with fixed seeds check the coverage of intervals. `bench/coverage.py` runs longer."""

import pytest

from tests.ratings import simulations


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say():
    assert 0.94 < simulations.of_intervals(200) < 0.96


@pytest.mark.slow
def test_interval_of_a_newcomer_on_a_huge_board_covers_the_truth():
    assert simulations.of_a_newcomer(400) > 0.93


@pytest.mark.slow
def test_clustered_intervals_cover_where_voters_have_tastes_and_plain_ones_do_not():
    plain, clustered = simulations.of_voters_with_tastes(120)
    assert clustered > 0.92
    assert plain < 0.88


@pytest.mark.slow
@pytest.mark.parametrize(
    ("voters", "normal"),
    [
        ("5 voters", 0.91),
        ("5 voters, one with 60 %", 0.78),
        ("10 voters", 0.94),
        ("10 voters, one with 60 %", 0.78),
        ("20 voters, one with 30 %", 0.92),
        ("60 voters, one with 60 %", 0.78),
    ],
)
def test_intervals_of_few_voters_and_of_one_with_most_votes_cover_the_truth(voters, normal):
    """With a normal quantile, the same clustered errors cover less."""
    coverage = simulations.of_few_voters(150, simulations.FEW[voters])
    assert coverage.fitted > 0.93
    assert coverage.normal < normal


@pytest.mark.slow
def test_intervals_of_a_newcomer_that_few_people_judged_on_a_board_of_many_cover_the_truth():
    coverage = simulations.of_a_newcomer_of_few_voters(200)
    assert coverage.fitted > 0.93
    assert coverage.normal < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("voters", ["5 voters without tastes", "10 voters without tastes"])
def test_intervals_are_never_narrower_than_the_plain_ones(voters):
    coverage = simulations.of_few_voters(150, simulations.FEW[voters])
    assert 0.93 < coverage.plain <= coverage.fitted
    assert coverage.normal < coverage.plain


@pytest.mark.slow
@pytest.mark.parametrize("spread", [78, 20])
def test_ranks_and_tiers_hold_as_often_as_they_say(spread):
    coverage = simulations.of_ranks(150, spread)
    assert coverage.ranges >= 0.95
    assert coverage.tiers >= 0.94
    assert coverage.width < 0.85 * coverage.overlapping
