"""Redis clients for synchronous and asynchronous code, and what happens while Redis is down."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypeVar

import redis
import redis.retry
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

TIMEOUT_S = 0.8
RETRY_DELAY_S = 2.0
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@cache
def get_redis_client() -> "redis.Redis":
    """Return the synchronous client of this process. A call of a Redis that hangs takes `TIMEOUT_S`."""
    # The retry is for connections that broke while idle.
    one_retry = redis.retry.Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(
        settings.REDIS_URL, retry=one_retry, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )


def connect_async_redis(handle_connection: Callable[[], None] = lambda: None) -> "Redis":
    """Return a client for the running event loop. It does not retry if the connection is lost.

    handle_connection: called for each new connection, before its first command
    """

    async def set_up(connection: AbstractConnection) -> None:
        await connection.on_connect()
        handle_connection()

    # With RESP3, the client converts each response to the RESP2 form, which takes time for each event.
    return Redis.from_url(
        settings.REDIS_URL, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=5, redis_connect_func=set_up
    )


async def read_through_outages(
    read: Callable[[], Awaitable[None]],
    handle_outage: Callable[[], None],
    retry_delay_s: float,
    is_needed: Callable[[], bool],
) -> None:
    """Repeat `read`, which follows a Redis stream for all open pages, while it is needed. Retry it after errors.

    handle_outage: called after each error, before the delay
    """
    # Python 3.11 can swallow a cancellation that arrives while a command is being sent, so check `cancelling`.
    task = asyncio.current_task()
    while is_needed() and task and not task.cancelling():
        try:
            await read()
        except Exception as error:
            if isinstance(error, RedisError | OSError):
                logger.warning("Redis is down, so open pages will be updated later: %s", error)
            else:
                logger.exception("Reading events failed, so open pages will be updated later")
            handle_outage()
            await asyncio.sleep(retry_delay_s)


class RedisCircuit:
    """Calls Redis, or a fallback while Redis is down. Logs one line per outage. Safe to share between threads.

    is_down: whether the last call of Redis failed
    retry_at: after a failure, Redis is not called before this time of the monotonic clock
    """

    def __init__(self) -> None:
        self.is_down = False
        self.retry_at = 0.0

    def run(self, call: Callable[[], Result], fallback: Callable[[], Result]) -> Result:
        """Return the result of `call`, or that of `fallback` if Redis is down."""
        if time.monotonic() >= self.retry_at:
            try:
                result = call()
            except (RedisError, OSError) as error:
                self.retry_at = time.monotonic() + RETRY_DELAY_S
                if not self.is_down:
                    logger.warning("Redis is down, so each process enforces limits on its own: %s", error)
                self.is_down = True
            else:
                self.is_down = False
                return result
        return fallback()


redis_circuit = RedisCircuit()  # of all limits and announcements in this process
