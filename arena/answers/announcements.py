"""What is published of a battle: one Redis stream per battle, hints that may be lost.

An entry holds a list of events: ["delta", turn, side, tag, at, text], ["done", turn, side, tag, html],
["failed", turn, side, tag, reason] and ["state", state].
"""

from collections.abc import Iterable
from typing import Any

import orjson

from core.storage.redis_clients import get_redis_client, suppress_redis_errors

STREAM_TTL_S = 3600
EVENTS_FIELD = b"e"
STOP_STREAM = "stops"
MAX_STOP_ENTRIES = 1000


def get_stream_key(battle_id: object) -> str:
    return f"battle:{battle_id}"


def announce_events(battle_id: object, *events: list[Any]) -> None:
    """Tell the open pages of a battle something that the database knows already; lost without Redis."""
    key = get_stream_key(battle_id)
    with suppress_redis_errors():
        pipeline = get_redis_client().pipeline(transaction=False)
        pipeline.xadd(key, {EVENTS_FIELD: orjson.dumps(events)})
        pipeline.expire(key, STREAM_TTL_S)
        pipeline.execute()


def request_stop(battle_id: object) -> None:
    """Tell the workers that a battle's voter wants no more; lost without Redis, and then seen by a heartbeat."""
    with suppress_redis_errors():
        get_redis_client().xadd(STOP_STREAM, {EVENTS_FIELD: str(battle_id)}, maxlen=MAX_STOP_ENTRIES)


def delete_streams(battle_ids: Iterable[object]) -> None:
    """Take back what was published of battles that are deleted; without Redis it is gone within `STREAM_TTL_S`."""
    if keys := [get_stream_key(battle_id) for battle_id in battle_ids]:
        with suppress_redis_errors():
            get_redis_client().delete(*keys)
