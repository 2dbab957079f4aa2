"""Tiers by intervals alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.boards.differences import compute_interval_tiers, compute_rank_ranges


def row(model, low, high):
    return {"model": model, "rating": None if low is None else (low + high) / 2, "ci_low": low, "ci_high": high}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], {}),
        ([row("a", 90, 110), row("b", 80, 90)], {"a": 1, "b": 1}),  # they touch
        ([row("a", 90, 110), row("b", 80, 89)], {"a": 1, "b": 2}),
        # c overlaps b, but not the best one.
        ([row("a", 90, 110), row("b", 80, 95), row("c", 70, 85)], {"a": 1, "b": 1, "c": 2}),
        # A wide interval reaches up to the best one from below all others.
        ([row("a", 100, 110), row("b", 90, 95), row("c", 20, 101)], {"a": 1, "b": 2, "c": 1}),
        ([{"model": "a", "rating": 100.0, "ci_low": None, "ci_high": 120.0}, row("b", 1, 2)], {"b": 1}),
    ],
)
def test_tier_is_who_overlaps_its_best_one(rows, expected):
    assert compute_interval_tiers(rows) == expected
    assert compute_interval_tiers(reversed(rows)) == expected


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 200)), max_size=30))
def test_every_tier_has_a_model_and_the_best_is_in_the_first(ends):
    rows = [row(str(number), low, low + width) for number, (low, width) in enumerate(ends)]
    found = compute_interval_tiers(rows)
    assert len(found) == len(rows)
    assert set(found.values()) == set(range(1, len(set(found.values())) + 1))
    if rows:
        best = min(rows, key=lambda each: (-each["rating"], each["model"]))
        assert found[best["model"]] == 1


def test_range_of_ranks_leaves_out_intervals_that_are_entirely_above_or_below():
    rows = [row("a", 90, 110), row("b", 80, 95), row("c", 70, 85), row("d", 10, 20)]
    assert compute_rank_ranges(rows) == [(1, 2), (1, 3), (2, 3), (4, 4)]
    assert compute_rank_ranges([]) == []
