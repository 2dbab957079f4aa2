"""The connections of the web server: as many as our limits allow, with deadlines for slow clients. And a slower tick
of the server itself."""

import asyncio
import resource
import socket

from uvicorn import Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it

TICK_S = 0.5
MAX_OPEN_FILES = 8192  # twice the limit of open streams of battles and boards


def allow_files() -> None:
    """Raise the limit of open files: each connection takes one, and our own limits allow more than the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    max_files = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, max_files), hard))


def slow_ticks() -> None:
    """Let uvicorn look for its end, and set the time of the Date header, every `TICK_S` instead of every 0.1 s.

    Its ticks are nearly all of the CPU time of an idle web process, and it has no setting for them.
    """
    Server.main_loop = _run_ticks  # type: ignore[assignment, method-assign]  # see above


async def _run_ticks(server: Server) -> None:
    while not await server.on_tick(0):
        await asyncio.sleep(TICK_S)


class DeadlineProtocol(HttpToolsProtocol):
    """Closes connections whose client is too slow to send a request or to read the response.

    The head of a request must be complete `head_s` after the connection was opened, or after the first byte of a later
    request; its body `body_s` after that. uvicorn itself closes only connections that are idle after a response, and
    any byte makes it wait forever again. The system drops the connection if the client has read nothing of the waiting
    data for `stalled_ms`: uvicorn notices that only when the system's buffers are full, and a whole battle fits into
    them.
    """

    head_s = 10.0
    body_s = 30.0
    stalled_ms = 30_000
    deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own signature
        super().connection_made(transport)
        if TCP_USER_TIMEOUT is not None and (opened := transport.get_extra_info("socket")):
            opened.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, self.stalled_ms)
        self._set_deadline(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and self.deadline is None:  # the data may be line breaks, which begin no request
            self._set_deadline(self.head_s)
        super().data_received(data)

    def on_message_begin(self) -> None:
        if self.deadline is None:
            self._set_deadline(self.head_s)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._set_deadline(self.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._clear_deadline()
        super().on_message_complete()

    def _set_deadline(self, seconds: float) -> None:
        self._clear_deadline()
        self.deadline = self.loop.call_later(seconds, self._end)

    def _clear_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _end(self) -> None:
        if self.flow.read_paused:  # uvicorn waits until the application has read the buffered data
            self._set_deadline(self.body_s)
        else:
            self.transport.close()
