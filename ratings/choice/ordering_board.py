"""Selects the board whose ratings determine the order of a shortlist."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from arena.models import LIVE_SLUG, Pool
from core.http.errors import RequestError
from ratings.boards import snapshot_cache, snapshots
from ratings.boards.board_row import BoardRow
from ratings.boards.snapshots import BoardKey, list_newest_snapshots
from ratings.models import OVERALL_CATEGORY, Snapshot
from ratings.statistics.constants import MAIN_COMPONENT, MIN_RANKED_MODELS

# The order of preference: this arena's votes, published ratings, imported votes, and votes cast with API keys.
POOL_PRIORITY = (Pool.Kind.LIVE, Pool.Kind.REFERENCE, Pool.Kind.IMPORT, Pool.Kind.API)


def load_ordering_board(pool: str, categories: Sequence[str]) -> dict[str, Any]:
    """Return the board whose ratings determine the order of a shortlist.

    The caller must not modify the board, because it is cached.

    pool: the slug of the board's pool, or "" to choose the pool by its votes.
    categories: slugs of categories, the preferred one first.

    With a pool, the board is that of the first category in which the pool has rated models, or else the overall board.
    Without a pool, it is the first board on which at least two comparable models have enough votes for a rank: by
    category in the order of `categories`, with overall last, and within each category by pool in the order of
    `POOL_PRIORITY`. If there is no such board, the first pool with any votes overall is used as if it were given, or
    else the live pool.

    Raises RequestError 404 if the pool is unknown.
    """
    preferred = [category for category in categories if category != OVERALL_CATEGORY]
    if pool:
        return _load_pool_board(pool, preferred)
    by_category: dict[str, list[Snapshot]] = {}
    for category in (*preferred, OVERALL_CATEGORY):
        newest = [each for each in list_newest_snapshots(category) if each.board.pool.kind in POOL_PRIORITY]
        by_category[category] = sorted(newest, key=lambda each: POOL_PRIORITY.index(Pool.Kind(each.board.pool.kind)))
        for snapshot in by_category[category]:
            board_key = BoardKey(snapshot.board.pool.slug, category)
            board = snapshot_cache.get_loaded_board(board_key, snapshot).board
            if _has_comparable_models(board["rows"]):
                return board
    pools_with_votes = (each.board.pool.slug for each in by_category[OVERALL_CATEGORY] if each.votes)
    return _load_pool_board(next(pools_with_votes, LIVE_SLUG), preferred)


def _has_comparable_models(rows: Sequence[BoardRow]) -> bool:
    """Return whether at least two comparable models have enough votes for a rank."""
    main_rows = (row for row in rows if row["component"] == MAIN_COMPONENT and not row["unbounded"])
    return len([row for row in main_rows if row.get("votes_to_rank", 0) == 0]) >= MIN_RANKED_MODELS


def _load_pool_board(pool: str, preferred: Sequence[str]) -> dict[str, Any]:
    for category in preferred:
        # A reference pool can lack the category. If the pool is unknown, the last line raises the error again.
        with suppress(RequestError):
            board = snapshots.load_newest_board(BoardKey(pool, category))
            if board["rows"]:
                return board
    return snapshots.load_newest_board(BoardKey(pool))
