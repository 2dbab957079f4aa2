"""Sends released text from a worker to the web processes, and receives voters' stop requests."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import orjson
from redis.exceptions import RedisError

from arena.answers.announcements import EVENT_STREAM, RETENTION_S, STOP_FIELD, STOP_STREAM, STREAM_TTL_S
from arena.answers.live_turn import LiveTurn
from arena.answers.release_clock import TICK_S
from core.storage.redis_clients import connect_async_redis

RETRY_DELAY_S = 0.5
MAX_EVENT_LISTS_PER_S = 1500  # per worker; with more than 60 running turns, each turn is published less often
STOP_READ_TIMEOUT_MS = 2000
logger = logging.getLogger(__name__)


class Publisher:
    """Publishes the unsent events of all running turns together, at most once per tick."""

    def __init__(self) -> None:
        self.redis = connect_async_redis()
        self.paused_until = 0.0  # when to try again after a failure
        self.next_flush_at = 0.0
        self.last_stop_id: bytes | None = None  # the id of the last stop request that was read
        # The newest entry's time, by Redis's clock because those of workers differ. None if the next entry may create
        # the stream.
        self.newest_entry_ms: int | None = None
        self.flushed_at = 0.0

    async def read_stops(self) -> list[str]:
        """Return the ids of battles that voters have stopped since the last call.

        Stop requests are lost if Redis is down.
        """
        try:
            if self.last_stop_id is None:  # "$" would miss entries that arrive between two calls
                newest: Any = await self.redis.xrevrange(STOP_STREAM, count=1)
                self.last_stop_id = newest[0][0] if newest else b"0-0"
            streams: Any = await self.redis.xread({STOP_STREAM: self.last_stop_id}, block=STOP_READ_TIMEOUT_MS)
        except (RedisError, OSError) as error:
            logger.warning("Stop requests cannot be read from Redis: %s", error)
            await asyncio.sleep(RETRY_DELAY_S)
            return []
        entries = [entry for _, stream_entries in streams or [] for entry in stream_entries]
        if entries:
            self.last_stop_id = entries[-1][0]
        return [fields[STOP_FIELD].decode() for _, fields in entries]

    async def flush(self, turns: Collection[LiveTurn], now: float | None = None) -> None:
        """Publish the unsent events. After a failure, all released text is sent again, and readers skip what they have.

        now: when the tick started, in seconds on the monotonic clock; by default the current time
        """
        now = time.monotonic() if now is None else now
        if now < max(self.paused_until, self.next_flush_at):
            return
        # Remember the number of events, because more can be added while they are sent.
        batch = [(turn, len(turn.unsent)) for turn in turns if turn.unsent or turn.resend_all]
        if not batch:
            return
        # Subtracting half a tick rounds the pause to the nearest tick.
        self.next_flush_at = now + len(batch) / MAX_EVENT_LISTS_PER_S - TICK_S / 2
        if now - self.flushed_at > STREAM_TTL_S / 2:
            self.newest_entry_ms = None  # the stream may have expired, with no event lost
        try:
            is_sent = await self._add_entry([turn for turn, _ in batch])
            self.flushed_at = now
        except (RedisError, OSError) as error:
            logger.warning("Answers cannot be published through Redis, so they will be sent again: %s", error)
            self.paused_until = time.monotonic() + RETRY_DELAY_S
            self.newest_entry_ms = None
            is_sent = False
        if not is_sent:
            for turn in turns:
                turn.unsent = _list_non_delta_events(turn)
                turn.resend_all = True
            return
        for turn, event_count in batch:
            del turn.unsent[:event_count]
            turn.resend_all = False

    async def _add_entry(self, turns: Iterable[LiveTurn]) -> bool:
        """Add one entry with the unsent events of all turns. Return False if the stream has vanished."""
        events_by_battle: dict[Any, list[list[Any]]] = defaultdict(list)
        for turn in turns:
            events = turn.build_full_events() + _list_non_delta_events(turn) if turn.resend_all else turn.unsent
            events_by_battle[turn.job.battle_id] += events
        fields: dict[Any, Any] = {battle: orjson.dumps(events) for battle, events in events_by_battle.items()}
        oldest_ms = None if self.newest_entry_ms is None else self.newest_entry_ms - RETENTION_S * 1000
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.xadd(EVENT_STREAM, fields, minid=oldest_ms, nomkstream=oldest_ms is not None)
        pipeline.expire(EVENT_STREAM, STREAM_TTL_S)
        entry_id: bytes | None = (await pipeline.execute())[0]
        self.newest_entry_ms = int(entry_id.partition(b"-")[0]) if entry_id else None
        return entry_id is not None


def _list_non_delta_events(turn: LiveTurn) -> list[list[Any]]:
    """Return the unsent events that do not contain text: `done`, `failed`, and `state`."""
    return [event for event in turn.unsent if event[0] != "delta"]
