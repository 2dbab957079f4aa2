"""The sentence above the table of a board whose ranks are all provisional."""

import pytest

from ratings.web.leaderboard.board_notes import describe_provisional_ranks

RULE = "These ranks are provisional: a rank needs 100 votes."


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ([(1, 0), (1, 0), (2, 0)], f"{RULE} 2 of 3 models share tier 1."),
        ([(1, 0), (1, 0), (2, 0), (1, 1), (1, 1)], f"{RULE} 2 of 3 models share tier 1."),
        ([(1, 0), (2, 0), (1, 1)], RULE),
    ],
    ids=["one group", "two groups", "alone"],
)
def test_provisional_ranks_count_the_first_tier_of_the_main_group(places, words):
    rows = [{"tier": tier, "component": component} for tier, component in places]
    assert describe_provisional_ranks({"provisional": True, "rows": rows}) == words
