"""Reading a battle: web processes only forward. One reader per process takes in what the workers publish, and each
connection sends what lies between its own position and the battle as it stands.

Redis is a hint: the first look and every look after a loss is at the database.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from arena.answers import battle_view
from arena.answers.announcements import EVENTS_FIELD, get_stream_key
from arena.answers.stream_events import FINAL_STATES, BattleView, Position, encode_event, iter_events
from core.http import sse
from core.http.sse import MAX_STREAM_S, EventStream, StreamSlot
from core.storage.redis_clients import connect_async_redis

POLL_S = 0.04
MAX_SENT_PER_S = 5000  # of one process: beyond 200 battles each is looked at more seldom
RETRY_DELAY_S = 1.0
MAX_QUIET_S = 10.0
HEARTBEAT_S = 15.0
STALL_TIMEOUT_S = 30.0
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class BattleReader:
    """One open connection; `sending_since` is set while the client has not taken what was sent."""

    task: "asyncio.Task[Any] | None"
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    sending_since: float = math.inf

    def gone(self) -> bool:
        """Whether the connection was cut off; asked for, because a cancellation may be swallowed (see `Hub._run`)."""
        return self.task is not None and self.task.cancelling() > 0


@dataclass(eq=False)
class FollowedBattle:
    """One battle that somebody here reads."""

    battle_id: UUID
    view: BattleView = field(default_factory=BattleView)
    last_id: bytes = b"0"
    readers: set[BattleReader] = field(default_factory=set)
    heard_at: float = field(default_factory=time.monotonic)

    def quiet(self) -> bool:
        """Whether it is time to ask the database: a worker may have died between saving an end and saying so."""
        return self.view.state == "answering" and time.monotonic() - self.heard_at > MAX_QUIET_S

    def changed(self) -> None:
        self.heard_at = time.monotonic()
        for reader in self.readers:
            reader.woken.set()


class BattleHub:
    """All battles that are read in this process, and the one loop that keeps them up to date."""

    def __init__(self) -> None:
        self.followed: dict[UUID, FollowedBattle] = {}
        self.redis: Redis = connect_async_redis()
        self.task: asyncio.Task[None] | None = None
        self.woken = asyncio.Event()
        self.open: sse.OpenSlots = {}

    def admit(self, most: Mapping[str, int]) -> StreamSlot:
        """A place for one more stream in this process; most: who is charged → how many. Raises Refusal 429 and 503."""
        return sse.acquire_slot(self.open, most)

    def stream(self, place: StreamSlot, battle_id: UUID, position: Position) -> EventStream:
        """What `follow` tells, for a response."""
        return EventStream(place, self.follow(place, battle_id, position))

    async def follow(self, place: StreamSlot, battle_id: UUID, position: Position) -> AsyncIterator[bytes]:
        """Server-sent events from a position on, until the battle has nothing more to say."""
        reader = BattleReader(asyncio.current_task())
        try:
            followed = await self._enter(battle_id)
            followed.readers.add(reader)
            async for sent in _stream_updates(followed, reader, position):
                reader.sending_since = time.monotonic()
                yield sent
                reader.sending_since = math.inf
        finally:
            place.give_up()
            self._leave(battle_id, reader)

    def _leave(self, battle_id: UUID, reader: BattleReader) -> None:
        if followed := self.followed.get(battle_id):
            followed.readers.discard(reader)
            if not followed.readers:
                del self.followed[battle_id]

    def _drop_stalled(self) -> None:
        """A client that does not read must not keep its place for ever."""
        late = time.monotonic() - STALL_TIMEOUT_S
        for reader in [reader for each in self.followed.values() for reader in each.readers]:
            if reader.sending_since < late and reader.task:
                reader.task.cancel()

    async def _enter(self, battle_id: UUID) -> FollowedBattle:
        if battle_id in self.followed:
            return self.followed[battle_id]
        fresh = FollowedBattle(battle_id)
        fresh.view = await battle_view.load_view_and_release(battle_id)
        # What was released after the last checkpoint is in Redis alone.
        with suppress(RedisError, OSError):
            await self._read_of([fresh])
        followed = self.followed.setdefault(battle_id, fresh)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())
        self.woken.set()
        return followed

    async def _run(self) -> None:
        # Python 3.11 may swallow a cancellation that comes while a command is being sent, so it is asked for too.
        me = asyncio.current_task()
        while me and not me.cancelling():
            started = time.monotonic()
            if not self.followed:
                self.woken.clear()
                await self.woken.wait()
            self._drop_stalled()
            try:
                await self._read()
            except (TimeoutError, RedisError, OSError) as error:
                logger.warning("Redis is away: %s", error)
                await self._reload(list(self.followed.values()))
                await asyncio.sleep(RETRY_DELAY_S)
            except Exception:
                logger.exception("reading battles failed")
                await asyncio.sleep(RETRY_DELAY_S)
            pause = max(POLL_S, len(self.followed) / MAX_SENT_PER_S)
            await asyncio.sleep(max(0.0, started + pause - time.monotonic()))

    async def _read(self) -> None:
        followed = list(self.followed.values())
        gone = await self._read_of(followed)
        await self._reload(gone + [each for each in followed if each not in gone and each.quiet()])

    async def _read_of(self, followed: list[FollowedBattle]) -> list[FollowedBattle]:
        """Take in what is new; those are returned where something before it was lost."""
        by_key = {get_stream_key(each.battle_id).encode(): each for each in followed}
        streams: dict[Any, Any] = {key: each.last_id for key, each in by_key.items()}
        new: Any = await self.redis.xread(streams) if streams else []
        return [by_key[key] for key, entries in new or [] if not _apply_entries(by_key[key], entries)]

    async def _reload(self, gone: list[FollowedBattle]) -> None:
        for followed in gone:
            try:
                fresh = await battle_view.load_view_and_release(followed.battle_id)
            except DatabaseError as error:
                logger.warning("the database is away: %s", str(error).strip().partition("\n")[0])
                return
            _merge_view(followed, fresh)
            followed.changed()


async def _stream_updates(followed: FollowedBattle, reader: BattleReader, position: Position) -> AsyncIterator[bytes]:
    sent_at = time.monotonic()
    end = sent_at + MAX_STREAM_S
    while time.monotonic() < end and not reader.gone():
        reader.woken.clear()
        if events := list(iter_events(position, followed.view)):
            position = events[-1][2]
            yield b"".join(map(encode_event, events))
            sent_at = time.monotonic()
        if followed.view.state in FINAL_STATES and position.step:
            return
        await _wait_for_event(reader.woken, sent_at + HEARTBEAT_S - time.monotonic())
        # Whatever woke the reader may bring nothing to send.
        if time.monotonic() - sent_at >= HEARTBEAT_S:
            yield b": still here\n\n"
            sent_at = time.monotonic()


def _apply_entries(followed: FollowedBattle, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> bool:
    """Apply what was published; False where something between was lost."""
    whole = True
    for entry_id, fields in entries:
        followed.last_id = entry_id
        for event in orjson.loads(fields[EVENTS_FIELD]):
            whole = followed.view.apply(event) and whole
    followed.changed()
    return whole


def _merge_view(followed: FollowedBattle, fresh: BattleView) -> None:
    """The database's word, but never less text than was seen of the same attempt."""
    for number, sides in followed.view.turns.items():
        for name, seen in sides.items():
            now = fresh.side(number, name)
            if now.tag in ("", seen.tag) and not now.end and len(now.text) < len(seen.text):
                fresh.turns[number][name] = seen
    followed.view = fresh


async def _wait_for_event(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


_hub: BattleHub | None = None


def get_hub() -> BattleHub:
    """The hub of this process's event loop."""
    global _hub  # noqa: PLW0603  # one per web process, made inside its loop
    if _hub is None:
        _hub = BattleHub()
    return _hub
