"""Which board puts a shortlist in order."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from arena.models import LIVE
from core.http.errors import Refusal
from ratings.boards import snapshots
from ratings.boards.snapshots import BRADLEY_TERRY, newest_of_pools, unpack
from ratings.models import OVERALL, Pool, Snapshot
from ratings.statistics.constants import LEAST_RANKED

# This arena's own votes, then the newest that others have published, then votes from elsewhere.
ORDER = (Pool.Kind.LIVE, Pool.Kind.REFERENCE, Pool.Kind.IMPORT, Pool.Kind.API)


def ordering(pool: str, category: str) -> dict[str, Any]:
    """The board of a task's category that orders a shortlist; of all categories where there is none.

    Without a pool: the first in the order above with enough votes for the category; else with enough altogether; else
    the first that has any. Raises Refusal 404 for an unknown pool.
    """
    if pool:
        return _of_pool(pool, category)
    found: list[Snapshot] = []
    for each in dict.fromkeys((category, OVERALL)):
        found = _in_order(each)
        enough = next((snapshot for snapshot in found if settled(unpack(snapshot.rows))), None)
        if enough:
            return _newest(enough.board.pool.slug, each)
    return _of_pool(next((snapshot.board.pool.slug for snapshot in found if snapshot.votes), LIVE), category)


def settled(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there are enough votes for an order: two models that can be compared have enough votes for a rank."""
    enough = [
        row for row in rows if row["component"] == 0 and not row["unbounded"] and row.get("votes_to_rank", 0) == 0
    ]
    return len(enough) >= LEAST_RANKED


def _in_order(category: str) -> list[Snapshot]:
    found = [each for each in newest_of_pools(category) if each.board.pool.kind in ORDER]
    return sorted(found, key=lambda each: ORDER.index(Pool.Kind(each.board.pool.kind)))


def _of_pool(pool: str, category: str) -> dict[str, Any]:
    if category != OVERALL:
        with suppress(Refusal):  # there is no such board; an unknown pool is refused below
            board = _newest(pool, category)
            if board["rows"]:
                return board
    return _newest(pool, OVERALL)


def _newest(pool: str, category: str) -> dict[str, Any]:
    return snapshots.newest(pool, category, style_control=False, method=BRADLEY_TERRY)
