"""What is published of a battle: one Redis stream per battle, hints that may be lost.

An entry holds a list of events: ["delta", turn, side, tag, at, text], ["done", turn, side, tag, html],
["failed", turn, side, tag, reason] and ["state", state].
"""

from collections.abc import Iterable
from typing import Any

import orjson

from core.storage.redis_clients import client, suppress_redis_errors

KEEP_S = 3600
FIELD = b"e"
STOPS = "stops"
STOPS_KEPT = 1000


def stream_key(battle_id: object) -> str:
    return f"battle:{battle_id}"


def tell(battle_id: object, *events: list[Any]) -> None:
    """Tell the open pages of a battle something that the database knows already; lost without Redis."""
    key = stream_key(battle_id)
    with suppress_redis_errors():
        pipeline = client().pipeline(transaction=False)
        pipeline.xadd(key, {FIELD: orjson.dumps(events)})
        pipeline.expire(key, KEEP_S)
        pipeline.execute()


def ask_to_stop(battle_id: object) -> None:
    """Tell the workers that a battle's voter wants no more; lost without Redis, and then seen by a heartbeat."""
    with suppress_redis_errors():
        client().xadd(STOPS, {FIELD: str(battle_id)}, maxlen=STOPS_KEPT)


def forget(battle_ids: Iterable[object]) -> None:
    """Take back what was published of battles that are deleted; without Redis it is gone within `KEEP_S`."""
    if keys := [stream_key(battle_id) for battle_id in battle_ids]:
        with suppress_redis_errors():
            client().delete(*keys)
