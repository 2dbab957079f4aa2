"""Announces battle events to open pages, through one Redis stream for all battles. Events can be lost.

Each entry of the stream contains battle ids, each followed by a list of events: ["delta", turn, side, tag, offset,
text], ["done", turn, side, tag, offset, html], ["failed", turn, side, tag, offset, reason], and ["state", state]. `tag`
identifies the attempt (see `derive_attempt_tag`), and `offset` is the number of the answer's characters before it.

The stream contains the events of the last `RETENTION_S` seconds. While a worker is answering a turn, it may publish
only if it has claimed the turn or saved the released text within the last `LEASE_S` seconds. This is less than
`RETENTION_S`, so the stream and the database together contain all released text.
"""

from typing import Any

import orjson

from arena.identity import hash_key
from core.storage.redis_clients import get_redis_client, redis_circuit

EVENT_STREAM = "battle-events"
RETENTION_S = 15
STREAM_TTL_S = 60
STOP_STREAM = "stops"
STOP_FIELD = b"b"
MAX_STOP_ENTRIES = 1000


def derive_attempt_tag(answer_id: int, attempt: int) -> str:
    """Return the attempt's public tag of eight characters, which is the same in every process of this installation.

    It reveals neither the attempt's number nor the answer's id.
    """
    return hash_key.compute_hmac(f"attempt:{answer_id}:{attempt}")[:8]


def announce_events(battle_id: object, *events: list[Any]) -> None:
    """Announce events to a battle's open pages. Call this after the events are stored.

    The events are lost if Redis is down.
    """
    redis_circuit.run(lambda: _add_to_stream(str(battle_id), events), lambda: None)


def _add_to_stream(battle_id: str, events: tuple[list[Any], ...]) -> None:
    pipeline = get_redis_client().pipeline(transaction=False)
    pipeline.xadd(EVENT_STREAM, {battle_id: orjson.dumps(events)})
    # Only workers delete old entries, so announcements alone must not keep the stream alive.
    pipeline.expire(EVENT_STREAM, STREAM_TTL_S, nx=True)
    pipeline.execute()


def request_stop(battle_id: object) -> None:
    """Ask the workers to stop a battle's answers. If Redis is down, they notice at their next heartbeat."""
    redis_circuit.run(
        lambda: get_redis_client().xadd(STOP_STREAM, {STOP_FIELD: str(battle_id)}, maxlen=MAX_STOP_ENTRIES),
        lambda: None,
    )
