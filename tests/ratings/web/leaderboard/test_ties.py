"""The leader of a table, and brackets beside the rows of a tier."""

import pytest

from ratings.boards.differences import find_tiers
from ratings.web.leaderboard.columns import LeaderboardEntry
from ratings.web.leaderboard.ties import Leader, find_leader, list_bracket_classes, list_tier_starts


@pytest.mark.parametrize(
    ("tiers", "marks"),
    [
        ([], []),
        ([1, 2, 3, 4], ["best", "", "", ""]),
        ([1, 1, 1, 2], ["best tie tie-start", "best tie", "best tie tie-end", ""]),
        ([1, 1, 2, 2], ["best tie tie-start", "best tie tie-end", "tie tie-start", "tie tie-end"]),
        ([1, 2, 1, 1, None, None], ["best", "", "best tie tie-start", "best tie tie-end", "", ""]),
    ],
)
def test_bracket_joins_consecutive_rows_of_a_tier(tiers, marks):
    assert list_bracket_classes(tiers) == marks


def test_first_row_of_each_tier_has_its_number():
    assert list_tier_starts([1, 1, 2, 3, 3, None, None]) == [1, None, 2, 3, None, None, None]


def entry(slug, tier, component=0, rank=1):
    row = {"model": slug, "name": slug.upper(), "organization": "Maker", "tier": tier, "component": component}
    return LeaderboardEntry({**row, "rank": rank, "interval": "clustered"})


@pytest.mark.parametrize(
    ("places", "shown", "leader"),
    [
        ([("a", 1), ("b", 2)], "ab", Leader("A", "Maker", 0)),
        ([("a", 1), ("b", 1), ("c", 1), ("d", 2)], "da", Leader("A", "Maker", 2)),
        ([("a", 1), ("b", 1), ("c", 2)], "abc", Leader("A", "Maker", 1, "B")),
        ([("a", 1), ("b", 1), ("c", 2)], "cb", Leader("B", "Maker", None)),
        ([("a", 1), ("b", 2), ("x", 1, 1), ("y", 1, 1)], "abxy", None),
        ([("a", 1), ("b", 2), ("c", None, 0, None)], "abc", Leader("A", "Maker", 0)),
        ([("a", 1), ("b", 2), ("c", None, 0, None)], "ac", None),
        ([("a", 1), ("b", 2), ("c", None, 0, None), ("d", None, 0, None)], "cd", None),
        ([("a", None), ("b", None)], "ab", Leader("A", "Maker", None)),
        ([("a", 1), ("b", 2)], "a", None),
        ([("a", 1)], "", None),
    ],
    ids=[
        "alone", "tied", "one rival", "filtered", "other group", "unranked", "one ranked", "unranked only",
        "without tiers", "one shown", "none",
    ],
)  # fmt: skip
def test_leader_is_the_best_ranked_model_shown_with_the_size_of_its_tier(places, shown, leader):
    entries = [entry(*place) for place in places]
    by_slug = {each.slug: each for each in entries}
    tiers = find_tiers(each.row for each in entries)
    assert find_leader(entries, [by_slug[slug] for slug in shown], tiers) == leader
