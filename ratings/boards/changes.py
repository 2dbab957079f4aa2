"""Differences between two published boards, with a significance test for each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ratings.boards.board_row import BoardRow, has_rank
from ratings.statistics.constants import MAIN_COMPONENT


@dataclass(frozen=True)
class ModelMovement:
    """The rows of one model on both boards, and how they differ.

    change: the change in the rating in Elo points, excluding the common shift of all ratings.
    significant: the names of the fields (rating, rank, tier) that changed significantly. None if a board has no
        intervals.
    """

    earlier: BoardRow
    current: BoardRow
    change: float
    significant: tuple[str, ...] | None


@dataclass(frozen=True)
class BoardChanges:
    """The differences between two boards.

    movements: the models on both boards, largest change first.
    added, removed: the rows of models that are only on the current board, and of those only on the earlier board.
    shift: the common shift of all ratings in Elo points.
    votes_change: the number of votes on the current board minus the number on the earlier one.
    has_intervals: whether both boards have intervals. Without intervals, no change can be tested.
    """

    movements: Sequence[ModelMovement]
    added: Sequence[BoardRow]
    removed: Sequence[BoardRow]
    shift: float
    votes_change: int
    has_intervals: bool

    @property
    def significant_movements(self) -> list[ModelMovement]:
        """The models with significant changes, largest change first."""
        return [movement for movement in self.movements if movement.significant]


def compare_boards(earlier: Mapping[str, Any], current: Mapping[str, Any]) -> BoardChanges:
    """Return the differences between the main components of two boards in the API's format.

    Shift: the mean rating of a board is fixed, so a new model shifts the ratings of all others. The shift is the mean
    difference of the models with bounded ratings on both boards. It is subtracted from all differences.

    Rating: a change is significant if the current rating is outside the earlier interval. The current votes include the
    earlier ones, so the difference has a smaller variance than the earlier estimate. As a result, fewer than one in
    twenty unchanged models are reported.

    Rank: a change is significant if the current rank is outside the earlier range. Here, the current rank is the rank
    among only those models that are ranked on both boards.

    Tier: every change is significant, because tiers are based on a significance test.

    A model that is unranked on one of the boards has no change in rank or tier.
    """
    old_rows = _index_main_rows(earlier)
    new_rows = _index_main_rows(current)
    pairs = {model: (old_rows[model], row) for model, row in new_rows.items() if model in old_rows}
    differences = [
        new["rating"] - old["rating"] for old, new in pairs.values() if not (old["unbounded"] or new["unbounded"])
    ]
    shift = sum(differences) / len(differences) if differences else 0.0
    ranks = _compute_ranks([new for old, new in pairs.values() if has_rank(old) and has_rank(new)])
    has_intervals = all(row["rank_low"] is not None for row in (*old_rows.values(), *new_rows.values()))
    movements = []
    for model, (old, new) in pairs.items():
        rating = new["rating"] - shift
        significant = _list_significant_changes(old, new, rating, ranks.get(model)) if has_intervals else None
        movements.append(ModelMovement(old, new, rating - old["rating"], significant))
    return BoardChanges(
        movements=sorted(movements, key=lambda movement: -abs(movement.change)),
        added=[row for model, row in new_rows.items() if model not in old_rows],
        removed=[row for model, row in old_rows.items() if model not in new_rows],
        shift=shift,
        votes_change=(current["votes"] or 0) - (earlier["votes"] or 0),
        has_intervals=has_intervals,
    )


def _index_main_rows(board: Mapping[str, Any]) -> dict[str, BoardRow]:
    return {row["model"]: row for row in board["rows"] if row["component"] == MAIN_COMPONENT}


def _compute_ranks(rows: Sequence[BoardRow]) -> dict[str, int]:
    """Map each slug to its rank among these rows only. The rows must be sorted, best first."""
    ranks: dict[str, int] = {}
    first_of_rank: dict[int, int] = {}
    for position, row in enumerate(rows, 1):
        ranks[row["model"]] = first_of_rank.setdefault(row["rank"], position)
    return ranks


def _list_significant_changes(earlier: BoardRow, current: BoardRow, rating: float, rank: int | None) -> tuple[str, ...]:
    """Return the names of the fields that changed significantly.

    rating: the current rating, excluding the common shift.
    rank: the current rank among the models that are ranked on both boards, or None.
    """
    low, high = earlier["ci_low"], earlier["ci_high"]
    tests = {
        "rating": (low is not None and rating < low) or (high is not None and rating > high),
        "rank": rank is not None and not earlier["rank_low"] <= rank <= earlier["rank_high"],
        "tier": rank is not None and earlier["tier"] != current["tier"],
    }
    return tuple(name for name, is_significant in tests.items() if is_significant)
