"""Changes of a board between two times, for the history page and the API."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from core.http.errors import field_error
from ratings.boards import changes, snapshot_cache, snapshots
from ratings.boards.changes import BoardChanges, BoardRow, ModelMovement
from ratings.boards.snapshots import BoardKey
from ratings.reports import votes_per_day

DAY = timedelta(days=1)
MIN_TIME = datetime.min.replace(tzinfo=UTC)
ROW_FIGURES = ("rating", "ci_low", "ci_high", "rank", "rank_low", "rank_high", "tier")


@dataclass(frozen=True)
class BoardComparison:
    """A board compared with an earlier one.

    since: the time of the comparison; computed_at: the time of the earlier board
    changes: None if no board had been published by then
    """

    since: datetime
    computed_at: datetime | None
    changes: BoardChanges | None


def compare_with_earlier(board_key: BoardKey, board: Mapping[str, Any], since: datetime) -> BoardComparison:
    """Return the changes of a board since the one that was published at a time.

    Raises:
        RequestError: as in `snapshots.load_newest_board`.
    """
    earlier = snapshots.load_newest_board(replace(board_key, at=since))
    if earlier["computed_at"] is None:
        return BoardComparison(since, None, None)
    return BoardComparison(since, earlier["computed_at"], changes.compare_boards(earlier, board))


def subtract_duration(end: datetime, duration: timedelta) -> datetime:
    """Return the time so much earlier, but no earlier than the first representable time."""
    return end - min(duration, end - MIN_TIME)


def build_movement_report(board_key: BoardKey, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Return the changes from `since` (default: a day before the end) to `until` (default: now).

    Raises:
        RequestError: as in `snapshots.load_newest_board`, and 400 if `since` is not before `until`.
    """
    end = until or timezone.now()
    start = since or subtract_duration(end, DAY)
    if start >= end:
        raise field_error("since", "since must be earlier than until.")
    board = snapshot_cache.get_board(replace(board_key, at=until)).board
    comparison = compare_with_earlier(board_key, board, start)
    return {
        **{name: board[name] for name in ("pool", "category", "style_control", "method")},
        "since": start,
        "until": end,
        "computed_then": comparison.computed_at,
        "computed_at": board["computed_at"],
        **_build_changes(comparison.changes, knows_votes=board["votes"] is not None),
        "days": [{"day": day, "votes": votes} for day, votes in votes_per_day.count_votes_per_day(board_key, end)],
    }


def _build_changes(changes: BoardChanges | None, *, knows_votes: bool) -> dict[str, Any]:
    if changes is None:
        return {"votes": None, "shift": None, "models": [], "came": [], "went": []}
    return {
        "votes": changes.votes if knows_votes else None,
        "shift": changes.shift,
        "models": [_build_movement(movement, tested=changes.has_intervals) for movement in changes.movements],
        "came": [_build_model_name(row) for row in changes.added],
        "went": [_build_model_name(row) for row in changes.removed],
    }


def _build_movement(movement: ModelMovement, *, tested: bool) -> dict[str, Any]:
    return {
        **_build_model_name(movement.current),
        "change": movement.change,
        "beyond_noise": list(movement.significant) if tested else None,
        "then": {name: movement.earlier[name] for name in ROW_FIGURES},
        "now": {name: movement.current[name] for name in ROW_FIGURES},
    }


def _build_model_name(row: BoardRow) -> dict[str, Any]:
    return {"model": row["model"], "name": row["name"]}
