"""Redis clients for synchronous and asynchronous code, and a context manager for writes that may be lost."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import redis
import redis.retry
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@cache
def get_redis_client() -> "redis.Redis":
    """Return the synchronous client of this process."""
    one_retry = redis.retry.Retry(NoBackoff(), 1)  # handles connections that broke while idle
    return redis.Redis.from_url(settings.REDIS_URL, retry=one_retry, socket_timeout=2, socket_connect_timeout=1)


def connect_async_redis() -> "Redis":
    """Return a client for the running event loop. It does not retry if the connection is lost."""
    # With RESP3, the client converts each response to the RESP2 form, which takes time for each event.
    return Redis.from_url(settings.REDIS_URL, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=5)


@contextmanager
def suppress_redis_errors() -> Iterator[None]:
    """Log Redis errors and continue after the block, whose writes may be lost."""
    try:
        yield
    except (RedisError, OSError) as error:
        logger.warning("Redis is down: %s", error)
