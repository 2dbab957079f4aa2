"""The sentence above the table of a board whose ranks are all provisional."""

import pytest

from ratings.web.leaderboard.board_notes import describe_provisional_ranks

RULE = "These ranks are provisional: a rank needs 100 votes."


@pytest.mark.parametrize(
    ("board", "words"),
    [
        ({"provisional": True, "rows": ["a row"]}, RULE),
        ({"provisional": True, "rows": []}, ""),
        ({"provisional": False, "rows": ["a row"]}, ""),
    ],
    ids=["provisional", "empty", "ranked"],
)
def test_board_says_that_its_ranks_are_provisional(board, words):
    assert describe_provisional_ranks(board) == words
