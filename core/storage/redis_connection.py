"""A connection to Redis for loops that send commands many times per second."""

import asyncio
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

RESPONSE_TIMEOUT_S = 5
Command = Sequence[str | bytes | int]


class RedisConnection:
    """One connection. Its commands take about a third of the CPU time that the client needs for them.

    The client takes a connection from its pool and starts two timers for each command. This connection starts one timer
    for each call of `execute`. It is opened by the first call, and again by the first call after an error.
    """

    def __init__(self, url: str | None = None) -> None:
        """Prepare the connection. The default URL is `REDIS_URL`."""
        # With RESP3, the connection converts each response to the RESP2 form, which takes time for each event.
        pool = ConnectionPool.from_url(url or settings.REDIS_URL, protocol=2, retry=Retry(NoBackoff(), 0))
        self._connection: Connection = pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py has no types for it
        self._lock = asyncio.Lock()

    async def execute(self, commands: Sequence[Command]) -> list[Any]:
        """Send all commands at once, and return the unparsed response to each.

        Raises RedisError, OSError, or TimeoutError if a command fails or Redis is down.
        """
        connection = self._connection
        data = b"".join(part for command in commands for part in connection.pack_command(*command))
        async with self._lock, asyncio.timeout(RESPONSE_TIMEOUT_S):
            if await self._has_broken_while_idle():
                await connection.disconnect(nowait=True)
            try:
                await connection.send_packed_command(data, check_health=False)
                return [await connection.read_response() for _ in commands]
            except BaseException:
                # Later responses would be taken for those of the next call.
                await connection.disconnect(nowait=True)
                raise

    async def close(self) -> None:
        await self._connection.disconnect()

    async def _has_broken_while_idle(self) -> bool:
        """Return whether the server has closed the connection, or has sent something unexpected."""
        return self._connection.is_connected and await self._connection.can_read()
