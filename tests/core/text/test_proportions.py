"""Proportions and their intervals."""

import pytest
from scipy.stats import binomtest

from core.text.proportions import compute_proportion


@pytest.mark.parametrize(("part", "whole"), [(0, 5), (5, 5), (1, 2), (480, 1000), (3, 400_000)])
def test_share_has_the_interval_of_wilson(part, whole):
    found, expected = compute_proportion(part, whole), binomtest(part, whole).proportion_ci(0.95, "wilson")
    assert (found.low, found.high) == pytest.approx((100 * expected.low, 100 * expected.high), abs=1e-9)
    assert found.percent == pytest.approx(100 * part / whole)


def test_share_of_nothing_is_unknown():
    assert compute_proportion(0, 0) is None


def test_share_says_whether_it_may_be_even():
    assert compute_proportion(52, 100).includes_half
    assert not compute_proportion(700, 1000).includes_half
    assert not compute_proportion(300, 1000).includes_half
