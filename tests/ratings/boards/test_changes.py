"""What moved between two boards."""

import pytest

from ratings.boards.changes import compare_boards


def row(model, rating, rank, **fields):
    """A row with an interval of ±20 and a range of one rank to each side."""
    usual = {"name": model, "component": 0, "unbounded": False, "tier": 1}
    ends = {"ci_low": rating - 20, "ci_high": rating + 20, "rank_low": max(1, rank - 1), "rank_high": rank + 1}
    return {"model": model, "rating": rating, "rank": rank, **usual, **ends, **fields}


def board(*rows, votes=100):
    return {"votes": votes, "rows": list(rows)}


THEN = board(row("x", 1050.0, 1), row("y", 1000.0, 2), row("z", 950.0, 3))


def moved(now, then=THEN):
    return {
        movement.current["model"]: movement.significant for movement in compare_boards(then, now).significant_movements
    }


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (board(row("x", 1050.0, 1), row("y", 1000.0, 2), row("z", 950.0, 3)), {}),
        # ±19 is within the intervals of then, ±21 is not; the mean stays.
        (board(row("x", 1069.0, 1), row("y", 1000.0, 2), row("z", 931.0, 3)), {}),
        (board(row("x", 1071.0, 1), row("y", 1000.0, 2), row("z", 929.0, 3)), {"x": ("rating",), "z": ("rating",)}),
        # From the third to the first rank, which was not in its range.
        (
            board(row("z", 1051.0, 1), row("x", 1049.0, 2), row("y", 900.0, 3)),
            {"z": ("rating", "rank"), "y": ("rating",)},
        ),
        (board(row("x", 1050.0, 1), row("y", 1000.0, 2, tier=2), row("z", 950.0, 3)), {"y": ("tier",)}),
    ],
)
def test_what_is_beyond_noise_is_named(now, expected):
    assert moved(now) == expected


def test_those_that_moved_most_come_first():
    found = compare_boards(
        THEN, board(row("x", 1075.0, 1), row("y", 960.0, 3), row("z", 965.0, 2))
    ).significant_movements
    assert [(movement.current["model"], movement.change) for movement in found] == [("y", -40.0), ("x", 25.0)]


def test_newcomer_that_moves_the_mean_moves_nobody():
    now = board(row("n", 1100.0, 1), row("x", 1010.0, 2), row("y", 960.0, 3), row("z", 910.0, 4), votes=160)

    found = compare_boards(THEN, now)

    assert found.significant_movements == []
    assert [each["model"] for each in found.added] == ["n"]
    assert (found.removed, found.shift, found.votes_change) == ([], -40.0, 60)


def test_rank_is_told_among_the_models_of_then():
    now = board(*(row(f"n{place}", 1200.0 - place, place + 1) for place in range(5)), row("y", 1000.0, 6))
    assert moved(now, board(row("y", 1000.0, 1))) == {}


def test_equal_ratings_share_a_rank():
    now = board(row("x", 1000.0, 1), row("y", 1000.0, 1), row("z", 1000.0, 1, rank_low=1))
    assert {model for model, what in moved(now).items() if "rank" in what} == {"z"}


def test_model_that_is_gone_is_told():
    assert [each["model"] for each in compare_boards(THEN, board(row("x", 1050.0, 1))).removed] == ["y", "z"]


def test_open_end_is_never_left():
    then = board(row("x", 1050.0, 1, ci_high=None, unbounded=True), row("y", 950.0, 2))
    now = board(row("x", 1900.0, 1), row("y", 950.0, 2))
    assert moved(now, then) == {}
    assert compare_boards(then, now).shift == 0  # of those that are fitted on both


def test_groups_without_votes_between_them_are_not_compared():
    other = row("w", 1000.0, 1, component=1)
    found = compare_boards(board(*THEN["rows"], other), board(*THEN["rows"], other | {"rating": 1500.0}))
    assert found.significant_movements == []


def test_ratings_without_errors_move_nobody():
    bare = dict.fromkeys(("tier", "rank_low", "rank_high", "ci_low", "ci_high"))
    found = compare_boards(board(row("x", 1000.0, 1, **bare)), board(row("x", 1500.0, 1, **bare), votes=105))
    assert (found.has_intervals, found.significant_movements, found.votes_change) == (False, [], 5)


def test_models_without_a_rank_move_in_rating_alone():
    """Of the others ranks are counted as if it were not there: it came in above them, and took no place."""
    unranked = {"rank_ub": None, "tier": None}
    then = board(row("x", 1050.0, 1), row("y", 950.0, 2), row("new", 1100.0, 1, **unranked) | {"rank": None})
    now = board(row("new", 1150.0, 1), row("x", 1050.0, 2), row("y", 950.0, 3, tier=1))
    assert moved(now, then) == {"new": ("rating",)}
