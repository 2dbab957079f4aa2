"""The public record of a pool over HTTP: in pages, or as one file; the same rows as `export_votes --public` writes."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from core.http.errors import Refusal, bad, unknown
from core.storage.database import let_go
from ratings.boards.snapshots import HINTS, without_votes
from ratings.interchange.export_votes import batches, json_line
from ratings.models import Pool

PAGE = 100
MOST_OPEN = 4  # files that are being sent, in one process: each keeps a processor busy
MOST_EACH = 2  # to one address
TAKEN_WITHIN_S = 60.0  # thousands of votes at a time: whoever takes them more slowly keeps others out
BUSY_RETRY_S = 30
MOST = 2**63 - 1  # the largest id that there can be
_open: "WeakKeyDictionary[File, str]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Page:
    """Some votes in order, each with its `id`; `after` leads to the next page, None if there is none yet."""

    votes: list[dict[str, Any]]
    after: int | None


def page(pool: str, after: str, size: int = PAGE) -> Page:
    """The votes whose ids follow `after`. Raises Refusal 404 for an unknown pool, 400 for what cannot be understood."""
    place = _number(after) if after else 0
    known(pool)
    found = next(batches(pool, after=place, size=size + 1, public=True), [])
    votes = [{"id": key, **record} for key, record in found[:size]]
    return Page(votes, votes[-1]["id"] if len(found) > size else None)


def known(pool: str) -> None:
    kind = None if "\0" in pool else Pool.objects.filter(slug=pool).values_list("kind", flat=True).first()
    if kind is None:
        raise unknown("pool", pool, HINTS["pool"])
    if kind == Pool.Kind.REFERENCE:
        raise without_votes(pool)


def _number(after: str) -> int:
    if re.fullmatch(r"[0-9]{1,19}", after) and int(after) <= MOST:
        return int(after)
    raise bad("after", "after is the id of a vote, such as 120.")


class File:
    """All votes of a pool as JSON Lines, some thousands at a time; holds no connection while the client reads.

    Closed at its end, or when nobody holds it any more. Raises Refusal 429 where two are being sent to this address,
    503 where four are being sent at all.
    """

    def __init__(self, pool: str, whence: str) -> None:
        if list(_open.values()).count(whence) >= MOST_EACH:
            detail = "Two records are being sent to your address already."
            raise Refusal("too_many_streams", detail, 429, retry_after=BUSY_RETRY_S)
        if len(_open) >= MOST_OPEN:
            raise Refusal("busy", "Others are fetching records just now.", 503, retry_after=BUSY_RETRY_S)
        _open[self] = whence
        self._batches = batches(pool, public=True)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        following, reading = let_go(_lines), asyncio.current_task()
        while reading and (lines := await following(self._batches)):
            late = asyncio.get_running_loop().call_later(TAKEN_WITHIN_S, reading.cancel)
            try:
                yield lines
            finally:
                late.cancel()

    def close(self) -> None:
        _open.pop(self, None)


def _lines(found: Iterator[list[tuple[int, dict[str, Any]]]]) -> bytes:
    """Those of the next batch, nothing at the end."""
    return b"".join(json_line(record) for _, record in next(found, []))
