"""Accepts connections on a socket that several web processes share.

If each process accepted connections immediately, those of a few users would be spread over all processes. Each process
would then wake up 25 times per second to send text, and a wake-up takes longer than sending the text of 15 battles.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Collection
from typing import Any

from uvicorn import Server

PREFERRED_CONNECTIONS = 32
DELAY_PER_CONNECTION_S = 0.0003
MAX_ACCEPTED = 8  # at a time, so that another process can accept the next ones
RETRY_DELAY_S = 1.0
logger = logging.getLogger(__name__)
_uvicorn_startup = Server.startup


class SharedListener:
    """Accepts the connections of one listening socket, in place of an asyncio server.

    The closer a process is to `PREFERRED_CONNECTIONS` open connections, the sooner it accepts a new one. A few users
    therefore keep only one process busy, and more users are spread over all processes. The delay is at most 10 ms.

    connections: this process's open connections.
    """

    def __init__(
        self,
        listening_socket: socket.socket,
        create_protocol: Callable[[], asyncio.Protocol],
        connections: Collection[Any],
    ) -> None:
        self.sockets = (listening_socket,)
        self._socket = listening_socket
        self._create_protocol = create_protocol
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[Any]] = set()
        self._wait_for_connection()

    def close(self) -> None:
        """Stop accepting connections."""
        if self._timer:
            self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    async def wait_closed(self) -> None:
        """Do nothing, because `close` takes effect immediately."""

    def compute_delay(self) -> float:
        """Return the number of seconds during which a new connection is left to the other processes."""
        distance = abs(len(self._connections) + len(self._opening) - PREFERRED_CONNECTIONS)
        return min(distance, PREFERRED_CONNECTIONS) * DELAY_PER_CONNECTION_S

    def _wait_for_connection(self) -> None:
        self._loop.add_reader(self._socket, self._schedule_accept)

    def _schedule_accept(self) -> None:
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
        except (BlockingIOError, ConnectionAbortedError):  # another process was faster, or the client has disconnected
            pass
        except OSError as error:
            logger.warning("Cannot accept connections: %s", error)
            self._timer = self._loop.call_later(RETRY_DELAY_S, self._wait_for_connection)
            return
        self._wait_for_connection()

    def _forget(self, opening: asyncio.Task[Any]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled() and (error := opening.exception()):
            logger.warning("Cannot open a connection: %s", error)


def share_listeners() -> None:
    """Make uvicorn accept connections with a SharedListener if it has inherited its sockets."""
    Server.startup = _start_up  # type: ignore[assignment, method-assign]  # replaces a method of uvicorn


async def _start_up(server: Server, sockets: list[socket.socket] | None = None) -> None:
    await _uvicorn_startup(server, sockets)
    config = server.config
    if (sockets is None and config.fd is None) or config.ssl:
        return

    def create_protocol() -> asyncio.Protocol:
        return config.http_protocol_class(  # type: ignore[call-arg]  # the same call as in uvicorn
            config=config, server_state=server.server_state, app_state=server.lifespan.state
        )

    # The copies stay open when uvicorn's own servers are closed.
    inherited_sockets = [
        socket.socket(fileno=os.dup(uvicorn_socket.fileno()))
        for uvicorn_server in server.servers
        for uvicorn_socket in uvicorn_server.sockets
    ]
    for uvicorn_server in server.servers:
        uvicorn_server.close()
    connections = server.server_state.connections
    server.servers = [SharedListener(inherited, create_protocol, connections) for inherited in inherited_sockets]  # type: ignore[misc]  # has the methods that uvicorn calls
