"""Streams battles to open pages.

One loop per web process reads the events that workers announce, and updates the views of battles. Each connection sends
the events between its own position and the current view. Redis can lose events, so the first view and the view after
any loss come from the database.
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
from redis.exceptions import RedisError

from arena.answers import battle_view
from arena.answers.announcements import get_stream_key
from arena.answers.stream_events import FINAL_STATES, BattleView, Position, encode_event, iter_events
from core.http import sse
from core.http.sse import MAX_STREAM_S, EventStream
from core.storage.redis_connection import RedisConnection
from core.storage.shared_slots import SharedSlot, SharedSlots

POLL_S = 0.04
MAX_SENT_PER_S = 5000  # per process; with more than 200 battles, each battle is sent less often
RETRY_DELAY_S = 1.0
MAX_QUIET_S = 10.0
HEARTBEAT_S = 15.0
STALL_TIMEOUT_S = 30.0
COMMENT = b": still here\n\n"
FIRST_ID = b"0"  # before all entries of a stream in Redis
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class BattleReader:
    """One open connection. `sending_since` is when the chunk in transit was yielded, or inf if none is in transit."""

    task: "asyncio.Task[Any] | None"
    wake_event: asyncio.Event = field(default_factory=asyncio.Event)
    sent_at: float = field(default_factory=time.monotonic)
    sending_since: float = math.inf

    def needs_comment(self) -> bool:
        """Return whether to send a comment, so that proxies do not close the connection."""
        return time.monotonic() - self.sent_at >= HEARTBEAT_S

    def is_cancelled(self) -> bool:
        """Return whether the connection's task was canceled, even if a library has suppressed the exception."""
        return self.task is not None and self.task.cancelling() > 0


@dataclass(eq=False)
class FollowedBattle:
    """A battle with readers in this process."""

    battle_id: UUID
    view: BattleView = field(default_factory=BattleView)
    last_id: bytes = FIRST_ID
    readers: set[BattleReader] = field(default_factory=set)
    updated_at: float = field(default_factory=time.monotonic)
    key: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.key = get_stream_key(self.battle_id).encode()

    def needs_reload(self) -> bool:
        """Return whether to reload the view.

        A worker might have died between saving the end of an answer and announcing it.
        """
        return self.view.state == "answering" and time.monotonic() - self.updated_at > MAX_QUIET_S

    def mark_updated(self) -> None:
        """Record the time of an update, and wake all readers."""
        self.updated_at = time.monotonic()
        for reader in self.readers:
            reader.wake_event.set()


class BattleHub:
    """All battles with readers in this process, and the loop that updates their views."""

    reader_check_s = 1.0

    def __init__(self) -> None:
        self.followed: dict[UUID, FollowedBattle] = {}
        self.connection = RedisConnection()
        self.task: asyncio.Task[None] | None = None
        self.wake_event = asyncio.Event()
        self.checked_readers_at = 0.0
        self.open_slots = SharedSlots("battles")

    def admit(self, limits: Mapping[str, int]) -> SharedSlot:
        """Return a slot for one more stream in this process. Call it in a thread.

        Raises RequestError 429 or 503.

        limits: the maximum number of open streams, across all processes, keyed by client; 0 means no limit
        """
        return sse.acquire_slot(self.open_slots, limits)

    def stream(self, slot: SharedSlot, battle_id: UUID, view: BattleView, position: Position) -> EventStream:
        """Return the events from `follow` as a response's stream."""
        return EventStream(slot, self.follow(slot, battle_id, view, position))

    async def follow(
        self, slot: SharedSlot, battle_id: UUID, view: BattleView, position: Position
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events after a position, until the battle has ended.

        view: the current view of the battle from the database
        """
        reader = BattleReader(asyncio.current_task())
        deadline = reader.sent_at + MAX_STREAM_S
        try:
            battle = await self._join(battle_id, view, position)
            battle.readers.add(reader)
            while not reader.is_cancelled():
                reader.wake_event.clear()
                chunk = b""
                if events := list(iter_events(position, battle.view)):
                    position = events[-1].position
                    chunk = b"".join(map(encode_event, events))
                elif reader.needs_comment():
                    chunk = COMMENT
                if chunk:
                    reader.sent_at = time.monotonic()
                    reader.sending_since = reader.sent_at
                    yield chunk
                    reader.sending_since = math.inf
                # The step is 0 until the event for the current state has been sent.
                is_over = battle.view.state in FINAL_STATES and position.step > 0
                if is_over or time.monotonic() >= deadline:
                    return
                await reader.wake_event.wait()
        finally:
            slot.release()
            self._remove_reader(battle_id, reader)

    def _remove_reader(self, battle_id: UUID, reader: BattleReader) -> None:
        if battle := self.followed.get(battle_id):
            battle.readers.discard(reader)
            if not battle.readers:
                del self.followed[battle_id]

    def _check_readers(self) -> None:
        """Wake connections that are due for a comment. Cancel those whose clients have stopped receiving.

        All connections share this check, so that they do not each need a timer for every wait.
        """
        now = time.monotonic()
        self.checked_readers_at = now
        for reader in [reader for battle in self.followed.values() for reader in battle.readers]:
            if reader.needs_comment():
                reader.wake_event.set()
            if reader.sending_since < now - STALL_TIMEOUT_S and reader.task:
                reader.task.cancel()

    async def _join(self, battle_id: UUID, view: BattleView, position: Position) -> FollowedBattle:
        battle = self.followed.setdefault(battle_id, FollowedBattle(battle_id, view))
        # A reader that reconnects might have seen text that is in Redis but not yet in the database.
        if position != Position() and battle.last_id == FIRST_ID:
            with suppress(RedisError, OSError):
                await self._read_streams([battle])
        battle = self.followed.setdefault(battle_id, battle)  # the last other reader might have left in the meantime
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())
        self.wake_event.set()
        return battle

    async def _run(self) -> None:
        # Python 3.11 can swallow a cancellation that arrives while a command is being sent, so check `cancelling`.
        task = asyncio.current_task()
        while task and not task.cancelling():
            round_start = time.monotonic()
            if not self.followed:
                self.wake_event.clear()
                await self.wake_event.wait()
            if round_start - self.checked_readers_at >= self.reader_check_s:
                self._check_readers()
            try:
                await self._update_views()
            except (TimeoutError, RedisError, OSError) as error:
                logger.warning("Redis is down: %s", error)
                await self._reload(list(self.followed.values()))
                await asyncio.sleep(RETRY_DELAY_S)
            except Exception:
                logger.exception("Reading battles failed")
                await asyncio.sleep(RETRY_DELAY_S)
            pause = max(POLL_S, len(self.followed) / MAX_SENT_PER_S)
            await asyncio.sleep(max(0.0, round_start + pause - time.monotonic()))

    async def _update_views(self) -> None:
        battles = list(self.followed.values())
        incomplete = await self._read_streams(battles)
        quiet = [battle for battle in battles if battle not in incomplete and battle.needs_reload()]
        await self._reload(incomplete + quiet)

    async def _read_streams(self, battles: list[FollowedBattle]) -> list[FollowedBattle]:
        """Apply the new events of these battles. Return the battles with lost events."""
        if not battles:
            return []
        battles_by_key = {battle.key: battle for battle in battles}
        positions = (battle.last_id for battle in battles_by_key.values())
        [streams] = await self.connection.execute([("XREAD", "STREAMS", *battles_by_key, *positions)])
        return [
            battles_by_key[key] for key, entries in streams or () if not _apply_entries(battles_by_key[key], entries)
        ]

    async def _reload(self, battles: list[FollowedBattle]) -> None:
        for battle in battles:
            try:
                view = await battle_view.load_view_and_release(battle.battle_id)
            except DatabaseError as error:
                logger.warning("The database is unavailable: %s", str(error).strip().partition("\n")[0])
                return
            _merge_view(battle, view)
            battle.mark_updated()


def _apply_entries(battle: FollowedBattle, entries: list[tuple[bytes, tuple[bytes, bytes]]]) -> bool:
    """Apply announced events to the view. Return False if events before or between them were lost."""
    is_complete = True
    for entry_id, (_, events) in entries:
        battle.last_id = entry_id
        for event in orjson.loads(events):
            is_complete = battle.view.apply(event) and is_complete
    battle.mark_updated()
    return is_complete


def _merge_view(battle: FollowedBattle, loaded_view: BattleView) -> None:
    """Replace the view with the one from the database, but keep longer text of the same attempt from the stream."""
    for number, sides in battle.view.turns.items():
        for name, streamed in sides.items():
            loaded = loaded_view.side(number, name)
            if loaded.tag in ("", streamed.tag) and not loaded.end and len(loaded.text) < len(streamed.text):
                loaded_view.turns[number][name] = streamed
    battle.view = loaded_view


_hub: BattleHub | None = None


def get_hub() -> BattleHub:
    """Return this web process's hub."""
    global _hub  # noqa: PLW0603  # one per web process, created inside its event loop
    if _hub is None:
        _hub = BattleHub()
    return _hub
