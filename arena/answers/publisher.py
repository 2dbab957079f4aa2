"""Sends the released text of all running turns of a worker to the web processes."""

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

RETRY_DELAY_S = 0.5
MAX_ENTRIES_PER_S = 1500  # of one worker: beyond 60 running turns each is published more seldom
STOP_READ_TIMEOUT_MS = 2000
logger = logging.getLogger(__name__)


class Publisher:
    """Writes what is unsent of all running turns, in one pipeline a tick."""

    def __init__(self) -> None:
        self.redis = connect_async_redis()
        self.silent_until = 0.0
        self.last_stop: bytes | None = None

    async def stops(self) -> list[str]:
        """Ids of battles whose voters asked to stop since the last call; lost without Redis."""
        try:
            if self.last_stop is None:  # "$" would be the newest of each call, and lose what comes between two
                newest: Any = await self.redis.xrevrange(STOP_STREAM, count=1)
                self.last_stop = newest[0][0] if newest else b"0-0"
            new: Any = await self.redis.xread({STOP_STREAM: self.last_stop}, block=STOP_READ_TIMEOUT_MS)
        except (RedisError, OSError) as error:
            logger.warning("Redis is away: %s", error)
            await asyncio.sleep(RETRY_DELAY_S)
            return []
        entries = [entry for _, entries in new or [] for entry in entries]
        if entries:
            self.last_stop = entries[-1][0]
        return [fields[EVENTS_FIELD].decode() for _, fields in entries]

    async def forget(self, battle_id: str) -> None:
        """Take back what was published of a battle that is deleted."""
        with suppress_redis_errors():
            await self.redis.delete(get_stream_key(battle_id))

    async def flush(self, turns: Iterable[LiveTurn]) -> None:
        """Send and forget; after a failure everything is said again from the start once Redis is back."""
        now = time.monotonic()
        if now < self.silent_until:
            return
        sending = [(turn, len(turn.unsent)) for turn in turns if turn.unsent or turn.whole]
        if not sending:
            return
        self.silent_until = now + len(sending) / MAX_ENTRIES_PER_S - TICK_S / 2
        pipeline = self.redis.pipeline(transaction=False)
        places = [_queue_events(pipeline, turn) for turn, _ in sending]
        results: list[Any] = [None] * len(pipeline)
        try:
            results = await pipeline.execute()
        except (TimeoutError, RedisError, OSError) as error:
            logger.warning("Redis is away: %s", error)
            self.silent_until = time.monotonic() + RETRY_DELAY_S
        for (turn, sent), place in zip(sending, places, strict=True):
            _mark_sent(turn, sent, added=results[place] is not None)


def _queue_events(pipeline: Any, turn: LiveTurn) -> int:
    """Add what a turn has to say, but not to a stream that was there and is gone; gives the place of the answer."""
    key, place = get_stream_key(turn.job.battle_id), len(pipeline)
    ends = [event for event in turn.unsent if event[0] != "delta"]
    events = turn.repeat() + ends if turn.whole else turn.unsent
    pipeline.xadd(key, {EVENTS_FIELD: orjson.dumps(events)}, nomkstream=turn.begun)
    if ends or not turn.begun:
        pipeline.expire(key, STREAM_TTL_S)
    return place


def _mark_sent(turn: LiveTurn, sent: int, *, added: bool) -> None:
    if added:
        del turn.unsent[:sent]
    else:
        turn.unsent = [event for event in turn.unsent if event[0] != "delta"]
    turn.begun, turn.whole = added, not added
