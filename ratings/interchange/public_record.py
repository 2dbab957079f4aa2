"""A pool's public record over HTTP, in pages or as one file.

Its rows are the same as those from `export_votes --public`. In pages, each row also has the vote's record key as `id`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from arena.identity.pool_access import Viewer, visible_to
from arena.models import Pool
from core.http.errors import RequestError, field_error, not_found_error
from core.storage.database import database_sync_to_async
from core.storage.shared_slots import SharedSlots
from ratings.boards.snapshots import LISTING_HINTS, no_votes_error
from ratings.interchange.export_votes import format_json_line, iter_record_batches

PAGE_SIZE = 100
MAX_OPEN_STREAMS = 4  # per process, because each stream keeps a processor busy
BATCH_TIMEOUT_S = 60.0  # for a batch of up to 2,000 votes; slower clients would block other clients
RETRY_AFTER_S = 30
_open_streams = SharedSlots("downloads")


def load_page(viewer: Viewer, pool: str, after: str, size: int = PAGE_SIZE) -> tuple[list[dict[str, Any]], UUID | None]:
    """Return the page of votes behind the id `after`, each with its `id`, and the last id, or None on the last page.

    Raises RequestError 404 if the pool does not exist or is a reference pool, and 400 if `after` is invalid.
    """
    after_id = _parse_vote_id(after) if after else None
    batch = next(iter_record_batches(find_pool(viewer, pool), after=after_id, size=size + 1, public=True), [])
    votes = [{"id": record_key, **record} for record_key, record in batch[:size]]
    return votes, votes[-1]["id"] if len(batch) > size else None


def find_pool(viewer: Viewer, slug: str) -> Pool:
    """Return the pool with this slug.

    Raises RequestError 404 if the viewer may not see it, or if it is a reference pool, which never has votes.
    """
    pool = None if "\0" in slug else visible_to(viewer).filter(slug=slug).select_related("counts").first()
    if pool is None:
        raise not_found_error("pool", slug, LISTING_HINTS["pool"])
    if pool.kind == Pool.Kind.REFERENCE:
        raise no_votes_error(slug)
    return pool


def _parse_vote_id(after: str) -> UUID:
    with suppress(ValueError):
        if str(vote_id := UUID(after)) == after.lower():
            return vote_id
    raise field_error("after", "“after” must be the ID of a vote.")


class RecordStream:
    """A pool's public record as JSON Lines, in batches. No database connection is in use while the client reads.

    A stream counts as open until `close` is called or it is garbage-collected. Create it in a thread, because acquiring
    its slot calls Redis and would block the event loop.

    maximums: the maximum number of open streams, keyed by client

    Raises RequestError 429 if a client has reached its maximum, and 503 if this process has four open streams.
    """

    def __init__(self, pool: Pool, maximums: Mapping[str, int]) -> None:
        slot = _open_streams.acquire(maximums)
        if slot is None:
            detail = "You already have two downloads in progress. Wait until one of them is finished."
            raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_AFTER_S)
        if len(_open_streams) > MAX_OPEN_STREAMS:
            slot.release()
            detail = "Too many downloads are in progress right now. Try again later."
            raise RequestError("busy", detail, 503, retry_after=RETRY_AFTER_S)
        self._slot = slot
        self._batches = iter_record_batches(pool, public=True)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read_next = database_sync_to_async(_format_next_batch)
        task = asyncio.current_task()
        while task and (lines := await read_next(self._batches)):
            timeout = asyncio.get_running_loop().call_later(BATCH_TIMEOUT_S, task.cancel)
            try:
                yield lines
            finally:
                timeout.cancel()

    def close(self) -> None:
        self._slot.release()


def _format_next_batch(batches: Iterator[list[tuple[UUID, dict[str, Any]]]]) -> bytes:
    """Return the lines of the next batch, or b"" at the end."""
    return b"".join(format_json_line(record) for _, record in next(batches, []))
