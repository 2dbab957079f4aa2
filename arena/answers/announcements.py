"""Announces battle events to open pages, through one Redis stream per battle. Events can be lost.

Each stream entry contains a list of events: ["delta", turn, side, tag, offset, text], ["done", turn, side, tag, html],
["failed", turn, side, tag, reason], and ["state", state]. `tag` identifies the attempt (see `attempt_tags`), and
`offset` is the number of characters before the text.
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
    """Announce events to a battle's open pages. Call this after the events are stored.

    The events are lost if Redis is down.
    """
    key = get_stream_key(battle_id)
    with suppress_redis_errors():
        pipeline = get_redis_client().pipeline(transaction=False)
        pipeline.xadd(key, {EVENTS_FIELD: orjson.dumps(events)})
        pipeline.expire(key, STREAM_TTL_S)
        pipeline.execute()


def request_stop(battle_id: object) -> None:
    """Ask the workers to stop a battle's answers. If Redis is down, they notice at their next heartbeat."""
    with suppress_redis_errors():
        get_redis_client().xadd(STOP_STREAM, {EVENTS_FIELD: str(battle_id)}, maxlen=MAX_STOP_ENTRIES)


def delete_streams(battle_ids: Iterable[object]) -> None:
    """Delete the event streams of deleted battles. If Redis is down, the streams expire within `STREAM_TTL_S`."""
    if keys := [get_stream_key(battle_id) for battle_id in battle_ids]:
        with suppress_redis_errors():
            get_redis_client().delete(*keys)
