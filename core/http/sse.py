"""Server-sent events: the streaming response, and limits of the streams that are open in one process.

There are limits for a voter, for an address and its networks, and for all streams of one kind.
"""

import weakref
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from core.http.errors import RequestError

MAX_OPEN_STREAMS = 2000  # of one kind; at MOST_SENT_PER_S, the hub then reaches each battle every 0.4 s
RETRY_DELAY_S = 5
MAX_STREAM_S = 300.0
OpenSlots = dict[int, frozenset[str]]  # id of the slot → names of the limits that count it


class StreamSlot:
    """Permission for one open stream. It is released once: by `release`, or when nothing refers to it any more, because
    a request may end before it has a response to close."""

    def __init__(self, open_slots: OpenSlots, limits: frozenset[str]) -> None:
        open_slots[id(self)] = limits
        self.release = weakref.finalize(self, open_slots.pop, id(self), None)


def acquire_slot(open_slots: OpenSlots, max_open: Mapping[str, int]) -> StreamSlot:
    """A slot for one more stream. Raises RequestError 429 and 503.

    open_slots: all threads change it, each time by one atomic step. max_open: name of a limit → maximum, or 0
    for no limit.
    """
    if len(open_slots) >= MAX_OPEN_STREAMS:
        raise RequestError(
            "busy", "Too many streams are open here. Try again in a few seconds.", 503, retry_after=RETRY_DELAY_S
        )
    counted = list(open_slots.values())
    if any(limit and sum(name in limits for limits in counted) >= limit for name, limit in max_open.items()):
        detail = "You or people on your network have too many streams open. Close one, or try again in a few seconds."
        raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_DELAY_S)
    return StreamSlot(open_slots, frozenset(max_open))


@dataclass(eq=False)
class EventStream:
    """The events of one connection. The response closes it at the end, even if the client has read no event."""

    slot: StreamSlot
    events: AsyncIterator[bytes]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.events

    def close(self) -> None:
        self.slot.release()


async def empty_stream() -> AsyncIterator[bytes]:
    for event in list[bytes]():
        yield event


class EventStreamResponse(StreamingHttpResponse):
    """Passes its events on as they are. Django would pass each one through two more generators."""

    def __init__(self, events: Any, **options: Any) -> None:
        super().__init__(events, **options)
        self.events = events

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self.events)


def build_stream_response(events: Any) -> StreamingHttpResponse:
    """A response that caches do not store and proxies do not buffer."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStreamResponse(events, content_type="text/event-stream", headers=headers)
