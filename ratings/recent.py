"""What was worked out lately and may be asked for again: a few values, each for a while."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """At most `most` values in the memory of this process, those asked for last; each holds for `seconds`.

    Safe among threads. Two of them may work out the same value at once, and the later one is kept.
    """

    def __init__(self, most: int, seconds: float = float("inf")) -> None:
        self.most = most
        self.seconds = seconds
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()
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
        return self.keep(key, work_out()) if found is None else found

    def forget(self) -> None:
        with self._lock:
            self._values.clear()
