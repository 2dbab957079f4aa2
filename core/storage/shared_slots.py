"""Slots that are counted across all processes, such as a voter's open streams.

Redis stores the set of open slots for each limit. A slot counts as long as its process renews a sign of life in Redis,
so a killed process's slots become free within `SIGN_TTL_S`. While Redis is down, each process counts only its own
slots.
"""

import itertools
import logging
import secrets
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from redis.exceptions import RedisError

from core.storage.redis_clients import get_redis_client

SIGN_TTL_S = 6
RENEW_INTERVAL_S = 2.0
SET_TTL_S = 3600  # sets that a killed process leaves in Redis expire after this time
RETRY_DELAY_S = 2.0  # seconds without calls to Redis after a failure
# KEYS: the process's sign of life, then the sets of the limits. ARGV: the slot, the lifetimes of a sign and of a set in
# seconds, the maximum for each limit, and slots that this process has released. Returns whether the slot was added and
# whether the sign existed. If it did not, other processes might have removed this process's slots.
ACQUIRE_SCRIPT = """
local was_alive = redis.call("SET", KEYS[1], 1, "EX", ARGV[2], "GET") and 1 or 0
for place = 2, #KEYS do
  local max = tonumber(ARGV[place + 2])
  for released = #KEYS + 3, #ARGV do redis.call("SREM", KEYS[place], ARGV[released]) end
  if redis.call("SCARD", KEYS[place]) >= max then
    for _, slot in ipairs(redis.call("SMEMBERS", KEYS[place])) do
      local process = string.match(slot, "^%x+")
      if redis.call("EXISTS", "slots:sign:" .. process) == 0 then redis.call("SREM", KEYS[place], slot) end
    end
    if redis.call("SCARD", KEYS[place]) >= max then return {0, was_alive} end
  end
end
for place = 2, #KEYS do
  redis.call("SADD", KEYS[place], ARGV[1])
  redis.call("EXPIRE", KEYS[place], ARGV[3])
end
return {1, was_alive}
"""
logger = logging.getLogger(__name__)


class SharedSlot:
    """Permission for one stream or task.

    It is released by `release` or, at the latest, when nothing refers to it anymore, because a request can end before
    it has a response to close.
    """

    def __init__(self, slots: "SharedSlots", name: str, limits: frozenset[str]) -> None:
        self.name = name
        self.release = weakref.finalize(self, slots.forget, name, limits)


class SharedSlots:
    """This process's open slots of one kind. Its length is their number. It is thread-safe."""

    def __init__(self, kind: str, renew_s: float = RENEW_INTERVAL_S) -> None:
        self._kind = kind
        self._renew_s = renew_s
        self._process = secrets.token_hex(8)
        self._numbers = itertools.count()
        # Both map a slot's name to its limits: for open slots, and for released slots that are still in Redis. Threads
        # change them without a lock, in single atomic steps, because the garbage collector can release a slot at any
        # moment.
        self._open: dict[str, frozenset[str]] = {}
        self._released: dict[str, frozenset[str]] = {}
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._publisher: Thread | None = None
        self._is_incomplete = False  # whether some open slots might be missing in Redis
        self._silent_until = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def acquire(self, max_open: Mapping[str, int]) -> SharedSlot | None:
        """Return a new slot, or None if a limit has been reached. Calls Redis, so call it in a thread.

        max_open: the maximum number of open slots across all processes, keyed by the limit's name; 0 means no limit
        """
        limited = {name: maximum for name, maximum in max_open.items() if maximum}
        with self._lock:
            counted = list(self._open.values())
            if any(sum(name in limits for limits in counted) >= maximum for name, maximum in limited.items()):
                return None
            name = f"{self._process}:{next(self._numbers)}"
            self._open[name] = frozenset(max_open)
            slot = SharedSlot(self, name, frozenset(limited))
            if limited:
                self._ensure_publisher()
        if limited and not self._is_admitted(name, limited, has_others=bool(counted)):
            slot.release()
            return None
        return slot

    def forget(self, name: str, limits: frozenset[str]) -> None:
        """Stop counting this slot."""
        if limits:
            self._released[name] = limits
            self._wake.put(None)
        del self._open[name]

    def _is_admitted(self, name: str, limited: Mapping[str, int], *, has_others: bool) -> bool:
        """Return whether the slot is within all limits across all processes, or Redis is down."""
        if time.monotonic() < self._silent_until:
            self._is_incomplete = True
            return True
        released = [each for each, limits in self._released.copy().items() if not limits.isdisjoint(limited)]
        keys = [_build_sign_key(self._process), *map(self._build_key, limited)]
        arguments: list[str | int] = [name, SIGN_TTL_S, SET_TTL_S, *limited.values(), *released]
        try:
            is_added, was_alive = get_redis_client().register_script(ACQUIRE_SCRIPT)(keys=keys, args=arguments)
        except (RedisError, OSError) as error:
            self._pause(error)
            return True
        if has_others and not was_alive:
            self._is_incomplete = True
        return bool(is_added)

    def _ensure_publisher(self) -> None:
        if self._publisher is None or not self._publisher.is_alive():
            self._publisher = Thread(target=self._publish, name=f"slots of {self._kind}", daemon=True)
            self._publisher.start()

    def _publish(self) -> None:
        """Renew the sign of life and remove released slots from Redis, until no slots are left."""
        while True:
            with suppress(Empty):
                self._wake.get(timeout=self._renew_s)
                while True:
                    self._wake.get_nowait()
            if time.monotonic() >= self._silent_until:
                try:
                    self._update_redis()
                except (RedisError, OSError) as error:
                    self._pause(error)
            with self._lock:
                if not self._open and not self._released:
                    self._publisher = None
                    return

    def _update_redis(self) -> None:
        released = self._released.copy()
        pipeline = get_redis_client().pipeline(transaction=False)
        pipeline.set(_build_sign_key(self._process), 1, ex=SIGN_TTL_S, get=True)
        for name, limits in released.items():
            for limit in limits:
                pipeline.srem(self._build_key(limit), name)
        was_alive = pipeline.execute()[0]
        if self._is_incomplete or not was_alive:
            self._is_incomplete = False
            self._add_open_slots()
        for name in released:
            del self._released[name]

    def _add_open_slots(self) -> None:
        """Add all open slots to Redis again. The next update removes those that are released in the meantime."""
        pipeline = get_redis_client().pipeline(transaction=False)
        for name, limits in self._open.copy().items():
            if name not in self._released:
                for limit in limits:
                    pipeline.sadd(self._build_key(limit), name)
                    pipeline.expire(self._build_key(limit), SET_TTL_S)
        pipeline.execute()

    def _pause(self, error: Exception) -> None:
        logger.warning("Redis is down; this process counts its own slots of %s: %s", self._kind, error)
        self._is_incomplete = True
        self._silent_until = time.monotonic() + RETRY_DELAY_S

    def _build_key(self, limit: str) -> str:
        return f"slots:{self._kind}:{limit}"


def _build_sign_key(process: str) -> str:
    return f"slots:sign:{process}"
