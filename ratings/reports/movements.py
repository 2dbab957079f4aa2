"""What moved on a board between two times, for the page of the past and for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from core.http.errors import bad
from ratings.boards import changes, snapshot_cache, snapshots, votes_per_day
from ratings.boards.changes import Changes, Moved, Row
from ratings.boards.snapshots import Asked

DAY = timedelta(days=1)
FIRST = datetime.min.replace(tzinfo=UTC)
FIGURES = ("rating", "ci_low", "ci_high", "rank", "rank_low", "rank_high", "tier")


@dataclass(frozen=True)
class Comparison:
    """A board against that of then; `changes` is None where no board had been published by then."""

    then: datetime
    computed_at: datetime | None
    changes: Changes | None


def compared(asked: Asked, board: Mapping[str, Any], then: datetime) -> Comparison:
    old = snapshots.newest(**asdict(replace(asked, at=then)))
    return Comparison(then, old["computed_at"], changes.between(old, board) if old["computed_at"] else None)


def before(end: datetime, by: timedelta) -> datetime:
    """So much earlier; nothing is earlier than the first time that there is."""
    return end - min(by, end - FIRST)


def between(asked: Asked, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """From `since`, or a day before the end, to `until`, or now. Raises Refusal as `snapshots.newest` does, or 400."""
    end = until or timezone.now()
    then = since or before(end, DAY)
    if then >= end:
        raise bad("since", "since must lie before until.")
    board = snapshot_cache.board(replace(asked, at=until)).board
    comparison = compared(asked, board, then)
    return {
        **{name: board[name] for name in ("pool", "category", "style_control", "method")},
        "since": then,
        "until": end,
        "computed_then": comparison.computed_at,
        "computed_at": board["computed_at"],
        **_told(comparison.changes, knows_votes=board["votes"] is not None),
        "days": [{"day": day, "votes": votes} for day, votes in votes_per_day.by_day(asked, end)],
    }


def _told(found: Changes | None, *, knows_votes: bool) -> dict[str, Any]:
    if found is None:
        return {"votes": None, "shift": None, "models": [], "came": [], "went": []}
    return {
        "votes": found.votes if knows_votes else None,
        "shift": found.shift,
        "models": [_model(each, tested=found.noise) for each in found.both],
        "came": [_named(row) for row in found.came],
        "went": [_named(row) for row in found.went],
    }


def _model(each: Moved, *, tested: bool) -> dict[str, Any]:
    return {
        **_named(each.now),
        "change": each.change,
        "beyond_noise": list(each.what) if tested else None,
        "then": {name: each.then[name] for name in FIGURES},
        "now": {name: each.now[name] for name in FIGURES},
    }


def _named(row: Row) -> dict[str, Any]:
    return {"model": row["model"], "name": row["name"]}
