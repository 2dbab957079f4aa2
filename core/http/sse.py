"""Server-sent events: the streaming response, and limits of the open streams.

The limits of a voter, of an address and of its networks count the streams of all processes. A process also limits all
its streams of one kind.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from core.http.errors import RequestError
from core.storage.shared_slots import SharedSlot, SharedSlots

MAX_OPEN_STREAMS = 2000  # of one kind in one process; at MAX_SENT_PER_S, the hub then reaches each battle every 0.4 s
RETRY_DELAY_S = 5
MAX_STREAM_S = 300.0


def acquire_slot(open_slots: SharedSlots, max_open: Mapping[str, int]) -> SharedSlot:
    """A slot for one more stream, as from `SharedSlots.acquire`. Raises RequestError 429 and 503."""
    if len(open_slots) >= MAX_OPEN_STREAMS:
        raise RequestError(
            "busy", "Too many streams are open here. Try again in a few seconds.", 503, retry_after=RETRY_DELAY_S
        )
    slot = open_slots.acquire(max_open)
    if slot is None:
        detail = "You or people on your network have too many streams open. Close one, or try again in a few seconds."
        raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_DELAY_S)
    return slot


@dataclass(eq=False)
class EventStream:
    """The events of one connection. The response closes it at the end, even if the client has read no event."""

    slot: SharedSlot
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
