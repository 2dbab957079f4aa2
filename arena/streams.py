"""Reading a battle: web processes only forward. One reader per process takes in what the workers publish, and each
connection sends what lies between its own position and the battle as it stands.

Redis is a hint: the first look and every look after a loss is at the database.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections
from redis.asyncio import Redis
from redis.exceptions import RedisError

from arena import battles
from arena.events import LAST_STATES, BattleView, Position, between, encode
from arena.markdown import render
from arena.models import Answer, Battle
from arena.publishing import FIELD, connect, stream_key
from arena.tags import tag

POLL_S = 0.04
LOST_POLL_S = 1.0
HEARTBEAT_S = 15.0
LONGEST_S = 300.0
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


def load(battle_id: UUID) -> BattleView:
    """A battle as the database has it; before the vote of an anonymous one no reason tells the sides apart."""
    answers = Answer.objects.filter(turn__battle=battle_id).select_related("turn__battle").order_by("turn__number")
    view = BattleView()
    for answer in answers:
        battle = answer.turn.battle
        view.state = battle.state
        side = view.side(answer.turn.number, answer.side)
        if answer.state == Answer.State.FINISHED:
            side.end, side.html = "done", render(answer.text)
        elif answer.state == Answer.State.FAILED:
            side.end, side.reason = "failed", reason(battle, answer.failure)
        side.text = answer.text
        side.tag = tag(answer.pk, answer.attempt) if side.text or side.end else ""
    return view


def reason(battle: Battle, failure: str) -> str:
    """Why a side failed, as far as it may be told."""
    hidden = battle.mode == Battle.Mode.ANONYMOUS and battle.state != Battle.State.VOTED
    return "unavailable" if hidden else failure


def _let_go(look: Callable[..., Result]) -> Callable[..., Awaitable[Result]]:
    """Look at the database in one go and give the connection back: a stream must not hold one while it is open."""

    def run(*arguments: Any) -> Result:
        try:
            return look(*arguments)
        finally:
            connections.close_all()

    return sync_to_async(run, thread_sensitive=False)


load_and_let_go = _let_go(load)
mine_and_let_go = _let_go(battles.of_voter)


@dataclass(eq=False)
class Followed:
    """One battle that somebody here reads."""

    battle_id: UUID
    view: BattleView = field(default_factory=BattleView)
    last_id: bytes = b"0"
    readers: set[asyncio.Event] = field(default_factory=set)

    def changed(self) -> None:
        for reader in self.readers:
            reader.set()


class Hub:
    """All battles that are read in this process, and the one loop that keeps them up to date."""

    def __init__(self) -> None:
        self.followed: dict[UUID, Followed] = {}
        self.redis: Redis = connect()
        self.task: asyncio.Task[None] | None = None
        self.woken = asyncio.Event()

    async def follow(self, battle_id: UUID, position: Position) -> AsyncIterator[bytes]:
        """Server-sent events from a position on, until the battle has nothing more to say."""
        followed = await self._enter(battle_id)
        woken = asyncio.Event()
        followed.readers.add(woken)
        end = time.monotonic() + LONGEST_S
        try:
            while time.monotonic() < end:
                events = list(between(position, followed.view))
                if events:
                    position = events[-1][2]
                    yield b"".join(map(encode, events))
                if followed.view.state in LAST_STATES and position.step:
                    return
                woken.clear()
                if not await _within(woken, HEARTBEAT_S):
                    yield b": still here\n\n"
        finally:
            followed.readers.discard(woken)
            if not followed.readers:
                self.followed.pop(battle_id, None)

    async def _enter(self, battle_id: UUID) -> Followed:
        if battle_id in self.followed:
            return self.followed[battle_id]
        fresh = Followed(battle_id)
        fresh.view = await load_and_let_go(battle_id)
        # What was released after the last checkpoint is in Redis alone.
        with suppress(RedisError, OSError):
            await self._read_of([fresh])
        followed = self.followed.setdefault(battle_id, fresh)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())
        self.woken.set()
        return followed

    async def _run(self) -> None:
        while True:
            started = time.monotonic()
            if not self.followed:
                self.woken.clear()
                await self.woken.wait()
            try:
                await self._read()
            except (TimeoutError, RedisError, OSError) as error:
                logger.warning("Redis is away: %s", error)
                await self._reload(list(self.followed.values()))
                await asyncio.sleep(LOST_POLL_S)
            except Exception:
                logger.exception("reading battles failed")
                await asyncio.sleep(LOST_POLL_S)
            await asyncio.sleep(max(0.0, started + POLL_S - time.monotonic()))

    async def _read(self) -> None:
        followed = list(self.followed.values())
        await self._reload(await self._read_of(followed))

    async def _read_of(self, followed: list[Followed]) -> list[Followed]:
        """Take in what is new; those are returned where something before it was lost."""
        by_key = {stream_key(each.battle_id).encode(): each for each in followed}
        streams: dict[Any, Any] = {key: each.last_id for key, each in by_key.items()}
        new: Any = await self.redis.xread(streams) if streams else []
        return [by_key[key] for key, entries in new or [] if not _take_in(by_key[key], entries)]

    async def _reload(self, gone: list[Followed]) -> None:
        for followed in gone:
            try:
                fresh = await load_and_let_go(followed.battle_id)
            except DatabaseError as error:
                logger.warning("the database is away: %s", str(error).strip().partition("\n")[0])
                return
            _merge(followed, fresh)
            followed.changed()


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


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process's event loop."""
    global _hub  # noqa: PLW0603  # one per web process, made inside its loop
    if _hub is None:
        _hub = Hub()
    return _hub
