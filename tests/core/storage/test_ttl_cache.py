"""The cache is limited in size and time, and is thread-safe."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from core.storage.ttl_cache import TtlCache


def test_value_is_computed_once():
    calls = []
    cache = TtlCache(2)

    def compute():
        calls.append(1)
        return 7

    assert [cache.get_or_compute("a", compute) for _ in range(3)] == [7, 7, 7]
    assert len(calls) == 1


def test_least_recently_used_value_is_evicted_first():
    cache = TtlCache(2)
    for key in "ab":
        cache.store(key, key)
    cache.get("a")
    cache.store("c", "c")
    assert [cache.get(key) for key in "abc"] == ["a", None, "c"]


@pytest.mark.parametrize(("seconds", "value"), [(60.0, 1), (0.0, None), (-1.0, None)])
def test_value_is_valid_for_its_time(seconds, value):
    cache = TtlCache(2, seconds)
    cache.store("a", 1)
    assert cache.get("a") == value


def test_value_expires():
    cache = TtlCache(2, 0.01)
    cache.store("a", 1)
    time.sleep(0.02)
    assert cache.get("a") is None


def test_threads_can_share_the_cache():
    cache = TtlCache(3)

    def use(number):
        return cache.get_or_compute(number % 7, lambda: number % 7)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(2000))) == [number % 7 for number in range(2000)]


def test_simultaneous_threads_wait_for_one_computation():
    calls = []
    cache = TtlCache(3)

    def compute():
        calls.append(1)
        time.sleep(0.05)
        return 7

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda _: cache.get_or_compute("a", compute), range(40))] == [7] * 40
    assert len(calls) == 1


@pytest.mark.slow
def test_thread_does_not_wait_forever_for_another():
    cache = TtlCache(3)
    released = Event()

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(cache.get_or_compute, "a", lambda: released.wait(30) and 1)
        started = time.monotonic()
        assert cache.get_or_compute("a", lambda: 2) == 2
        assert time.monotonic() - started < 5
        released.set()
        assert slow.result() == 1


def test_failed_computation_is_repeated():
    cache = TtlCache(3)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_compute("a", lambda: 1 // 0)
    assert cache.get_or_compute("a", lambda: 3) == 3
