"""Where attempts to log in are counted: in Redis for all processes, and while it is away in each process."""

import logging
import time
from typing import Any

import orjson
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

RETRY_DELAY_S = 2.0  # so long Redis is not asked after it has failed
logger = logging.getLogger(__name__)


class JsonSerializer:
    """Redis holds plain values only. With Django's own pickles whoever can write there could run code here."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(self, value: bytes) -> Any:
        return orjson.loads(value)


class LoginAttemptsCache(RedisCache):
    """Nobody is kept from logging in because Redis is away. Has what allauth uses of a cache."""

    silent_until = 0.0  # of the process: Django makes an instance for each thread

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        once_more = Retry(NoBackoff(), 1)  # a connection that broke while it was idle
        options = {"serializer": JsonSerializer(), "retry": once_more, "socket_timeout": 2, "socket_connect_timeout": 1}
        super().__init__(server, {**params, "OPTIONS": options})
        self.local = LocMemCache("attempts", params)

    def add(self, *arguments: Any, **options: Any) -> Any:
        return self._tried("add", *arguments, **options)

    def get(self, *arguments: Any, **options: Any) -> Any:
        return self._tried("get", *arguments, **options)

    def set(self, *arguments: Any, **options: Any) -> Any:
        return self._tried("set", *arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> Any:
        return self._tried("delete", *arguments, **options)

    def clear(self) -> None:
        """Only what is ours: Django would empty the whole Redis, in which much else lies."""
        self.local.clear()
        client = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=f"{self.key_prefix}:*"):
            client.delete(key)

    def _tried(self, name: str, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() >= self.silent_until:
            try:
                return getattr(super(), name)(*arguments, **options)
            except (RedisError, OSError) as error:
                logger.warning("Redis is away, attempts are counted in this process: %s", error)
                type(self).silent_until = time.monotonic() + RETRY_DELAY_S
        return getattr(self.local, name)(*arguments, **options)
