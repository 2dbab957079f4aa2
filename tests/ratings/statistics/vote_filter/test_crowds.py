"""The limit on the weight of new voters' votes."""

import numpy as np
import pytest

from ratings.statistics.vote_filter import crowds

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("demands", "limit", "granted"),
    [
        ([], 5, []),
        ([1, 2, 3], 6, [1, 2, 3]),
        ([1, 2, 3], 99, [1, 2, 3]),
        ([10, 10], 6, [3, 3]),
        ([1, 10, 10], 6, [1, 2.5, 2.5]),
        ([10, 0, 2], 6, [4, 0, 2]),
    ],
)
def test_shares_are_as_equal_as_demands_allow(demands, limit, granted):
    assert crowds.share_evenly(np.array(demands, dtype=float), limit).tolist() == granted


def test_crowd_is_shared_by_network_and_then_by_voter():
    network = np.array([1] * 90 + [2] * 5 + [3] * 30)
    voter = np.array([1] * 80 + [2] * 10 + [3] * 5 + [4] * 15 + [5] * 15)
    factor = crowds.limit_crowds(np.zeros(125, dtype=int), network, voter, np.ones(125), 60.0)

    # Network 2 needs 5 of its 20, so the others get 27.5 each.
    assert [factor[network == n].sum() for n in (1, 2, 3)] == pytest.approx([27.5, 5, 27.5])
    assert [factor[voter == v].sum() for v in range(1, 6)] == pytest.approx([17.5, 10, 5, 13.75, 13.75])


@pytest.mark.parametrize(("weight", "limit"), [(0, 60), (6000, 60), (100_000, 1000)])
def test_limit_grows_with_the_pool(weight, limit):
    assert crowds.compute_hourly_limit(weight) == limit


def test_limit_of_the_open_epoch_grows_like_the_standard_errors_shrink():
    assert [crowds.compute_open_limit(weight) for weight in (1600, 6400, 640_000)] == [10, 20, 200]


@pytest.mark.parametrize(
    ("votes", "crowded"),
    [
        ([], []),
        ([(0, "a", False)] * 4, [2, 3]),  # half of the limit from one network
        ([(0, "abcdef"[n], False) for n in range(6)], [4, 5]),  # the limit from all networks
        ([(0, "a", True)] * 3 + [(0, "a", False), (0, "b", False)] * 2, [3, 5, 6]),  # those with weight keep it
        (
            [(0, "a", False)] * 3 + [(3599, "a", False), (3600, "a", False)],
            [2, 3],
        ),  # after an hour, there is room again
        ([(0, "a", False)] * 9 + [(1, "b", False)] * 3, [*range(2, 9), 11]),  # waiting votes take no room
    ],
)
def test_votes_beyond_the_limit_wait(votes, crowded):
    assert np.flatnonzero(crowds.mark_votes_over_limit(votes, 4.0)).tolist() == crowded
