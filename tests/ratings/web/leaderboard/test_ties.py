"""Brackets beside the rows of a tier."""

import pytest

from ratings.web.leaderboard.ties import list_marks


@pytest.mark.parametrize(
    ("tiers", "marks"),
    [
        ([], []),
        ([1, 2, 3, 4], ["", "", "", ""]),
        ([1, 1, 1, 2], ["tie tie-start", "tie", "tie tie-end", ""]),
        ([1, 1, 2, 2], ["tie tie-start", "tie tie-end", "tie tie-start", "tie tie-end"]),
        ([1, 2, 1, 1, None, None], ["", "", "tie tie-start", "tie tie-end", "", ""]),
    ],
)
def test_bracket_joins_consecutive_rows_of_a_tier(tiers, marks):
    assert list_marks(tiers) == marks
