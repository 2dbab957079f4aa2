"""Extends uvicorn: deadlines and size limits for clients, and a higher limit on open files."""

import asyncio
import resource
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)  # available on Linux only

MAX_OPEN_FILES = 8192  # about twice the combined limit on open battle and board streams
MAX_HEAD_BYTES = 64_000  # of a request line and its headers
MAX_WAITING_REQUESTS = 4  # requests that a client has sent before it has the response to an earlier one
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 27\r\nconnection: close\r\n\r\nThe headers are too large.\n"
)


def raise_file_limit() -> None:
    """Raise the limit on open files. Each connection needs an open file, and the usual limit of 1,024 is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    max_files = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, max_files), hard))


class RequestRefused(Exception):
    """Raised in a callback of the parser to stop it. uvicorn then calls `send_400_response`."""


class DeadlineProtocol(HttpToolsProtocol):
    """Closes connections from clients that are too slow to send a request or read the response, or that send too much.

    A client must send the complete headers within `head_s` of opening the connection or of the first byte of a later
    request, and then the body within `body_s`. uvicorn itself has no deadlines for requests that have begun.

    If a client reads nothing for `stalled_ms`, the operating system closes the connection. uvicorn would notice this
    only after filling the socket's buffers, which a typical battle never does.
    """

    head_s = 10.0
    body_s = 30.0
    stalled_ms = 30_000
    deadline: asyncio.TimerHandle | None = None
    head_bytes = 0
    unparsed_bytes = 0
    running: tuple[RequestResponseCycle, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # the signature is uvicorn's
        super().connection_made(transport)
        if TCP_USER_TIMEOUT is not None and (client_socket := transport.get_extra_info("socket")):
            client_socket.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, self.stalled_ms)
        self._set_deadline(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        for cycle in self.running:
            if not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_idle() and self.deadline is None:  # the data might be line breaks, which do not begin a request
            self._set_deadline(self.head_s)
        self.unparsed_bytes += len(data)
        super().data_received(data)
        if self.unparsed_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse_head()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn if the parser has failed. An error in a running response would look like part of it."""
        if self.head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        elif self._is_idle():
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self.head_bytes = self.unparsed_bytes = 0
        if self.deadline is None:
            self._set_deadline(self.head_s)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self.unparsed_bytes = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_WAITING_REQUESTS:
            raise RequestRefused
        self.unparsed_bytes = 0
        self._set_deadline(self.body_s)
        super().on_headers_complete()
        self.running = (*(cycle for cycle in self.running if not cycle.response_complete), self.cycle)

    def on_message_complete(self) -> None:
        self.unparsed_bytes = 0
        self._clear_deadline()
        super().on_message_complete()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _count_head(self, size: int) -> None:
        self.unparsed_bytes = 0
        self.head_bytes += size
        if self.head_bytes > MAX_HEAD_BYTES:
            raise RequestRefused

    def _refuse_head(self) -> None:
        if self._is_idle():
            self.transport.write(HEAD_TOO_LARGE)
            self.transport.close()
        else:
            self.transport.abort()  # without waiting until the client has read the current response

    def _set_deadline(self, seconds: float) -> None:
        self._clear_deadline()
        self.deadline = self.loop.call_later(seconds, self._handle_deadline)

    def _clear_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _handle_deadline(self) -> None:
        if self.flow.read_paused:  # uvicorn is waiting for the application to read the buffered data
            self._set_deadline(self.body_s)
        else:
            self.transport.close()
