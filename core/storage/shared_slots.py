"""Slots that all processes count together, such as the open streams of a voter.

For each limit, Redis has the set of its open slots. A slot counts while the sign of life of its process is in Redis, so
the slots of a killed process are free at most `SIGN_TTL_S` later. While Redis is down, each process counts its own.
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
SET_TTL_S = 3600  # what a killed process leaves in Redis goes at the latest after this time
RETRY_DELAY_S = 2.0  # no call to Redis for this long after a failure
# KEYS: the sign of the process, then the limits. ARGV: the slot, the seconds of a sign and of a set, the maximum of
# each limit, and slots that this process has released. Returns whether the slot is added, and whether the sign was
# there: without it, other processes may have removed slots of this one.
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
    """Permission for one stream or task. It is released once: by `release`, or when nothing refers to it any more,
    because a request may end before it has a response to close."""

    def __init__(self, slots: "SharedSlots", name: str, limits: frozenset[str]) -> None:
        self.name = name
        self.release = weakref.finalize(self, slots.forget, name, limits)


class SharedSlots:
    """The slots of one kind in this process; its length is their number. Threads may share it."""

    def __init__(self, kind: str, renew_s: float = RENEW_INTERVAL_S) -> None:
        self._kind = kind
        self._renew_s = renew_s
        self._process = secrets.token_hex(8)
        self._numbers = itertools.count()
        # Name of a slot → its limits: of open slots, and of those that are not removed from Redis yet. Threads change
        # both without a lock, each time by one atomic step: the garbage collector may release a slot at any moment.
        self._open: dict[str, frozenset[str]] = {}
        self._released: dict[str, frozenset[str]] = {}
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._publisher: Thread | None = None
        self._is_incomplete = False  # whether Redis may lack open slots
        self._silent_until = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def acquire(self, max_open: Mapping[str, int]) -> SharedSlot | None:
        """A slot for one more, or None if a limit is reached. Calls Redis once, so call it in a thread.

        max_open: name of a limit → its maximum in all processes, or 0 for no limit.
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
        """Count this slot no longer."""
        if limits:
            self._released[name] = limits
            self._wake.put(None)
        del self._open[name]

    def _is_admitted(self, name: str, limited: Mapping[str, int], *, has_others: bool) -> bool:
        """Whether all processes together have room for the slot, or Redis is down."""
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
        """Renew the sign of life and remove released slots from Redis, until no slot is open."""
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
        """Add all slots to Redis again. One that is released meanwhile is removed by the next update."""
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
