"""A full queue evicts a row of the network that has the most rows."""

import pytest

from catalog.models import Submission
from core.storage.fair_queue import choose_row_to_evict

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("queue", "newcomer", "evicted"),
    [
        ("", ["x"], None),
        ("aab", ["x"], 1),
        ("aab", ["b"], None),
        ("abbb", ["a"], 3),
        ("aab", ["a"], None),
        ("aab", ["old", "a"], None),
        ("ab", ["x"], None),
        ("aabb", ["a"], None),
        ("bbaaab", ["b"], None),
        ("aaab", ["b", "x"], 2),
        ("ababb", ["a", "x"], None),
    ],
)
def test_newest_row_of_the_largest_network_is_evicted(queue, newcomer, evicted):
    rows = [
        Submission.objects.create(
            kind="model", digest=number, summary={}, network=network, created_at=f"2026-01-01T00:00:{number:02}Z"
        )
        for number, network in enumerate(queue)
    ]
    chosen = choose_row_to_evict(Submission.objects.all(), "network", "created_at", newcomer)
    assert chosen == (None if evicted is None else rows[evicted])
