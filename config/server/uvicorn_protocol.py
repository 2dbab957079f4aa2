"""The web server's connections: as many as our limits allow, and none for ever to a client that is too slow."""

import asyncio
import resource
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it

MAX_OPEN_FILES = 8192  # twice as many as there may be streams, of battles and of boards


def allow_files() -> None:
    """A connection is an open file, and where no more than the usual 1,024 may be open, no limit of ours is met."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


class DeadlineProtocol(HttpToolsProtocol):
    """Closed when a client takes too long to send a request or to take the answer.

    The head of a request must be complete `head_s` after the connection was opened, or after the first byte of a later
    request; its body `body_s` after that. uvicorn itself ends only connections that are idle after an answer, and any
    byte makes it wait for ever again. The connection is lost once the client has taken nothing of what waits for it for
    `stalled_ms`: uvicorn learns of that only when the system's buffers are full, and they hold a whole battle.
    """

    head_s = 10.0
    body_s = 30.0
    stalled_ms = 30_000
    deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if TCP_USER_TIMEOUT is not None and (opened := transport.get_extra_info("socket")):
            opened.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, self.stalled_ms)
        self._set_deadline(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and self.deadline is None:  # and what comes may be line breaks, which begin no request
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
        if self.flow.read_paused:  # by us, until the application has read what is there
            self._set_deadline(self.body_s)
        else:
            self.transport.close()
