"""The Pareto frontier of points in two dimensions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.statistics.pareto import mark_frontier

small = st.integers(-3, 3).map(float)
points = st.lists(st.tuples(small, small), max_size=12)


def beats(one, other):
    return one != other and one[0] >= other[0] and one[1] >= other[1]


@pytest.mark.parametrize(
    ("given_points", "expected"),
    [
        ([], []),
        ([(1, 1)], [True]),
        ([(1, 2), (2, 1), (1, 1)], [True, True, False]),
        ([(2, 1), (2, 2), (1, 2)], [False, True, False]),
        ([(1, 1), (1, 1), (0, 5)], [True, True, True]),
        # Ratings and negated prices: an expensive model that is no better is off the frontier.
        ([(1200, -10.0), (1200, -12.0), (1100, -1.0), (1150, -9.0)], [True, False, True, True]),
    ],
)
def test_frontier_of_a_worked_example(given_points, expected):
    assert mark_frontier(given_points) == expected


@given(points)
def test_frontier_is_what_nothing_beats(found):
    assert mark_frontier(found) == [not any(beats(other, one) for other in found) for one in found]
