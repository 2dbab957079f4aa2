"""Server-sent events: streaming responses, and limits on open streams.

The per-voter, per-address, and per-network limits count streams across all processes. Each process also limits its own
streams of each kind.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from core.http.errors import RequestError
from core.storage.shared_slots import SharedSlot, SharedSlots

# Limit per process and kind. With this many streams, `arena.answers.stream_hub` can send to each battle every 0.4 s.
MAX_OPEN_STREAMS = 2000
RETRY_DELAY_S = 5
MAX_STREAM_S = 300.0


def acquire_slot(open_slots: SharedSlots, maximums: Mapping[str, int]) -> SharedSlot:
    """Return a slot for one more stream (see `SharedSlots.acquire`). Raises RequestError 429 or 503."""
    if len(open_slots) >= MAX_OPEN_STREAMS:
        raise RequestError(
            "busy", "The server has too many open streams. Try again in a few seconds.", 503, retry_after=RETRY_DELAY_S
        )
    slot = open_slots.acquire(maximums)
    if slot is None:
        detail = (
            "You or other people on your network have too many open streams. Close one, or try again in a few seconds."
        )
        raise RequestError("too_many_streams", detail, 429, retry_after=RETRY_DELAY_S)
    return slot


@dataclass(eq=False)
class EventStream:
    """The events of one connection. Django closes the object with the response, even if the client has read nothing."""

    slot: SharedSlot
    events: AsyncIterator[bytes]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.events

    def close(self) -> None:
        self.slot.release()


async def empty_stream() -> AsyncIterator[bytes]:
    """Yield no events. The loop makes this function a generator."""
    for event in list[bytes]():
        yield event


class EventStreamResponse(StreamingHttpResponse):
    """A streaming response that skips the two generators through which Django would pass each event."""

    def __init__(self, events: Any, **options: Any) -> None:
        super().__init__(events, **options)
        self.events = events

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self.events)


def build_stream_response(events: Any) -> StreamingHttpResponse:
    """Return a response that is neither cached nor buffered by proxies."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStreamResponse(events, content_type="text/event-stream", headers=headers)
