"""Slots counted across all processes, such as a voter's open streams or a network's battles in progress.

For each limit, Redis stores the names of the taken slots and the times at which they expire. A process renews the slots
that it has open, so the slots of a killed process are free after `OPEN_SLOT_TTL_S` seconds.
"""

import secrets
import time
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from core.storage.redis_clients import get_redis_client, redis_circuit

OPEN_SLOT_TTL_S = 30
RENEWAL_INTERVAL_S = 10.0
NO_MAXIMUM = 10**9
# KEYS: the taken slots of each limit. ARGV: the slot, its lifetime in ms, then the maximum for each limit.
# Takes the slot for all limits or for none. Returns the number of the first limit that has been reached, or 0.
TAKE_SCRIPT = """
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index, key in ipairs(KEYS) do
  redis.call("ZREMRANGEBYSCORE", key, "-inf", now)
  local is_taken = redis.call("ZSCORE", key, ARGV[1])
  if not is_taken and redis.call("ZCARD", key) >= tonumber(ARGV[index + 2]) then
    return index
  end
end
for _, key in ipairs(KEYS) do
  redis.call("ZADD", key, "GT", now + ARGV[2], ARGV[1])
  redis.call("PEXPIREAT", key, math.floor(redis.call("ZRANGE", key, -1, -1, "WITHSCORES")[2]) + 1000)
end
return 0
"""


def take_slot(slot: str, maximums: Mapping[str, int], ttl_s: float) -> str | None:
    """Take a slot for all limits and return None, or take it for none and return the first limit that leaves none.

    A slot that is already taken does not count twice, and expires later than before. Raises RedisError or OSError.

    maximums: the maximum number of slots, keyed by the limit and the client
    """
    if not maximums:
        return None
    index = _run_script(slot, maximums, ttl_s)
    return list(maximums)[index - 1] if index else None


def _run_script(slot: str, maximums: Mapping[str, int], ttl_s: float, client: Any = None) -> int:
    script = get_redis_client().register_script(TAKE_SCRIPT)
    arguments: list[str | int] = [slot, int(ttl_s * 1000), *maximums.values()]
    result: int = script(keys=[build_key(name) for name in maximums], args=arguments, client=client)
    return result


def list_slots(limit_name: str, within_s: float) -> set[str]:
    """Return the slots that expire within so many seconds. Raises RedisError or OSError."""
    client = get_redis_client()
    seconds, _microseconds = client.time()
    members: Any = client.zrangebyscore(build_key(limit_name), "-inf", int((seconds + within_s) * 1000))
    return {member.decode() for member in members}


def remove_slots(slots: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Free these slots, each of which is given with the names of its limits. Raises RedisError or OSError."""
    pipeline = get_redis_client().pipeline(transaction=False)
    for name, limits in slots:
        for limit in limits:
            pipeline.zrem(build_key(limit), name)
    pipeline.execute()


def build_key(limit_name: str) -> str:
    return f"slots:{limit_name}"


class SharedSlot:
    """Permission for one stream or task.

    `release` frees the slot. Otherwise, the garbage collector frees it, because a request can end before it has a
    response to close.
    """

    def __init__(self, slots: "SharedSlots", name: str) -> None:
        self.release = weakref.finalize(self, slots.forget, name)


class SharedSlots:
    """This process's open slots of one kind. `len()` returns their number. Safe to share between threads.

    While Redis is down, each process counts only its own slots.

    kind: what the slots are for, such as "battles"; all processes share the slots of a kind
    renewal_s: seconds between renewals
    """

    def __init__(self, kind: str, renewal_s: float = RENEWAL_INTERVAL_S) -> None:
        self._kind = kind
        self._renewal_s = renewal_s
        # The names of each slot's limits, keyed by slot. The garbage collector can call `forget` at any moment, so it
        # takes no lock, and the queues must be reentrant.
        self._open: dict[str, frozenset[str]] = {}
        self._released: SimpleQueue[tuple[str, frozenset[str]]] = SimpleQueue()
        self._wake_updater: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._removal_lock = Lock()
        self._updater: Thread | None = None

    def __len__(self) -> int:
        return len(self._open)

    def acquire(self, maximums: Mapping[str, int]) -> SharedSlot | None:
        """Return a new slot, or None if a limit has been reached. Calls Redis, so call it in a thread.

        maximums: the maximum number of open slots across all processes, keyed by client; 0 means no limit
        """
        limits = {f"{self._kind}:{name}": maximum for name, maximum in maximums.items() if maximum}
        with self._lock:
            open_slots = list(self._open.values())
            for limit, maximum in limits.items():
                if sum(limit in names for names in open_slots) >= maximum:
                    return None
            name = secrets.token_hex(8)
            self._open[name] = frozenset(limits)
            slot = SharedSlot(self, name)
            if limits and self._updater is None:
                self._updater = Thread(target=self._run_updater, name=f"slots of {self._kind}", daemon=True)
                self._updater.start()
        self._remove_released()
        if redis_circuit.run(lambda: take_slot(name, limits, OPEN_SLOT_TTL_S), lambda: None):
            slot.release()
            return None
        return slot

    def forget(self, name: str) -> None:
        """Stop counting this slot."""
        self._released.put((name, self._open[name]))
        del self._open[name]
        self._wake_updater.put(None)

    def _run_updater(self) -> None:
        """Remove released slots from Redis and renew the open ones, until there are none."""
        renew_at = time.monotonic() + self._renewal_s
        while True:
            with suppress(Empty):
                self._wake_updater.get(timeout=max(0.0, renew_at - time.monotonic()))
            self._remove_released()
            if time.monotonic() >= renew_at:
                redis_circuit.run(self._renew_open, lambda: None)
                renew_at = time.monotonic() + self._renewal_s
            with self._lock:
                if not self._open and self._released.empty():
                    self._updater = None
                    return

    def _remove_released(self) -> None:
        """Remove all released slots from Redis. Afterwards, none of them counts. If this fails, they expire."""
        released: list[tuple[str, frozenset[str]]] = []
        with self._removal_lock:
            with suppress(Empty):
                while True:
                    released.append(self._released.get_nowait())
            if any(limits for _name, limits in released):
                redis_circuit.run(lambda: remove_slots(released), lambda: None)

    def _renew_open(self) -> None:
        """Renew all open slots, also those that Redis has lost."""
        pipeline = get_redis_client().pipeline(transaction=False)
        slots = self._open.copy()
        for name, limits in slots.items():
            if limits:
                _run_script(name, dict.fromkeys(limits, NO_MAXIMUM), OPEN_SLOT_TTL_S, client=pipeline)
        pipeline.execute()
        for name in slots.keys() - self._open.keys():  # released in the meantime, so perhaps added again
            self._released.put((name, slots[name]))
            self._wake_updater.put(None)
