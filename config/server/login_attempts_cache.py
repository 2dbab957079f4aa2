"""A cache for counting login attempts. It uses Redis, or the memory of each process while Redis is down."""

from typing import Any

import orjson
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.storage.redis_clients import get_redis_client, redis_circuit


class JsonSerializer:
    """Stores values as JSON. With Django's default (pickle), anyone with write access to Redis could run code."""

    def dumps(self, value: Any) -> bytes:
        return orjson.dumps(value)

    def loads(self, value: bytes) -> Any:
        return orjson.loads(value)


class LoginAttemptsCache(RedisCache):
    """A cache whose methods that allauth calls keep working while Redis is down. The others raise RedisError."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        one_retry = Retry(NoBackoff(), 1)  # handles connections that broke while idle
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
        """Delete the keys of this cache. Django would delete all data in Redis. Raises RedisError if Redis is down."""
        self.local.clear()
        client = get_redis_client()
        for key in client.scan_iter(match=f"{self.key_prefix}:*"):
            client.delete(key)

    def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        return redis_circuit.run(
            lambda: getattr(super(LoginAttemptsCache, self), name)(*arguments, **options),
            lambda: getattr(self.local, name)(*arguments, **options),
        )
