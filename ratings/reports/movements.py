"""Changes to a board between two times, for the history page and the API."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from core.http.errors import field_error
from ratings.boards import changes, snapshot_cache, snapshots
from ratings.boards.changes import BoardChanges
from ratings.boards.snapshots import BoardKey
from ratings.reports import votes_per_day

DAY = timedelta(days=1)
NO_CHANGES = {"shift": None, "movements": (), "added": (), "removed": ()}
MIN_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class BoardComparison:
    """The comparison of a board with an earlier one.

    since: the requested time.
    computed_at: the time of the earlier board, or None if no board existed at `since`.
    changes: None if no board existed at `since`.
    """

    since: datetime
    computed_at: datetime | None
    changes: BoardChanges | None


def compare_with_earlier(board_key: BoardKey, board: Mapping[str, Any], since: datetime) -> BoardComparison:
    """Return the changes from the board that was current at `since` to this board.

    Raises RequestError as `snapshots.load_newest_board` does.
    """
    earlier = snapshots.load_newest_board(replace(board_key, at=since))
    if earlier["computed_at"] is None:
        return BoardComparison(since, None, None)
    return BoardComparison(since, earlier["computed_at"], changes.compare_boards(earlier, board))


def subtract_duration(end: datetime, duration: timedelta) -> datetime:
    """Return `end` minus the duration, but no earlier than the first time that datetime can represent."""
    return end - min(duration, end - MIN_TIME)


def build_movement_report(board_key: BoardKey, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Return the changes from `since` (default: a day before the end) to `until` (default: now).

    The result is the later board with these fields changed or added:

    since, until: the times.
    earlier_computed_at: the time of the earlier board, or None if no board existed at `since`.
    days: the votes per day up to `until`.
    votes: the number of votes that only the later board has, or None if unknown.
    shift, movements, added, removed: as in `BoardChanges`. Without an earlier board, they are None or empty.

    Raises RequestError as `snapshots.load_newest_board` does, and 400 if `since` is not before `until`.
    """
    end = until or timezone.now()
    start = since or subtract_duration(end, DAY)
    if start >= end:
        raise field_error("since", "“since” must be earlier than “until”.")
    board = snapshot_cache.get_board(replace(board_key, at=until)).board
    comparison = compare_with_earlier(board_key, board, start)
    difference = comparison.changes
    return {
        **board,
        "since": start,
        "until": end,
        "earlier_computed_at": comparison.computed_at,
        "days": votes_per_day.count_votes_per_day(board_key, end),
        "votes": difference.votes_change if difference and board["votes"] is not None else None,
        **{name: getattr(difference, name, default) for name, default in NO_CHANGES.items()},
    }
