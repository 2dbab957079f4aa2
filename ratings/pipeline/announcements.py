"""Announcements of new boards, written to the Redis stream that the web processes read."""

import logging
from collections.abc import Iterable
from typing import Any

import orjson
from redis.exceptions import RedisError

from core.storage import redis_clients
from ratings.boards.board_events import MAX_STREAM_LENGTH, STREAM_KEY
from ratings.models import Board, Snapshot

logger = logging.getLogger(__name__)


def announce_boards(snapshots: Iterable[Snapshot]) -> None:
    """Announce new boards to all web processes. Logs a warning if Redis is down."""
    pipeline = redis_clients.get_redis_client().pipeline(transaction=False)
    for snapshot in snapshots:
        pipeline.xadd(STREAM_KEY, _build_event(snapshot.board, snapshot), maxlen=MAX_STREAM_LENGTH, approximate=True)
    try:
        pipeline.execute()
    except (RedisError, OSError) as error:
        logger.warning("Redis is down, so open pages will show the new boards later: %s", error)


def _build_event(board: Board, snapshot: Snapshot) -> dict[Any, Any]:
    board_fields = {
        "pool": board.pool.slug,
        "category": board.category.slug,
        "style_control": board.style_control,
        "method": snapshot.method,
    }
    snapshot_fields = {"votes": snapshot.votes, "computed_at": snapshot.computed_at}
    return {
        "board": orjson.dumps(board_fields),
        "data": orjson.dumps(board_fields | snapshot_fields, option=orjson.OPT_UTC_Z),
    }
