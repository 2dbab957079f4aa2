"""Simulations with fixed seeds: do intervals cover the truth as often as they say? `bench/coverage.py` runs longer."""

import pytest

from tests.ratings import coverage


def test_intervals_cover_the_truth_as_often_as_they_say():
    assert 0.94 < coverage.of_intervals(200) < 0.96


def test_interval_of_a_newcomer_on_a_huge_board_covers_the_truth():
    assert coverage.of_a_newcomer(400) > 0.93


def test_clustered_intervals_cover_where_voters_have_tastes_and_plain_ones_do_not():
    plain, clustered = coverage.of_voters_with_tastes(120)
    assert clustered > 0.92
    assert plain < 0.88


@pytest.mark.parametrize(
    ("voters", "low", "high"),
    [
        ("5 voters", 0.84, 0.91),
        ("5 voters, one with 60 %", 0.68, 0.78),
        ("5 voters, one with 60 %, without tastes", 0.77, 0.86),
        ("10 voters", 0.88, 0.94),
        ("20 voters", 0.92, 0.96),
    ],
)
def test_clustered_intervals_of_few_voters_cover_less_as_the_method_page_says(voters, low, high):
    held = coverage.of_few_voters(150, coverage.FEW[voters])
    assert low < held.clustered < high
    assert held.wider > held.clustered


@pytest.mark.parametrize("voters", ["5 voters without tastes", "10 voters without tastes"])
def test_plain_intervals_cover_where_the_few_voters_have_no_tastes(voters):
    held = coverage.of_few_voters(150, coverage.FEW[voters])
    assert 0.93 < held.plain < 0.97
    assert held.clustered < held.plain


@pytest.mark.parametrize("spread", [78, 20])
def test_ranks_and_tiers_hold_as_often_as_they_say(spread):
    held = coverage.of_ranks(150, spread)
    assert held.ranges >= 0.95
    assert held.tiers >= 0.94
    assert held.width < 0.85 * held.overlapping
