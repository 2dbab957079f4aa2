"""Sends released text from a worker to the web processes, and receives voters' stop requests."""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Any

import orjson
from redis.exceptions import RedisError

from arena.answers.announcements import EVENTS_FIELD, STOP_STREAM, STREAM_TTL_S, get_stream_key
from arena.answers.live_turn import LiveTurn
from arena.answers.release_clock import TICK_S
from core.storage.redis_clients import connect_async_redis, suppress_redis_errors
from core.storage.redis_connection import Command, RedisConnection

RETRY_DELAY_S = 0.5
MAX_ENTRIES_PER_S = 1500  # per worker; with more than 60 running turns, each turn is published less often
STOP_READ_TIMEOUT_MS = 2000
logger = logging.getLogger(__name__)


class Publisher:
    """Publishes the unsent events of all running turns at once in each tick."""

    def __init__(self) -> None:
        self.redis = connect_async_redis()
        self.connection = RedisConnection()
        self.paused_until = 0.0
        self.last_stop: bytes | None = None

    async def read_stops(self) -> list[str]:
        """Return the ids of battles that voters have stopped since the last call.

        Stop requests are lost if Redis is down.
        """
        try:
            if self.last_stop is None:  # "$" would miss entries that arrive between two calls
                newest: Any = await self.redis.xrevrange(STOP_STREAM, count=1)
                self.last_stop = newest[0][0] if newest else b"0-0"
            streams: Any = await self.redis.xread({STOP_STREAM: self.last_stop}, block=STOP_READ_TIMEOUT_MS)
        except (RedisError, OSError) as error:
            logger.warning("Redis is down: %s", error)
            await asyncio.sleep(RETRY_DELAY_S)
            return []
        entries = [entry for _, stream_entries in streams or [] for entry in stream_entries]
        if entries:
            self.last_stop = entries[-1][0]
        return [fields[EVENTS_FIELD].decode() for _, fields in entries]

    async def delete_stream(self, battle_id: str) -> None:
        """Delete the event stream of a deleted battle."""
        with suppress_redis_errors():
            await self.redis.delete(get_stream_key(battle_id))

    async def flush(self, turns: Iterable[LiveTurn]) -> None:
        """Publish the unsent events. After a failure, all released text is sent again once Redis is back."""
        now = time.monotonic()
        if now < self.paused_until:
            return
        # Remember the number of events, because more can be added while the pipeline is sent.
        batch = [(turn, len(turn.unsent)) for turn in turns if turn.unsent or turn.resend_all]
        if not batch:
            return
        # Subtracting half a tick rounds the pause to the nearest tick.
        self.paused_until = now + len(batch) / MAX_ENTRIES_PER_S - TICK_S / 2
        commands: list[Command] = []
        result_indexes = [_queue_events(commands, turn) for turn, _ in batch]
        results: list[Any] = [None] * len(commands)
        try:
            results = await self.connection.execute(commands)
        except (TimeoutError, RedisError, OSError) as error:
            logger.warning("Redis is down: %s", error)
            self.paused_until = time.monotonic() + RETRY_DELAY_S
        for (turn, event_count), index in zip(batch, result_indexes, strict=True):
            _apply_result(turn, event_count, added=results[index] is not None)


def _queue_events(commands: list[Command], turn: LiveTurn) -> int:
    """Queue a turn's unsent events, with all of its text if that must be resent. Return the index of the result.

    If the stream has vanished, Redis adds nothing, and the result is None.
    """
    key = get_stream_key(turn.job.battle_id)
    index = len(commands)
    ends = [event for event in turn.unsent if event[0] != "delta"]
    events = turn.build_full_events() + ends if turn.resend_all else turn.unsent
    options = ("NOMKSTREAM",) if turn.has_stream else ()
    commands.append(("XADD", key, *options, "*", EVENTS_FIELD, orjson.dumps(events)))
    if ends or not turn.has_stream:
        commands.append(("EXPIRE", key, STREAM_TTL_S))
    return index


def _apply_result(turn: LiveTurn, event_count: int, *, added: bool) -> None:
    """Drop the events that Redis added. If it added none, keep the end events, and resend all text next time."""
    if added:
        del turn.unsent[:event_count]
    else:
        turn.unsent = [event for event in turn.unsent if event[0] != "delta"]
    turn.has_stream = added
    turn.resend_all = not added
