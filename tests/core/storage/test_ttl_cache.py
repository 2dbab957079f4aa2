"""Values that are kept for a while: few, for a time, and safe among threads."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from core.storage.ttl_cache import TtlCache


def test_value_is_worked_out_once():
    asked, recent = [], TtlCache(2)

    def work_out():
        asked.append(1)
        return 7

    assert [recent.of("a", work_out) for _ in range(3)] == [7, 7, 7]
    assert len(asked) == 1


def test_value_asked_for_longest_ago_goes_first():
    recent = TtlCache(2)
    for key in "ab":
        recent.keep(key, key)
    recent.get("a")
    recent.keep("c", "c")
    assert [recent.get(key) for key in "abc"] == ["a", None, "c"]


@pytest.mark.parametrize(("seconds", "found"), [(60.0, 1), (0.0, None), (-1.0, None)])
def test_value_holds_for_its_time(seconds, found):
    recent = TtlCache(2, seconds)
    recent.keep("a", 1)
    assert recent.get("a") == found


def test_value_is_forgotten_in_time():
    recent = TtlCache(2, 0.01)
    recent.keep("a", 1)
    time.sleep(0.02)
    assert recent.get("a") is None


def test_all_can_be_forgotten():
    recent = TtlCache(2)
    recent.keep("a", 1)
    recent.forget()
    assert recent.get("a") is None


def test_threads_may_share_it():
    recent = TtlCache(3)

    def use(number):
        return recent.of(number % 7, lambda: number % 7)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(2000))) == [number % 7 for number in range(2000)]


def test_many_who_ask_at_once_wait_for_one():
    asked, recent = [], TtlCache(3)

    def work_out():
        asked.append(1)
        time.sleep(0.05)
        return 7

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(lambda _: recent.of("a", work_out), range(40))] == [7] * 40
    assert len(asked) == 1


def test_nobody_waits_for_ever_for_another():
    recent, held = TtlCache(3), Event()

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(recent.of, "a", lambda: held.wait(30) and 1)
        started = time.monotonic()
        assert recent.of("a", lambda: 2) == 2
        assert time.monotonic() - started < 5
        held.set()
        assert slow.result() == 1


def test_what_could_not_be_worked_out_is_tried_again():
    recent = TtlCache(3)
    with pytest.raises(ZeroDivisionError):
        recent.of("a", lambda: 1 // 0)
    assert recent.of("a", lambda: 3) == 3
