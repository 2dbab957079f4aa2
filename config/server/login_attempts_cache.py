"""The cache that counts login attempts: in Redis for all processes, or in each process while Redis is down."""

import logging
import time
from typing import Any

import orjson
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

RETRY_DELAY_S = 2.0  # no call to Redis for this long after a failure
logger = logging.getLogger(__name__)


class JsonSerializer:
    """Stores plain JSON values in Redis. With Django's pickles, anybody who can write to Redis could run code here."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(self, value: bytes) -> Any:
        return orjson.loads(value)


class LoginAttemptsCache(RedisCache):
    """Logins work while Redis is down. Implements the methods of a cache that allauth calls."""

    silent_until = 0.0  # shared by the process: Django creates an instance for each thread

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        one_retry = Retry(NoBackoff(), 1)  # for a connection that broke while it was idle
        options = {"serializer": JsonSerializer(), "retry": one_retry, "socket_timeout": 2, "socket_connect_timeout": 1}
        super().__init__(server, {**params, "OPTIONS": options})
        self.local = LocMemCache("attempts", params)

    def add(self, *arguments: Any, **options: Any) -> Any:
        return self._call("add", *arguments, **options)

    def get(self, *arguments: Any, **options: Any) -> Any:
        return self._call("get", *arguments, **options)

    def set(self, *arguments: Any, **options: Any) -> Any:
        return self._call("set", *arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> Any:
        return self._call("delete", *arguments, **options)

    def clear(self) -> None:
        """Delete only the keys of this cache: Django would empty the whole Redis, which contains other data."""
        self.local.clear()
        client = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=f"{self.key_prefix}:*"):
            client.delete(key)

    def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() >= self.silent_until:
            try:
                return getattr(super(), name)(*arguments, **options)
            except (RedisError, OSError) as error:
                logger.warning("Redis is down; this process counts login attempts itself: %s", error)
                type(self).silent_until = time.monotonic() + RETRY_DELAY_S
        return getattr(self.local, name)(*arguments, **options)
