"""Server-sent events: streaming responses, and limits on open streams per process.

The limits apply per voter, per address and its networks, and to all streams of one kind.
"""

import weakref
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from core.http.errors import RequestError

MAX_OPEN_STREAMS = 2000  # per kind; with this many streams, the hub can send to each battle every 0.4 s
RETRY_DELAY_S = 5
MAX_STREAM_S = 300.0
OpenSlots = dict[int, frozenset[str]]  # slot id → the limits that apply to it


class StreamSlot:
    """Permission for one open stream.

    `release` releases it. If a request ends before it has a response to close, garbage collection releases it.
    """

    def __init__(self, open_slots: OpenSlots, limits: frozenset[str]) -> None:
        open_slots[id(self)] = limits
        self.release = weakref.finalize(self, open_slots.pop, id(self), None)


def acquire_slot(open_slots: OpenSlots, max_open: Mapping[str, int]) -> StreamSlot:
    """Acquire a slot for one more stream. Raises RequestError with status 429 or 503.

    `open_slots` is shared between threads, which change it only with atomic operations. `max_open` maps the name of a
    limit to the maximum, or to 0 for no limit.
    """
    if len(open_slots) >= MAX_OPEN_STREAMS:
        raise RequestError(
            "busy", "The server has too many open streams. Try again in a few seconds.", 503, retry_after=RETRY_DELAY_S
        )
    counted = list(open_slots.values())
    if any(limit and sum(name in limits for limits in counted) >= limit for name, limit in max_open.items()):
        detail = "You or others on your network have too many open streams. Close one, or try again in a few seconds."
        raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_DELAY_S)
    return StreamSlot(open_slots, frozenset(max_open))


@dataclass(eq=False)
class EventStream:
    """The events of one connection. The response closes it at the end, even if the client has not read any event."""

    slot: StreamSlot
    events: AsyncIterator[bytes]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.events

    def close(self) -> None:
        self.slot.release()


async def empty_stream() -> AsyncIterator[bytes]:
    for event in list[bytes]():
        yield event


def build_stream_response(content: Any) -> StreamingHttpResponse:
    """Return a response that is neither cached nor buffered by proxies."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type="text/event-stream", headers=headers)
