"""Slots counted across all processes, such as a voter's open streams.

For each limit, Redis stores the set of open slots. A slot counts only while its process's heartbeat is in Redis, so the
slots of a killed process are freed within `HEARTBEAT_TTL_S` seconds. While Redis is down, each process counts only its
own slots.
"""

import itertools
import logging
import secrets
import time
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from redis.exceptions import RedisError

from core.storage.redis_clients import get_redis_client

HEARTBEAT_TTL_S = 6
HEARTBEAT_INTERVAL_S = 2.0
SET_TTL_S = 3600  # slots of a killed process expire after this time at the latest
RETRY_DELAY_S = 2.0  # after a failure, Redis is not called for this long
# KEYS: the process's heartbeat, then the set of open slots for each limit.
# ARGV: the slot, the lifetimes of a heartbeat and of a set in seconds, the maximum for each limit, then the slots that
# this process has released.
# Removes the released slots and, from full sets, the slots of processes without a heartbeat. Adds the slot to all sets
# or to none. Returns whether the slot was added, and whether the heartbeat was still present. If it was not, other
# processes might have removed this process's slots.
ACQUIRE_SCRIPT = """
local was_alive = redis.call("SET", KEYS[1], 1, "EX", ARGV[2], "GET") and 1 or 0
for index = 2, #KEYS do
  local set, maximum = KEYS[index], tonumber(ARGV[index + 2])
  for released = #KEYS + 3, #ARGV do redis.call("SREM", set, ARGV[released]) end
  if redis.call("SCARD", set) >= maximum then
    for _, slot in ipairs(redis.call("SMEMBERS", set)) do
      local process = string.match(slot, "^%x+")
      if redis.call("EXISTS", "slots:heartbeat:" .. process) == 0 then redis.call("SREM", set, slot) end
    end
    if redis.call("SCARD", set) >= maximum then return {0, was_alive} end
  end
end
for index = 2, #KEYS do
  redis.call("SADD", KEYS[index], ARGV[1])
  redis.call("EXPIRE", KEYS[index], ARGV[3])
end
return {1, was_alive}
"""
logger = logging.getLogger(__name__)


class SharedSlot:
    """Permission for one stream or task.

    `release` frees the slot. Otherwise, the garbage collector frees it, because a request can end before it has a
    response to close.
    """

    def __init__(self, slots: "SharedSlots", name: str, limit_names: frozenset[str]) -> None:
        self.name = name
        self.release = weakref.finalize(self, slots.forget, name, limit_names)


class SharedSlots:
    """This process's open slots of one kind. `len()` returns their number. Safe to share between threads.

    kind: what the slots are for, such as "battles"; all processes share the slots of a kind
    heartbeat_s: seconds between heartbeats
    """

    def __init__(self, kind: str, heartbeat_s: float = HEARTBEAT_INTERVAL_S) -> None:
        self._kind = kind
        self._heartbeat_s = heartbeat_s
        self._process = secrets.token_hex(8)
        self._numbers = itertools.count()
        # The names of each slot's limits, keyed by slot name: for open slots, and for released slots that are still
        # in Redis. Threads change both dicts without a lock, in single atomic operations, because the garbage collector
        # can release a slot at any moment.
        self._open: dict[str, frozenset[str]] = {}
        self._released: dict[str, frozenset[str]] = {}
        # Not a threading.Event, because the garbage collector can call `forget` during any other call, and
        # `SimpleQueue.put` is reentrant.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._updater: Thread | None = None
        self._redis_may_lack_slots = False
        self._retry_at = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def acquire(self, maximums: Mapping[str, int]) -> SharedSlot | None:
        """Return a new slot, or None if a limit has been reached. Calls Redis, so call it in a thread.

        maximums: the maximum number of open slots across all processes, keyed by the limit's name; 0 means no limit
        """
        limits = {name: maximum for name, maximum in maximums.items() if maximum}
        with self._lock:
            open_slots = list(self._open.values())
            if any(_count_slots(open_slots, name) >= maximum for name, maximum in limits.items()):
                return None
            name = f"{self._process}:{next(self._numbers)}"
            # Names without a limit are included, so that this process counts the slot if a limit is set later.
            self._open[name] = frozenset(maximums)
            slot = SharedSlot(self, name, frozenset(limits))
            if limits:
                self._ensure_updater()
        if limits and not self._try_to_add(name, limits, has_others=bool(open_slots)):
            slot.release()
            return None
        return slot

    def forget(self, name: str, limit_names: frozenset[str]) -> None:
        """Stop counting this slot."""
        if limit_names:
            self._released[name] = limit_names
            self._wake.put(None)
        del self._open[name]

    def _try_to_add(self, name: str, limits: Mapping[str, int], *, has_others: bool) -> bool:
        """Add the slot to Redis. Return False if a limit has been reached, or else True, even if Redis is down.

        has_others: whether this process has other open slots
        """
        if time.monotonic() < self._retry_at:
            self._redis_may_lack_slots = True
            return True
        released = [
            released_name
            for released_name, limit_names in self._released.copy().items()
            if not limit_names.isdisjoint(limits)
        ]
        keys = [_build_heartbeat_key(self._process), *map(self._build_key, limits)]
        arguments: list[str | int] = [name, HEARTBEAT_TTL_S, SET_TTL_S, *limits.values(), *released]
        try:
            is_added, was_alive = get_redis_client().register_script(ACQUIRE_SCRIPT)(keys=keys, args=arguments)
        except (RedisError, OSError) as error:
            self._record_outage(error)
            return True
        if has_others and not was_alive:
            self._redis_may_lack_slots = True
        return bool(is_added)

    def _ensure_updater(self) -> None:
        if self._updater is None or not self._updater.is_alive():
            self._updater = Thread(target=self._run_updater, name=f"slots of {self._kind}", daemon=True)
            self._updater.start()

    def _run_updater(self) -> None:
        """Renew the heartbeat and remove released slots from Redis, until no slots are left."""
        while True:
            self._wait_for_release()
            if time.monotonic() >= self._retry_at:
                try:
                    self._update_redis()
                except (RedisError, OSError) as error:
                    self._record_outage(error)
            with self._lock:
                if not self._open and not self._released:
                    self._updater = None
                    return

    def _wait_for_release(self) -> None:
        """Wait until a slot is released or the next heartbeat is due."""
        with suppress(Empty):
            self._wake.get(timeout=self._heartbeat_s)
            while True:  # one update removes all slots that have been released
                self._wake.get_nowait()

    def _update_redis(self) -> None:
        released = self._released.copy()
        pipeline = get_redis_client().pipeline(transaction=False)
        pipeline.set(_build_heartbeat_key(self._process), 1, ex=HEARTBEAT_TTL_S, get=True)
        for name, limit_names in released.items():
            for limit_name in limit_names:
                pipeline.srem(self._build_key(limit_name), name)
        was_alive = pipeline.execute()[0]
        if self._redis_may_lack_slots or not was_alive:
            self._redis_may_lack_slots = False
            self._add_open_slots()
        for name in released:
            del self._released[name]

    def _add_open_slots(self) -> None:
        """Add all open slots to Redis again. If one is released in the meantime, the next update removes it."""
        pipeline = get_redis_client().pipeline(transaction=False)
        for name, limit_names in self._open.copy().items():
            if name not in self._released:
                for limit_name in limit_names:
                    pipeline.sadd(self._build_key(limit_name), name)
                    pipeline.expire(self._build_key(limit_name), SET_TTL_S)
        pipeline.execute()

    def _record_outage(self, error: Exception) -> None:
        logger.warning("Redis is down; this process counts its own slots of %s: %s", self._kind, error)
        self._redis_may_lack_slots = True
        self._retry_at = time.monotonic() + RETRY_DELAY_S

    def _build_key(self, limit_name: str) -> str:
        return f"slots:{self._kind}:{limit_name}"


def _count_slots(slots: Iterable[frozenset[str]], limit_name: str) -> int:
    """Return the number of slots that count toward the limit. Each slot is a set of the names of its limits."""
    return sum(limit_name in limit_names for limit_names in slots)


def _build_heartbeat_key(process: str) -> str:
    return f"slots:heartbeat:{process}"
