"""Server-sent events that notify open leaderboards of new boards.

`announce_boards` writes notifications to a Redis stream. One reader per web process forwards them to the open pages. If
a notification is lost, a page shows the new board only after the next notification or a reload.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import Any

import orjson
from redis.exceptions import RedisError

from arena.identity.pool_access import Viewer
from core.http import sse
from core.http.sse import MAX_STREAM_S, EventStream
from core.storage import redis_clients
from core.storage.shared_slots import SharedSlot, SharedSlots
from ratings.boards import snapshot_cache
from ratings.models import Board, Snapshot

STREAM_KEY = "boards"
MAX_STREAM_LENGTH = 1000
HEARTBEAT_S = 15.0
BLOCK_MS = 250
RETRY_DELAY_S = 0.5
BEFORE_ALL_ENTRIES = b"0"  # lower than any id in the stream
logger = logging.getLogger(__name__)


def announce_boards(snapshots: Iterable[Snapshot]) -> None:
    """Announce new boards to all web processes. Logs a warning if Redis is down."""
    pipeline = redis_clients.get_redis_client().pipeline(transaction=False)
    for snapshot in snapshots:
        pipeline.xadd(STREAM_KEY, _build_event(snapshot.board, snapshot), maxlen=MAX_STREAM_LENGTH, approximate=True)
    try:
        pipeline.execute()
    except (RedisError, OSError) as error:
        logger.warning("Redis is down, so open pages will show the new boards later: %s", error)


def _build_event(board: Board, snapshot: Snapshot) -> dict[Any, Any]:
    board_fields = {
        "pool": board.pool.slug,
        "category": board.category.slug,
        "style_control": board.style_control,
        "method": snapshot.method,
    }
    snapshot_fields = {"votes": snapshot.votes, "computed_at": snapshot.computed_at}
    return {
        "pool": board.pool_id,
        "visibility": board.pool.visibility,
        "board": orjson.dumps(board_fields),
        "data": orjson.dumps(board_fields | snapshot_fields, option=orjson.OPT_UTC_Z),
    }


class BoardSubscriber:
    """An open connection and the newest unsent notification for each board."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.notifications: dict[bytes, bytes] = {}
        self.has_notifications = asyncio.Event()

    def add_notification(self, board: bytes, data: bytes) -> None:
        self.notifications[board] = data
        self.has_notifications.set()

    async def wait_for_events(self, timeout_s: float = HEARTBEAT_S) -> bytes:
        """Return the next bytes to send: server-sent events, or a comment if there are none before the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.has_notifications.wait()
        except TimeoutError:
            return b": still here\n\n"
        self.has_notifications.clear()
        notifications = self.notifications
        self.notifications = {}
        return b"".join(b"event: board\ndata: %s\n\n" % data for data in notifications.values())


class BoardEventReader:
    """Reads the stream and forwards its entries. There is one reader per process. It runs while any page is open.

    last_entry_id: the id of the stream entry after which the next read starts, or None if it is not known yet.
    can_serve: set when `last_entry_id` is known (even if Redis is down) or the task has ended. Streams wait for it.
    """

    def __init__(self, retry_delay_s: float = RETRY_DELAY_S) -> None:
        self.retry_delay_s = retry_delay_s
        self.subscribers: set[BoardSubscriber] = set()
        self.task: asyncio.Task[None] | None = None
        self.can_serve = asyncio.Event()
        self.slots = SharedSlots("boards")
        self.last_entry_id: bytes | None = None

    def acquire_slot(self, limits: Mapping[str, int]) -> SharedSlot:
        """Return a slot for one more page. This can call Redis, so call it in a thread.

        limits: the maximum number of open streams across all processes, keyed by the limit's name.

        Raises RequestError 429 if one of the limits is reached, and 503 if this process has too many open streams.
        """
        return sse.acquire_slot(self.slots, limits)

    def stream(self, slot: SharedSlot, viewer: Viewer) -> EventStream:
        """Return the events from `follow` as response content."""
        return EventStream(slot, self.follow(slot, viewer))

    async def follow(self, slot: SharedSlot, viewer: Viewer) -> AsyncIterator[bytes]:
        """Yield new server-sent events about the pools that the viewer may see, until the browser has to reconnect."""
        subscriber = BoardSubscriber(viewer)
        deadline = time.monotonic() + MAX_STREAM_S
        self.subscribers.add(subscriber)
        if self.task is None or self.task.done():
            self._start()
        try:
            await self.can_serve.wait()
            # The client gets all events that follow this comment.
            yield b": from now on\n\n"
            while (remaining := deadline - time.monotonic()) > 0:
                yield await subscriber.wait_for_events(min(remaining, HEARTBEAT_S))
        finally:
            slot.release()
            self.subscribers.discard(subscriber)

    def _start(self) -> None:
        can_serve = asyncio.Event()
        self.can_serve = can_serve
        self.task = asyncio.create_task(self._run(can_serve))
        # Without this, pages would wait forever if the task were canceled.
        self.task.add_done_callback(lambda _: can_serve.set())

    async def _run(self, can_serve: asyncio.Event) -> None:
        self.last_entry_id = None
        async with redis_clients.connect_async_redis() as redis:
            await redis_clients.read_through_outages(
                partial(self._read, redis, can_serve),
                partial(self._handle_outage, can_serve),
                self.retry_delay_s,
                lambda: bool(self.subscribers),
            )
            self.task = None

    async def _read(self, redis: Any, can_serve: asyncio.Event) -> None:
        if self.last_entry_id is None:
            self.last_entry_id = await _load_last_entry_id(redis)
        can_serve.set()
        self._forward(await redis.xread({STREAM_KEY: self.last_entry_id}, block=BLOCK_MS))

    def _handle_outage(self, can_serve: asyncio.Event) -> None:
        # Entries might arrive during the outage. The next read starts before them, so open pages do not miss them.
        if self.last_entry_id is None:
            self.last_entry_id = BEFORE_ALL_ENTRIES
        can_serve.set()

    def _forward(self, response: Any) -> None:
        """Send the entries from one read to all pages. If an entry causes an error, the next read skips it."""
        for _, entries in response:
            for entry_id, notification in entries:
                self.last_entry_id = entry_id
                snapshot_cache.clear_newest_ids()  # pages that get the notification must get the new board
                pool, visibility = int(notification[b"pool"]), notification[b"visibility"].decode()
                for subscriber in self.subscribers:
                    if subscriber.viewer.may_see(pool, visibility):
                        subscriber.add_notification(notification[b"board"], notification[b"data"])


async def _load_last_entry_id(redis: Any) -> bytes:
    """Return the id of the newest entry in the stream, or `BEFORE_ALL_ENTRIES` if it is empty."""
    entries = await redis.xrevrange(STREAM_KEY, count=1)
    return entries[0][0] if entries else BEFORE_ALL_ENTRIES


event_reader = BoardEventReader()
