"""Changes of a board between two times, for the history page and the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from core.http.errors import field_error
from ratings.boards import changes, snapshot_cache, snapshots
from ratings.boards.changes import BoardChanges, BoardRow, ModelMovement
from ratings.boards.snapshots import BoardKey
from ratings.reports import votes_per_day
from ratings.reports.votes_per_day import DayVotes

DAY = timedelta(days=1)
MIN_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class BoardComparison:
    """A board compared with an earlier one.

    since: the time of the comparison; computed_at: the time of the earlier board
    changes: None if no board had been published by then
    """

    since: datetime
    computed_at: datetime | None
    changes: BoardChanges | None


@dataclass(frozen=True)
class MovementReport:
    """The changes of a board from `since` to `until`, and the votes of each day up to then.

    computed_then: the time of the earlier board; None if no board had been published by then, so nothing has changed
    votes: how many votes the later board has more; None if unknown
    """

    board: Mapping[str, Any]
    since: datetime
    until: datetime
    computed_then: datetime | None
    days: Sequence[DayVotes]
    votes: int | None = None
    shift: float | None = None
    movements: Sequence[ModelMovement] = ()
    added: Sequence[BoardRow] = ()
    removed: Sequence[BoardRow] = ()


def compare_with_earlier(board_key: BoardKey, board: Mapping[str, Any], since: datetime) -> BoardComparison:
    """Return the changes between a board and the one that was published at an earlier time.

    Raises RequestError as `snapshots.load_newest_board` does.
    """
    earlier = snapshots.load_newest_board(replace(board_key, at=since))
    if earlier["computed_at"] is None:
        return BoardComparison(since, None, None)
    return BoardComparison(since, earlier["computed_at"], changes.compare_boards(earlier, board))


def subtract_duration(end: datetime, duration: timedelta) -> datetime:
    """Return the time that is earlier by the duration, but no earlier than the first representable time."""
    return end - min(duration, end - MIN_TIME)


def build_movement_report(board_key: BoardKey, since: datetime | None, until: datetime | None) -> MovementReport:
    """Return the changes from `since` (default: a day before the end) to `until` (default: now).

    Raises RequestError as `snapshots.load_newest_board` does, and 400 if `since` is not before `until`.
    """
    end = until or timezone.now()
    start = since or subtract_duration(end, DAY)
    if start >= end:
        raise field_error("since", "since must be earlier than until.")
    board = snapshot_cache.get_board(replace(board_key, at=until)).board
    comparison = compare_with_earlier(board_key, board, start)
    days = votes_per_day.count_votes_per_day(board_key, end)
    report = MovementReport(board, start, end, comparison.computed_at, days)
    difference = comparison.changes
    if difference is None:
        return report
    return replace(
        report,
        votes=None if board["votes"] is None else difference.votes,
        shift=difference.shift,
        movements=difference.movements,
        added=difference.added,
        removed=difference.removed,
    )
