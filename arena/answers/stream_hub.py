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
from arena.answers.announcements import FIELD, stream_key
from arena.answers.stream_events import LAST_STATES, BattleView, Position, between, encode
from core.http import sse
from core.http.sse import LONGEST_S, Place, Stream
from core.storage.redis_clients import connect

POLL_S = 0.04
MOST_SENT_PER_S = 5000  # of one process: beyond 200 battles each is looked at more seldom
LOST_POLL_S = 1.0
QUIET_S = 10.0
HEARTBEAT_S = 15.0
STALLED_S = 30.0
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Reader:
    """One open connection; `sending_since` is set while the client has not taken what was sent."""

    task: "asyncio.Task[Any] | None"
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    sending_since: float = math.inf

    def gone(self) -> bool:
        """Whether the connection was cut off; asked for, because a cancellation may be swallowed (see `Hub._run`)."""
        return self.task is not None and self.task.cancelling() > 0


@dataclass(eq=False)
class Followed:
    """One battle that somebody here reads."""

    battle_id: UUID
    view: BattleView = field(default_factory=BattleView)
    last_id: bytes = b"0"
    readers: set[Reader] = field(default_factory=set)
    heard_at: float = field(default_factory=time.monotonic)

    def quiet(self) -> bool:
        """Whether it is time to ask the database: a worker may have died between saving an end and saying so."""
        return self.view.state == "answering" and time.monotonic() - self.heard_at > QUIET_S

    def changed(self) -> None:
        self.heard_at = time.monotonic()
        for reader in self.readers:
            reader.woken.set()


class Hub:
    """All battles that are read in this process, and the one loop that keeps them up to date."""

    def __init__(self) -> None:
        self.followed: dict[UUID, Followed] = {}
        self.redis: Redis = connect()
        self.task: asyncio.Task[None] | None = None
        self.woken = asyncio.Event()
        self.open: sse.Taken = {}

    def admit(self, most: Mapping[str, int]) -> Place:
        """A place for one more stream in this process; most: who is charged → how many. Raises Refusal 429 and 503."""
        return sse.take(self.open, most)

    def stream(self, place: Place, battle_id: UUID, position: Position) -> Stream:
        """What `follow` tells, for a response."""
        return Stream(place, self.follow(place, battle_id, position))

    async def follow(self, place: Place, battle_id: UUID, position: Position) -> AsyncIterator[bytes]:
        """Server-sent events from a position on, until the battle has nothing more to say."""
        reader = Reader(asyncio.current_task())
        try:
            followed = await self._enter(battle_id)
            followed.readers.add(reader)
            async for sent in _read(followed, reader, position):
                reader.sending_since = time.monotonic()
                yield sent
                reader.sending_since = math.inf
        finally:
            place.give_up()
            self._leave(battle_id, reader)

    def _leave(self, battle_id: UUID, reader: Reader) -> None:
        if followed := self.followed.get(battle_id):
            followed.readers.discard(reader)
            if not followed.readers:
                del self.followed[battle_id]

    def _drop_stalled(self) -> None:
        """A client that does not read must not keep its place for ever."""
        late = time.monotonic() - STALLED_S
        for reader in [reader for each in self.followed.values() for reader in each.readers]:
            if reader.sending_since < late and reader.task:
                reader.task.cancel()

    async def _enter(self, battle_id: UUID) -> Followed:
        if battle_id in self.followed:
            return self.followed[battle_id]
        fresh = Followed(battle_id)
        fresh.view = await battle_view.load_and_let_go(battle_id)
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
                await asyncio.sleep(LOST_POLL_S)
            except Exception:
                logger.exception("reading battles failed")
                await asyncio.sleep(LOST_POLL_S)
            pause = max(POLL_S, len(self.followed) / MOST_SENT_PER_S)
            await asyncio.sleep(max(0.0, started + pause - time.monotonic()))

    async def _read(self) -> None:
        followed = list(self.followed.values())
        gone = await self._read_of(followed)
        await self._reload(gone + [each for each in followed if each not in gone and each.quiet()])

    async def _read_of(self, followed: list[Followed]) -> list[Followed]:
        """Take in what is new; those are returned where something before it was lost."""
        by_key = {stream_key(each.battle_id).encode(): each for each in followed}
        streams: dict[Any, Any] = {key: each.last_id for key, each in by_key.items()}
        new: Any = await self.redis.xread(streams) if streams else []
        return [by_key[key] for key, entries in new or [] if not _take_in(by_key[key], entries)]

    async def _reload(self, gone: list[Followed]) -> None:
        for followed in gone:
            try:
                fresh = await battle_view.load_and_let_go(followed.battle_id)
            except DatabaseError as error:
                logger.warning("the database is away: %s", str(error).strip().partition("\n")[0])
                return
            _merge(followed, fresh)
            followed.changed()


async def _read(followed: Followed, reader: Reader, position: Position) -> AsyncIterator[bytes]:
    sent_at = time.monotonic()
    end = sent_at + LONGEST_S
    while time.monotonic() < end and not reader.gone():
        reader.woken.clear()
        if events := list(between(position, followed.view)):
            position = events[-1][2]
            yield b"".join(map(encode, events))
            sent_at = time.monotonic()
        if followed.view.state in LAST_STATES and position.step:
            return
        await _within(reader.woken, sent_at + HEARTBEAT_S - time.monotonic())
        # Whatever woke the reader may bring nothing to send.
        if time.monotonic() - sent_at >= HEARTBEAT_S:
            yield b": still here\n\n"
            sent_at = time.monotonic()


def _take_in(followed: Followed, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> bool:
    """Apply what was published; False where something between was lost."""
    whole = True
    for entry_id, fields in entries:
        followed.last_id = entry_id
        for event in orjson.loads(fields[FIELD]):
            whole = followed.view.apply(event) and whole
    followed.changed()
    return whole


def _merge(followed: Followed, fresh: BattleView) -> None:
    """The database's word, but never less text than was seen of the same attempt."""
    for number, sides in followed.view.turns.items():
        for name, seen in sides.items():
            now = fresh.side(number, name)
            if now.tag in ("", seen.tag) and not now.end and len(now.text) < len(seen.text):
                fresh.turns[number][name] = seen
    followed.view = fresh


async def _within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process's event loop."""
    global _hub  # noqa: PLW0603  # one per web process, made inside its loop
    if _hub is None:
        _hub = Hub()
    return _hub
