"""Streams of events: the response that sends one, and how many may be open in one process.

Counted are those of a voter, of an address and its networks, and of a kind together.
"""

import weakref
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from core.http.errors import RequestError

MAX_OPEN_STREAMS = 2000  # of a kind: the hub would look at each of more battles every 0.4 s, at its MOST_SENT_PER_S
RETRY_DELAY_S = 5
MAX_STREAM_S = 300.0
OpenSlots = dict[int, frozenset[str]]  # place → who is charged for it


class StreamSlot:
    """A stream that somebody may have open here; given up once, at its end or when nobody holds the place any more:
    a request may be cut off before it has a response that could be closed."""

    def __init__(self, taken: OpenSlots, charged: frozenset[str]) -> None:
        taken[id(self)] = charged
        self.give_up = weakref.finalize(self, taken.pop, id(self), None)


def acquire_slot(taken: OpenSlots, most: Mapping[str, int]) -> StreamSlot:
    """One more; taken is changed from any thread by single steps. most: who is charged → how many, 0 is no limit.

    Raises Refusal 429 and 503.
    """
    if len(taken) >= MAX_OPEN_STREAMS:
        raise RequestError(
            "busy", "Too many streams are open here. Try again in a few seconds.", 503, retry_after=RETRY_DELAY_S
        )
    now = list(taken.values())
    if any(limit and sum(each in charged for charged in now) >= limit for each, limit in most.items()):
        detail = "You or your network have too many streams open. Close one, or try again in a few seconds."
        raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_DELAY_S)
    return StreamSlot(taken, frozenset(most))


@dataclass(eq=False)
class EventStream:
    """The events of one connection as a response holds them: closed at its end, even if nobody began to read."""

    place: StreamSlot
    events: AsyncIterator[bytes]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.events

    def close(self) -> None:
        self.place.give_up()


async def empty_stream() -> AsyncIterator[bytes]:
    for each in list[bytes]():
        yield each


def build_stream_response(content: Any) -> StreamingHttpResponse:
    """Never stored, never buffered by a proxy."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type="text/event-stream", headers=headers)
