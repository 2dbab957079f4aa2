"""What moved on a board between two times, for the page of the past and for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from core.http.errors import field_error
from ratings.boards import changes, snapshot_cache, snapshots, votes_per_day
from ratings.boards.changes import BoardChanges, BoardRow, ModelMovement
from ratings.boards.snapshots import BoardKey

DAY = timedelta(days=1)
MIN_TIME = datetime.min.replace(tzinfo=UTC)
ROW_FIGURES = ("rating", "ci_low", "ci_high", "rank", "rank_low", "rank_high", "tier")


@dataclass(frozen=True)
class BoardComparison:
    """A board against that of then; `changes` is None where no board had been published by then."""

    then: datetime
    computed_at: datetime | None
    changes: BoardChanges | None


def compare_with_earlier(asked: BoardKey, board: Mapping[str, Any], then: datetime) -> BoardComparison:
    old = snapshots.load_newest_board(**asdict(replace(asked, at=then)))
    return BoardComparison(then, old["computed_at"], changes.compare_boards(old, board) if old["computed_at"] else None)


def subtract_duration(end: datetime, by: timedelta) -> datetime:
    """So much earlier; nothing is earlier than the first time that there is."""
    return end - min(by, end - MIN_TIME)


def build_movement_report(asked: BoardKey, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """From `since`, or a day before the end, to `until`, or now. Raises Refusal as `snapshots.load_newest_board` does,
    or 400."""
    end = until or timezone.now()
    then = since or subtract_duration(end, DAY)
    if then >= end:
        raise field_error("since", "since must lie before until.")
    board = snapshot_cache.get_board(replace(asked, at=until)).board
    comparison = compare_with_earlier(asked, board, then)
    return {
        **{name: board[name] for name in ("pool", "category", "style_control", "method")},
        "since": then,
        "until": end,
        "computed_then": comparison.computed_at,
        "computed_at": board["computed_at"],
        **_build_changes(comparison.changes, knows_votes=board["votes"] is not None),
        "days": [{"day": day, "votes": votes} for day, votes in votes_per_day.count_votes_per_day(asked, end)],
    }


def _build_changes(found: BoardChanges | None, *, knows_votes: bool) -> dict[str, Any]:
    if found is None:
        return {"votes": None, "shift": None, "models": [], "came": [], "went": []}
    return {
        "votes": found.votes if knows_votes else None,
        "shift": found.shift,
        "models": [_build_movement(each, tested=found.noise) for each in found.both],
        "came": [_build_model_name(row) for row in found.came],
        "went": [_build_model_name(row) for row in found.went],
    }


def _build_movement(each: ModelMovement, *, tested: bool) -> dict[str, Any]:
    return {
        **_build_model_name(each.now),
        "change": each.change,
        "beyond_noise": list(each.what) if tested else None,
        "then": {name: each.then[name] for name in ROW_FIGURES},
        "now": {name: each.now[name] for name in ROW_FIGURES},
    }


def _build_model_name(row: BoardRow) -> dict[str, Any]:
    return {"model": row["model"], "name": row["name"]}
