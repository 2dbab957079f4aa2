"""The difference between two published ratings."""

import pytest

from ratings.boards.differences import RatingDifference, compute_win_chance, estimate_difference


def row(rating, half):
    return {"rating": rating, "ci_low": half and rating - half, "ci_high": half and rating + half}


@pytest.mark.parametrize(
    ("one", "other", "difference", "significant"),
    [
        (row(1500, 3), row(1490, 4), RatingDifference(10, 5), True),
        (row(1490, 4), row(1500, 3), RatingDifference(-10, 5), True),
        (row(1500, 6), row(1490, 8), RatingDifference(10, 10), False),
        (row(1500, None), row(1490, 4), None, None),
    ],
)
def test_margins_add_up_as_squares(one, other, difference, significant):
    found = estimate_difference(one, other)
    assert found == difference
    assert (found and found.is_significant) == significant


@pytest.mark.parametrize(("points", "chance"), [(0, 0.5), (400, 10 / 11), (-400, 1 / 11)])
def test_chance_is_that_of_elo(points, chance):
    assert compute_win_chance(points) == pytest.approx(chance)
