"""A connection to Redis for loops that send commands many times per second."""

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis
from django.conf import settings
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, ResponseError

RESPONSE_TIMEOUT_S = 5
Command = Sequence[str | bytes | int]


class RedisConnection(asyncio.Protocol):
    """One connection. Its commands take a fraction of the CPU time that the client needs for them.

    The client opens the connection, and this protocol then replaces the client's. So each call of `execute` is one
    write, one read, and one timer. The first call opens the connection, and so does the first call after it has broken.
    """

    def __init__(self, url: str | None = None) -> None:
        """Prepare the connection. The default URL is `REDIS_URL`."""
        # Callers expect the lists that hiredis makes of RESP2.
        pool = ConnectionPool.from_url(url or settings.REDIS_URL, protocol=2, retry=Retry(NoBackoff(), 0))
        self._connection: Connection = pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py has no types for it
        self._lock = asyncio.Lock()
        self._transport: asyncio.WriteTransport | None = None
        self._parser = hiredis.Reader()
        self._responses: list[Any] = []
        self._awaited_count = 0
        self._received: asyncio.Future[None] | None = None

    async def execute(self, commands: Sequence[Command]) -> list[Any]:
        """Send all commands at once, and return the response to each as hiredis parses it.

        Raises RedisError, OSError, or TimeoutError if a command fails or Redis is down.
        """
        pack: Any = hiredis.pack_command  # the type in its stub allows only one argument
        data = b"".join([pack(tuple(command)) for command in commands])
        async with self._lock:
            transport = self._transport or await self._connect()
            loop = asyncio.get_running_loop()
            responses: list[Any] = []
            self._responses = responses
            self._awaited_count = len(commands)
            self._received = received = loop.create_future()
            timer = loop.call_later(RESPONSE_TIMEOUT_S, self._fail, TimeoutError("Redis does not respond"))
            try:
                transport.write(data)
                await received
            except BaseException:
                await self.close()  # later responses would be taken for those of the next call
                raise
            finally:
                timer.cancel()
                self._received = None
        for response in responses:
            if isinstance(response, ResponseError):
                raise response
        return responses

    async def close(self) -> None:
        self._transport = None
        await self._connection.disconnect(nowait=True)

    async def _connect(self) -> asyncio.WriteTransport:
        async with asyncio.timeout(RESPONSE_TIMEOUT_S):
            await self._connection.disconnect(nowait=True)
            await self._connection.connect()  # type: ignore[no-untyped-call]  # redis-py has no types for it
        writer: Any = self._connection._writer  # noqa: SLF001  # redis-py does not expose the transport
        transport: asyncio.WriteTransport = writer.transport
        transport.set_protocol(self)
        self._parser = hiredis.Reader(protocolError=InvalidResponse, replyError=ResponseError)
        self._transport = transport
        return transport

    def data_received(self, data: bytes) -> None:
        """Pass on the responses once all have arrived. Called by the event loop."""
        try:
            self._parser.feed(data)
            while (response := self._parser.gets()) is not False:
                self._responses.append(response)
        except InvalidResponse as error:
            self._fail(error)
            return
        if self._received is None or len(self._responses) > self._awaited_count:
            self._fail(InvalidResponse("Redis has sent an unexpected response"))
        elif len(self._responses) == self._awaited_count and not self._received.done():
            self._received.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the call that waits. Called by the event loop."""
        self._fail(exc or RedisConnectionError("Redis has closed the connection"))

    def _fail(self, error: Exception) -> None:
        if self._transport:
            self._transport.abort()
        self._transport = None
        if self._received and not self._received.done():
            self._received.set_exception(error)
