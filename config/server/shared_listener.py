"""Accepts connections on a socket that several web processes share.

If each process accepted at once, the connections of a few users would be spread over all processes. Each process would
then wake up 25 times per second for their text, and a wake-up takes longer than sending the text of 15 battles.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Collection
from typing import Any

from uvicorn import Server

PREFERRED_CONNECTIONS = 32
DELAY_PER_CONNECTION_S = 0.000125
MAX_ACCEPTED = 8  # at a time, so that another process can accept the next ones
RETRY_DELAY_S = 1.0
logger = logging.getLogger(__name__)
_uvicorn_startup = Server.startup


class SharedListener:
    """Accepts the connections of one listening socket, in place of a server of asyncio.

    The closer a process is to `PREFERRED_CONNECTIONS` open connections, the sooner it accepts a new one. So a few users
    keep only one process busy, and more users are spread over all of them. The delay is at most 4 ms.

    connections: this process's open connections
    """

    def __init__(
        self,
        listening: socket.socket,
        create_protocol: Callable[[], asyncio.Protocol],
        connections: Collection[Any],
    ) -> None:
        self.sockets = (listening,)
        self._socket = listening
        self._create_protocol = create_protocol
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[Any]] = set()
        self._wait()

    def close(self) -> None:
        """Stop accepting connections."""
        if self._timer:
            self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    async def wait_closed(self) -> None:
        """Do nothing, because `close` takes effect at once."""

    def compute_delay(self) -> float:
        """Return for how many seconds to leave a new connection to the other processes."""
        distance = abs(len(self._connections) + len(self._opening) - PREFERRED_CONNECTIONS)
        return min(distance, PREFERRED_CONNECTIONS) * DELAY_PER_CONNECTION_S

    def _wait(self) -> None:
        self._loop.add_reader(self._socket, self._delay)

    def _delay(self) -> None:
        self._loop.remove_reader(self._socket)
        self._timer = self._loop.call_later(self.compute_delay(), self._accept)

    def _accept(self) -> None:
        try:
            for _ in range(MAX_ACCEPTED):
                connection, _address = self._socket.accept()
                connection.settimeout(0)
                opening = self._loop.create_task(self._loop.connect_accepted_socket(self._create_protocol, connection))
                self._opening.add(opening)
                opening.add_done_callback(self._forget)
        except (BlockingIOError, ConnectionAbortedError):  # another process has accepted it, or the client has gone
            pass
        except OSError as error:
            logger.warning("Cannot accept connections: %s", error)
            self._timer = self._loop.call_later(RETRY_DELAY_S, self._wait)
            return
        self._wait()

    def _forget(self, opening: asyncio.Task[Any]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled() and (error := opening.exception()):
            logger.warning("Cannot open a connection: %s", error)


def share_listeners() -> None:
    """Make uvicorn accept connections with a SharedListener where it has inherited its sockets."""
    Server.startup = _start_up  # type: ignore[assignment, method-assign]  # replaces a method of uvicorn


async def _start_up(server: Server, sockets: list[socket.socket] | None = None) -> None:
    await _uvicorn_startup(server, sockets)
    config = server.config
    if (sockets is None and config.fd is None) or config.ssl:
        return

    def create_protocol() -> asyncio.Protocol:
        return config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn does it
            config=config, server_state=server.server_state, app_state=server.lifespan.state
        )

    # The copies stay open when uvicorn's own servers are closed.
    inherited = [
        socket.socket(fileno=os.dup(listening.fileno()))
        for uvicorn_server in server.servers
        for listening in uvicorn_server.sockets
    ]
    for uvicorn_server in server.servers:
        uvicorn_server.close()
    connections = server.server_state.connections
    server.servers = [SharedListener(listening, create_protocol, connections) for listening in inherited]  # type: ignore[misc]  # used like them
