"""Streams battles to open pages.

One loop per web process reads the events that workers announce, and updates the views of battles. Each connection sends
the events between its own position and the current view. Redis can lose events, so the first view and the view after
any loss come from the database. The hub keeps the latest events of all battles, because they can be newer than the
view from the database.
"""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import django.db
import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from arena.answers import battle_view
from arena.answers.announcements import EVENT_STREAM, RETENTION_S
from arena.answers.stream_events import FINAL_STATES, BattleView, Position, encode_events
from core.http import sse
from core.http.sse import MAX_STREAM_S
from core.storage.redis_clients import connect_async_redis, read_through_outages
from core.storage.shared_slots import SharedSlot, SharedSlots

MAX_SENT_PER_S = 5000  # per process
RETRY_DELAY_S = 1.0
MAX_QUIET_S = 10.0
HEARTBEAT_S = 15.0
STALL_TIMEOUT_S = 30.0
COMMENT = b": still here\n\n"
JOIN_TIMEOUT_S = 1.0
FIRST_ID = b"0-0"  # before all entries of the stream
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class BattleReader:
    """One open connection.

    position: the reader's position after the events that were sent
    sending_since: when the task yielded the chunk in transit, or inf if none is in transit
    """

    task: "asyncio.Task[Any] | None"
    position: Position
    wake_event: asyncio.Event = field(default_factory=asyncio.Event)
    sent_at: float = field(default_factory=time.monotonic)
    sending_since: float = math.inf
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = self.sent_at + MAX_STREAM_S

    def needs_comment(self) -> bool:
        """Return whether to send a comment, so that proxies do not close the connection."""
        return time.monotonic() - self.sent_at >= HEARTBEAT_S

    def is_overdue(self) -> bool:
        return time.monotonic() >= self.deadline

    def is_cancelled(self) -> bool:
        """Return whether the connection's task was canceled, even if a library has suppressed the exception."""
        return self.task is not None and self.task.cancelling() > 0


@dataclass(eq=False)
class FollowedBattle:
    """A battle with readers in this process."""

    battle_id: UUID
    view: BattleView
    readers: set[BattleReader] = field(default_factory=set)
    updated_at: float = field(default_factory=time.monotonic)

    def is_quiet(self) -> bool:
        """Return whether to reload the view although no events were lost.

        A worker might have died between saving the end of an answer and announcing it.
        """
        return self.view.state == "answering" and time.monotonic() - self.updated_at > MAX_QUIET_S

    def mark_updated(self) -> None:
        """Record the time of an update of the view, and wake all readers to send the new events."""
        self.updated_at = time.monotonic()
        for reader in self.readers:
            reader.wake_event.set()


class StreamEntry(NamedTuple):
    """One entry of the event stream: when it was read, and its encoded events, keyed by battle."""

    read_at: float
    events: dict[bytes, bytes]


class BattleHub:
    """All battles with readers in this process, and the loop that updates their views."""

    check_interval_s = 1.0

    def __init__(self) -> None:
        self.followed: dict[bytes, FollowedBattle] = {}
        self.outdated: set[FollowedBattle] = set()  # battles whose view must be reloaded
        self.last_id = FIRST_ID
        self.recent_entries: deque[StreamEntry] = deque()
        # A lost connection can be reopened unnoticed, by the next read.
        self.redis = connect_async_redis(self._start_over)
        self.join_redis = connect_async_redis()
        self.task: asyncio.Task[None] | None = None  # runs while there are readers
        self.checked_at = 0.0
        self.reload_at = 0.0  # when views may be loaded again after the database failed
        self.open_slots = SharedSlots("battles")

    def admit(self, limits: Mapping[str, int]) -> SharedSlot:
        """Return a slot for one more stream in this process. Call it in a thread.

        Raises RequestError 429 or 503.

        limits: the maximum number of open streams, across all processes, keyed by client; 0 means no limit
        """
        return sse.acquire_slot(self.open_slots, limits)

    async def follow(
        self, slot: SharedSlot, battle_id: UUID, view: BattleView, position: Position
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events after a position, until the battle has ended.

        view: the current view of the battle from the database
        """
        reader = BattleReader(asyncio.current_task(), position)
        try:
            battle = await self._join(battle_id, view, position)
            battle.readers.add(reader)
            while not reader.is_cancelled():
                reader.wake_event.clear()
                chunk, reader.position = encode_events(reader.position, battle.view)
                if not chunk and reader.needs_comment():
                    chunk = COMMENT
                if chunk:
                    reader.sent_at = time.monotonic()
                    reader.sending_since = reader.sent_at
                    yield chunk
                    reader.sending_since = math.inf
                # The step is 0 until the event for the current state has been sent.
                is_over = battle.view.state in FINAL_STATES and reader.position.step > 0
                if is_over or reader.is_overdue():
                    return
                await reader.wake_event.wait()
        finally:
            slot.release()
            self._remove_reader(battle_id, reader)

    def _remove_reader(self, battle_id: UUID, reader: BattleReader) -> None:
        key = _encode_key(battle_id)
        if battle := self.followed.get(key):
            battle.readers.discard(reader)
            if not battle.readers:
                del self.followed[key]
                self.outdated.discard(battle)

    def _check_times(self) -> None:
        """Mark quiet battles, wake readers that need a comment or have reached their limit, and cancel stalled ones.

        All connections share this check, so that they do not each need a timer for every wait.
        """
        now = time.monotonic()
        self.checked_at = now
        self.outdated.update(battle for battle in self.followed.values() if battle.is_quiet())
        for reader in [reader for battle in self.followed.values() for reader in battle.readers]:
            if reader.needs_comment() or reader.is_overdue():
                reader.wake_event.set()
            if reader.sending_since < now - STALL_TIMEOUT_S and reader.task:
                reader.task.cancel()

    async def _join(self, battle_id: UUID, view: BattleView, position: Position) -> FollowedBattle:
        key = _encode_key(battle_id)
        # A reader that reconnects might have seen text that is in Redis but not yet in the database.
        if position != Position() and key not in self.followed:
            with suppress(RedisError, OSError):
                async with asyncio.timeout(JOIN_TIMEOUT_S):
                    await self._read_stream(self.join_redis)
        battle = self.followed.get(key)
        if battle is None:
            battle = self.followed[key] = FollowedBattle(battle_id, view)
            if not self._apply_recent_events(battle, with_state=True):
                self.outdated.add(battle)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())
        return battle

    async def _run(self) -> None:
        await read_through_outages(self._read_round, self._start_over, RETRY_DELAY_S, lambda: bool(self.followed))
        self._forget_events()

    async def _read_round(self) -> None:
        round_start = time.monotonic()
        if round_start - self.checked_at >= self.check_interval_s:
            self._check_times()
        await self._reload_outdated()
        await self._read_stream(self.redis, block_ms=int(self.check_interval_s * 1000))
        # Waking up takes CPU time, so entries that arrive shortly after one another are read together.
        pause = round_start + len(self.followed) / MAX_SENT_PER_S - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)

    async def _read_stream(self, redis: Redis, block_ms: int | None = None) -> None:
        """Apply the new events of all battles. With `block_ms`, the call waits for events."""
        requested_id = self.last_id
        streams: Any = await redis.xread({EVENT_STREAM: requested_id}, block=block_ms)
        if self.last_id == FIRST_ID != requested_id:  # meanwhile, the hub has dropped all earlier events
            await self._read_stream(redis, block_ms)
            return
        now = time.monotonic()
        self._drop_old_entries(now)
        updated_battles = set()
        is_first_read = self.last_id == FIRST_ID  # in the first read, events may be older than the views
        for entry_id, events in streams[0][1] if streams else ():
            if _parse_id(entry_id) <= _parse_id(self.last_id):  # already read by the other connection
                continue
            self.last_id = entry_id
            self.recent_entries.append(StreamEntry(now, events))
            for key in self.followed.keys() & events.keys():
                battle = self.followed[key]
                updated_battles.add(battle)
                if not is_first_read and not _apply_events(battle.view, events[key]):
                    self.outdated.add(battle)
        for battle in updated_battles:
            if is_first_read and not self._apply_recent_events(battle, with_state=True):
                self.outdated.add(battle)
            battle.mark_updated()

    def _drop_old_entries(self, now: float) -> None:
        while self.recent_entries and self.recent_entries[0].read_at < now - RETENTION_S:
            self.recent_entries.popleft()

    def _start_over(self) -> None:
        """Reload all views, and read everything again. Redis may come back as another server with lower ids."""
        self._forget_events()
        self.outdated.update(self.followed.values())

    def _forget_events(self) -> None:
        """Drop the recent events. The next read gets all events that Redis still has."""
        self.last_id = FIRST_ID
        self.recent_entries.clear()

    def _apply_recent_events(self, battle: FollowedBattle, *, with_state: bool) -> bool:
        """Apply the recent events that can be newer than the view from the database. Return False if any were lost.

        An event can be newer only if its side has not ended in the view. If the view has text of one attempt, events of
        other attempts are skipped. If a skipped event belongs to a newer attempt, the next event does not fit, and the
        view is loaded again.
        """
        key = _encode_key(battle.battle_id)
        known_sides = {
            (number, name): (side.tag, side.end)
            for number, sides in battle.view.turns.items()
            for name, side in sides.items()
        }
        is_complete = True
        for events in [entry.events[key] for entry in self.recent_entries if key in entry.events]:
            for event in orjson.loads(events):
                if event[0] == "state":
                    if with_state:
                        battle.view.apply(event)
                    continue
                _, turn, side, tag, *_rest = event
                known_tag, end = known_sides.get((turn, side), ("", ""))
                if not end and known_tag in ("", tag):
                    is_complete = battle.view.apply(event) and is_complete
        return is_complete

    async def _reload_outdated(self) -> None:
        while self.outdated and time.monotonic() >= self.reload_at:
            battle = self.outdated.pop()
            try:
                view = await battle_view.load_battle_view_async(battle.battle_id)
            except django.db.Error as error:
                self.reload_at = time.monotonic() + RETRY_DELAY_S
                if battle.readers:
                    self.outdated.add(battle)
                logger.warning("The database is unavailable: %s", str(error).strip().partition("\n")[0])
                return
            _merge_view(battle, view)
            self._apply_recent_events(battle, with_state=False)
            battle.mark_updated()


def _encode_key(battle_id: UUID) -> bytes:
    return str(battle_id).encode()


def _parse_id(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)


def _apply_events(view: BattleView, events: bytes) -> bool:
    """Apply announced events to the view. Return False if events before them were lost."""
    is_complete = True
    for event in orjson.loads(events):
        is_complete = view.apply(event) and is_complete
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
