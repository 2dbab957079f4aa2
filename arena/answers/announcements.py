"""The events of a battle for open pages: one Redis stream per battle. They are hints and may be lost.

An entry holds a list of events: ["delta", turn, side, tag, offset, text], ["done", turn, side, tag, html],
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
    """Publish events that the database already contains to the open pages of a battle. They are lost without Redis."""
    key = get_stream_key(battle_id)
    with suppress_redis_errors():
        pipeline = get_redis_client().pipeline(transaction=False)
        pipeline.xadd(key, {EVENTS_FIELD: orjson.dumps(events)})
        pipeline.expire(key, STREAM_TTL_S)
        pipeline.execute()


def request_stop(battle_id: object) -> None:
    """Ask the workers to stop the answers of a battle. Without Redis they notice at the next heartbeat."""
    with suppress_redis_errors():
        get_redis_client().xadd(STOP_STREAM, {EVENTS_FIELD: str(battle_id)}, maxlen=MAX_STOP_ENTRIES)


def delete_streams(battle_ids: Iterable[object]) -> None:
    """Delete the event streams of deleted battles. Without Redis they expire within `STREAM_TTL_S`."""
    if keys := [get_stream_key(battle_id) for battle_id in battle_ids]:
        with suppress_redis_errors():
            get_redis_client().delete(*keys)
