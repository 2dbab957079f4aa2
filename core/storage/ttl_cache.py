"""What was worked out lately and may be asked for again: a few values, each for a while."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
# Whoever waits may hold what the other one needs, such as the last connection to the database.
LOCK_TIMEOUT_S = 1.0


class TtlCache(Generic[Value]):
    """At most `most` values in the memory of this process, those asked for last; each holds for `seconds`.

    Safe among threads: one works a value out, and the others wait for it; hundreds of open pages ask for the same.
    """

    def __init__(self, most: int, seconds: float = float("inf")) -> None:
        self.most = most
        self.seconds = seconds
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()
        self._making: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            found = self._values.get(key)
            if found is None or found[0] <= time.monotonic():
                return None
            self._values.move_to_end(key)
            return found[1]

    def keep(self, key: Hashable, value: Value) -> Value:
        with self._lock:
            self._values[key] = time.monotonic() + self.seconds, value
            self._values.move_to_end(key)
            while len(self._values) > self.most:
                self._values.popitem(last=False)
        return value

    def of(self, key: Hashable, work_out: Callable[[], Value]) -> Value:
        found = self.get(key)
        return self._made(key, work_out) if found is None else found

    def _made(self, key: Hashable, work_out: Callable[[], Value]) -> Value:
        with self._lock:
            making = self._making.setdefault(key, Lock())
        mine = making.acquire(timeout=LOCK_TIMEOUT_S)
        try:
            found = self.get(key)
            return self.keep(key, work_out()) if found is None else found
        finally:
            with self._lock:
                self._making.pop(key, None)
            if mine:
                making.release()

    def forget(self) -> None:
        with self._lock:
            self._values.clear()
