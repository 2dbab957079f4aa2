"""Which board puts a shortlist in order."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from arena.models import LIVE_POOL
from core.http.errors import RequestError
from ratings.boards import snapshots
from ratings.boards.snapshots import BRADLEY_TERRY, list_newest_snapshots, unpack_rows
from ratings.models import OVERALL_CATEGORY, Pool, Snapshot
from ratings.statistics.constants import MIN_RANKED_MODELS

# This arena's own votes, then the newest that others have published, then votes from elsewhere.
POOL_PRIORITY = (Pool.Kind.LIVE, Pool.Kind.REFERENCE, Pool.Kind.IMPORT, Pool.Kind.API)


def load_ordering_board(pool: str, category: str) -> dict[str, Any]:
    """The board of a task's category that orders a shortlist; of all categories where there is none.

    Without a pool: the first in the order above with enough votes for the category; else with enough altogether; else
    the first that has any. Raises Refusal 404 for an unknown pool.
    """
    if pool:
        return _load_pool_board(pool, category)
    found: list[Snapshot] = []
    for each in dict.fromkeys((category, OVERALL_CATEGORY)):
        found = _list_by_priority(each)
        enough = next((snapshot for snapshot in found if has_enough_votes(unpack_rows(snapshot.rows))), None)
        if enough:
            return _load_board(enough.board.pool.slug, each)
    return _load_pool_board(
        next((snapshot.board.pool.slug for snapshot in found if snapshot.votes), LIVE_POOL), category
    )


def has_enough_votes(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there are enough votes for an order: two models that can be compared have enough votes for a rank."""
    enough = [
        row for row in rows if row["component"] == 0 and not row["unbounded"] and row.get("votes_to_rank", 0) == 0
    ]
    return len(enough) >= MIN_RANKED_MODELS


def _list_by_priority(category: str) -> list[Snapshot]:
    found = [each for each in list_newest_snapshots(category) if each.board.pool.kind in POOL_PRIORITY]
    return sorted(found, key=lambda each: POOL_PRIORITY.index(Pool.Kind(each.board.pool.kind)))


def _load_pool_board(pool: str, category: str) -> dict[str, Any]:
    if category != OVERALL_CATEGORY:
        with suppress(RequestError):  # there is no such board; an unknown pool is refused below
            board = _load_board(pool, category)
            if board["rows"]:
                return board
    return _load_board(pool, OVERALL_CATEGORY)


def _load_board(pool: str, category: str) -> dict[str, Any]:
    return snapshots.load_newest_board(pool, category, style_control=False, method=BRADLEY_TERRY)
