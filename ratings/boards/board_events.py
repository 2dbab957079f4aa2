"""The push to open leaderboards: a hint on a Redis stream that a board changed. Losing it loses nothing else.

`ratings.pipeline.announcements` writes the stream; one reader per web process passes on what comes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from redis.exceptions import RedisError

from core.http import sse
from core.http.sse import MAX_STREAM_S, EventStream, StreamSlot
from core.storage import redis_clients
from ratings.boards import snapshot_cache

STREAM_KEY = "boards"
MAX_STREAM_LENGTH = 1000
HEARTBEAT_S = 15.0
BLOCK_MS = 250
RETRY_DELAY_S = 0.5
logger = logging.getLogger(__name__)


class BoardSubscriber:
    """One open connection: the newest hint of each board that it has not been told yet."""

    def __init__(self) -> None:
        self.hints: dict[bytes, bytes] = {}
        self.woken = asyncio.Event()

    def hint(self, board: bytes, data: bytes) -> None:
        self.hints[board] = data
        self.woken.set()

    async def next(self, patience: float = HEARTBEAT_S) -> bytes:
        """What to send now, in the wire format of server-sent events; a comment if no news comes in so many seconds."""
        try:
            async with asyncio.timeout(patience):
                await self.woken.wait()
        except TimeoutError:
            return b": still here\n\n"
        self.woken.clear()
        hints, self.hints = self.hints, {}
        return b"".join(b"event: board\ndata: %s\n\n" % data for data in hints.values())


class BoardEventReader:
    """The one reader of the stream in this process, at work while any page is open."""

    def __init__(self, away_s: float = RETRY_DELAY_S) -> None:
        self.away_s = away_s  # between two tries
        self.pages: set[BoardSubscriber] = set()
        self.task: asyncio.Task[None] | None = None
        self.begun = asyncio.Event()
        self.open: sse.OpenSlots = {}
        self.last = b""  # the entry of the stream after which the next read begins

    def admit(self, most: Mapping[str, int]) -> StreamSlot:
        """A place for one more page; most: who is charged → how many. Raises Refusal 429 and 503."""
        return sse.acquire_slot(self.open, most)

    def stream(self, place: StreamSlot) -> EventStream:
        """What `follow` tells, for a response."""
        return EventStream(place, self.follow(place))

    async def follow(self, place: StreamSlot) -> AsyncIterator[bytes]:
        """Server-sent events from now on, until it is time to come again."""
        page, end = BoardSubscriber(), time.monotonic() + MAX_STREAM_S
        self.pages.add(page)
        if self.task is None or self.task.done():
            self.begun = begun = asyncio.Event()
            self.task = asyncio.create_task(self._run(begun))
            self.task.add_done_callback(lambda _: begun.set())  # if it is cancelled, nobody waits for it
        try:
            await self.begun.wait()
            yield b": from now on\n\n"
            while (left := end - time.monotonic()) > 0:
                yield await page.next(min(left, HEARTBEAT_S))
        finally:
            place.give_up()
            self.pages.discard(page)

    async def _run(self, begun: asyncio.Event) -> None:
        # Python 3.11 may swallow a cancellation that comes while a command is being sent, so it is asked for too.
        me = asyncio.current_task()
        async with redis_clients.connect_async_redis() as redis:
            self.last = b""
            while self.pages and me and not me.cancelling():
                try:
                    await self._read(redis, begun)
                except (RedisError, OSError) as error:
                    logger.warning("Redis is away, open pages see new boards later: %s", error)
                    await self._rest(begun)
                except Exception:
                    logger.exception("The boards could not be read, open pages see new ones later")
                    await self._rest(begun)
            self.task = None

    async def _read(self, redis: Any, begun: asyncio.Event) -> None:
        self.last = self.last or await _load_last_entry_id(redis)
        begun.set()
        self._pass_on(await redis.xread({STREAM_KEY: self.last}, block=BLOCK_MS))

    async def _rest(self, begun: asyncio.Event) -> None:
        self.last = self.last or b"0"  # what comes until then is news, wherever the stream ends by then
        begun.set()
        await asyncio.sleep(self.away_s)

    def _pass_on(self, answer: Any) -> None:
        """Hand out what a read brought. The next one goes on after an entry that cannot be handed out."""
        for _, entries in answer:
            for entry, hint in entries:
                self.last = entry
                snapshot_cache.clear_newest_ids()  # so that whoever is told gets the new board
                for page in self.pages:
                    page.hint(hint[b"board"], hint[b"data"])


async def _load_last_entry_id(redis: Any) -> bytes:
    """Where the stream ends now."""
    entries = await redis.xrevrange(STREAM_KEY, count=1)
    return entries[0][0] if entries else b"0"


event_reader = BoardEventReader()
