"""The web server's connections: as many as our limits allow, and none for ever to a client that does not read."""

import asyncio
import resource
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it

FILES = 8192  # twice as many as there may be streams, of battles and of boards


def allow_files() -> None:
    """A connection is an open file, and where no more than the usual 1,024 may be open, no limit of ours is met."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


class Connection(HttpToolsProtocol):
    """Lost once the client has taken nothing of what waits for it for `stalled_ms`.

    uvicorn itself learns of such a client only when the system's buffers are full, and they hold a whole battle.
    """

    stalled_ms = 30_000

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if TCP_USER_TIMEOUT is not None and (opened := transport.get_extra_info("socket")):
            opened.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, self.stalled_ms)
