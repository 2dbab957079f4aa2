"""The public record of a pool over HTTP: in pages, or as one file; the same rows as `export_votes --public` writes."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from core.http.errors import RequestError, field_error, not_found_error
from core.storage.database import database_sync_to_async
from ratings.boards.snapshots import LISTING_HINTS, no_votes_error
from ratings.interchange.export_votes import format_json_line, iter_record_batches
from ratings.models import Pool

PAGE_SIZE = 100
MAX_OPEN_STREAMS = 4  # files that are being sent, in one process: each keeps a processor busy
MAX_STREAMS_PER_ADDRESS = 2  # to one address
BATCH_TIMEOUT_S = 60.0  # thousands of votes at a time: whoever takes them more slowly keeps others out
RETRY_AFTER_S = 30
MAX_VOTE_ID = 2**63 - 1  # the largest id that there can be
_open_streams: "WeakKeyDictionary[RecordStream, str]" = WeakKeyDictionary()


@dataclass(frozen=True)
class RecordPage:
    """Some votes in order, each with its `id`; `after` leads to the next page, None if there is none yet."""

    votes: list[dict[str, Any]]
    after: int | None


def load_page(pool: str, after: str, size: int = PAGE_SIZE) -> RecordPage:
    """The votes whose ids follow `after`. Raises Refusal 404 for an unknown pool, 400 for what cannot be understood."""
    place = _parse_vote_id(after) if after else 0
    check_pool(pool)
    found = next(iter_record_batches(pool, after=place, size=size + 1, public=True), [])
    votes = [{"id": key, **record} for key, record in found[:size]]
    return RecordPage(votes, votes[-1]["id"] if len(found) > size else None)


def check_pool(pool: str) -> None:
    kind = None if "\0" in pool else Pool.objects.filter(slug=pool).values_list("kind", flat=True).first()
    if kind is None:
        raise not_found_error("pool", pool, LISTING_HINTS["pool"])
    if kind == Pool.Kind.REFERENCE:
        raise no_votes_error(pool)


def _parse_vote_id(after: str) -> int:
    if re.fullmatch(r"[0-9]{1,19}", after) and int(after) <= MAX_VOTE_ID:
        return int(after)
    raise field_error("after", "after is the id of a vote, such as 120.")


class RecordStream:
    """All votes of a pool as JSON Lines, some thousands at a time; holds no connection while the client reads.

    Closed at its end, or when nobody holds it any more. Raises Refusal 429 where two are being sent to this address,
    503 where four are being sent at all.
    """

    def __init__(self, pool: str, whence: str) -> None:
        if list(_open_streams.values()).count(whence) >= MAX_STREAMS_PER_ADDRESS:
            detail = "Two records are being sent to your address already."
            raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_AFTER_S)
        if len(_open_streams) >= MAX_OPEN_STREAMS:
            raise RequestError("busy", "Others are fetching records just now.", 503, retry_after=RETRY_AFTER_S)
        _open_streams[self] = whence
        self._batches = iter_record_batches(pool, public=True)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        following, reading = database_sync_to_async(_format_next_batch), asyncio.current_task()
        while reading and (lines := await following(self._batches)):
            late = asyncio.get_running_loop().call_later(BATCH_TIMEOUT_S, reading.cancel)
            try:
                yield lines
            finally:
                late.cancel()

    def close(self) -> None:
        _open_streams.pop(self, None)


def _format_next_batch(found: Iterator[list[tuple[int, dict[str, Any]]]]) -> bytes:
    """Those of the next batch, nothing at the end."""
    return b"".join(format_json_line(record) for _, record in next(found, []))
