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


class _Responses(asyncio.Protocol):
    """Receives the responses on one transport, and passes them to the call that awaits them."""

    def __init__(self) -> None:
        self._parser = hiredis.Reader(protocolError=InvalidResponse, replyError=ResponseError)
        self._received: asyncio.Future[list[Any]] | None = None
        self._awaited_count = 0
        self._responses: list[Any] = []
        self.is_usable = True

    def await_responses(self, count: int) -> "asyncio.Future[list[Any]]":
        self._responses = []
        self._awaited_count = count
        self._received = asyncio.get_running_loop().create_future()
        return self._received

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        try:
            self._parser.feed(data)
            while (response := self._parser.gets()) is not False:
                self._responses.append(response)
        except InvalidResponse as error:
            self.fail(error)
            return
        if self._received is None or self._received.done() or len(self._responses) > self._awaited_count:
            self.fail(InvalidResponse("Redis sent an unexpected response"))
        elif len(self._responses) == self._awaited_count:
            self._received.set_result(self._responses)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.fail(exc or RedisConnectionError("Redis closed the connection"))

    def fail(self, error: Exception) -> None:
        """Raise this error in the waiting call, if any, and mark the transport as unusable."""
        self.is_usable = False
        if self._received and not self._received.done():
            self._received.set_exception(error)


class RedisConnection:
    """One connection. Its commands take a fraction of the CPU time that redis-py's client would need.

    redis-py opens the connection, and our own protocol then replaces redis-py's, so each call of `execute` takes one
    write, one read, and one timer. The first call opens the connection, and the next call after a failure reopens it.
    """

    def __init__(self, url: str | None = None) -> None:
        """Prepare the connection. The default URL is `REDIS_URL`."""
        # Callers expect the lists that hiredis returns for RESP2.
        pool = ConnectionPool.from_url(url or settings.REDIS_URL, protocol=2, retry=Retry(NoBackoff(), 0))
        self._connection: Connection = pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py has no types for it
        self._lock = asyncio.Lock()
        self._transport: asyncio.WriteTransport | None = None
        self._protocol = _Responses()

    @property
    def is_open(self) -> bool:
        """Whether the next call of `execute` uses the same connection as the last one."""
        return self._transport is not None and self._protocol.is_usable

    async def execute(self, commands: Sequence[Command]) -> list[Any]:
        """Send all commands at once, and return the response to each as hiredis parses it.

        Raises RedisError, OSError, or TimeoutError if a command fails or Redis is down.
        """
        pack: Any = hiredis.pack_command  # the type in its stub allows only one argument
        data = b"".join([pack(tuple(command)) for command in commands])
        async with self._lock:
            transport = self._transport
            if transport is None or not self.is_open:
                transport = await self._connect()
            protocol = self._protocol
            received = protocol.await_responses(len(commands))
            error = TimeoutError("Redis did not respond")
            timer = asyncio.get_running_loop().call_later(RESPONSE_TIMEOUT_S, protocol.fail, error)
            try:
                transport.write(data)
                responses = await received
            except BaseException:
                await self.close()  # otherwise, late responses would be taken for those of the next call
                raise
            finally:
                timer.cancel()
        for response in responses:
            if isinstance(response, ResponseError):
                raise response
        return responses

    async def close(self) -> None:
        if self._transport:
            self._transport.abort()
        self._transport = None
        await self._connection.disconnect(nowait=True)

    async def _connect(self) -> asyncio.WriteTransport:
        await self.close()
        async with asyncio.timeout(RESPONSE_TIMEOUT_S):
            await self._connection.connect()  # type: ignore[no-untyped-call]  # redis-py has no types for it
        writer: Any = self._connection._writer  # noqa: SLF001  # redis-py does not expose the transport
        transport: asyncio.WriteTransport = writer.transport
        self._protocol = _Responses()
        transport.set_protocol(self._protocol)
        self._transport = transport
        return transport
