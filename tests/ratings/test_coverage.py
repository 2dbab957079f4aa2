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


@pytest.mark.parametrize("spread", [78, 20])
def test_ranks_and_tiers_hold_as_often_as_they_say(spread):
    held = coverage.of_ranks(150, spread)
    assert held.ranges >= 0.95
    assert held.tiers >= 0.94
    assert held.width < 0.85 * held.overlapping
