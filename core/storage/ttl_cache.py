"""An in-memory cache with a maximum size and a maximum age."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
# A thread does not wait longer for another thread to compute a value, because the waiting thread might hold the last
# database connection, which the computing thread needs.
LOCK_TIMEOUT_S = 1.0


class TtlCache(Generic[Value]):
    """Caches the `max_size` most recently used values for up to `seconds` each.

    The cache is thread-safe. If several threads request the same missing key, one computes the value while the others
    wait. None is not cached.
    """

    def __init__(self, max_size: int, seconds: float = float("inf")) -> None:
        self.max_size = max_size
        self.seconds = seconds
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()
        self._key_locks: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return the value, or None if it is missing or too old."""
        with self._lock:
            entry = self._values.get(key)
            if entry is None:
                return None
            expires_at, value = entry
            if expires_at <= time.monotonic():
                return None
            self._values.move_to_end(key)
            return value

    def store(self, key: Hashable, value: Value) -> Value:
        """Store the value and return it. If the cache is full, the least recently used value is removed."""
        with self._lock:
            self._values[key] = (time.monotonic() + self.seconds, value)
            self._values.move_to_end(key)
            while len(self._values) > self.max_size:
                self._values.popitem(last=False)
        return value

    def get_or_compute(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """Return the cached value, or else compute and store it. Raises the errors of `compute`.

        A thread that has waited `LOCK_TIMEOUT_S` for another thread computes the value itself.
        """
        value = self.get(key)
        return self._compute(key, compute) if value is None else value

    def _compute(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        with self._lock:
            key_lock = self._key_locks.setdefault(key, Lock())
        is_acquired = key_lock.acquire(timeout=LOCK_TIMEOUT_S)
        try:
            value = self.get(key)
            return self.store(key, compute()) if value is None else value
        finally:
            with self._lock:
                self._key_locks.pop(key, None)
            if is_acquired:
                key_lock.release()

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
