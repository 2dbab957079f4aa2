"""Clients of Redis for synchronous and asynchronous code, and how to go on while Redis is down."""

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
    """The plain client of this process, for the few writes of web requests."""
    once_more = redis.retry.Retry(NoBackoff(), 1)  # a connection that broke while it was idle
    return redis.Redis.from_url(settings.REDIS_URL, retry=once_more, socket_timeout=2, socket_connect_timeout=1)


def connect_async_redis() -> "Redis":
    """A client of the running loop that reports a lost connection at once instead of hiding it."""
    return Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), socket_timeout=5)


@contextmanager
def suppress_redis_errors() -> Iterator[None]:
    """Log a failure of Redis and go on: what the block writes may be lost."""
    try:
        yield
    except (RedisError, OSError) as error:
        logger.warning("Redis is away: %s", error)
