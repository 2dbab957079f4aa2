"""Slots are counted across processes. In these tests, each `SharedSlots` stands for one process."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from core.storage import shared_slots
from core.storage.redis_clients import get_redis_client, redis_circuit
from core.storage.shared_slots import SharedSlots, build_key, take_slot
from tests.processes import eventually

LIMIT = {"voter": 6}


@pytest.fixture
def processes(valkey):
    """Two processes with slots of a kind that no other test has. Only the first one renews its slots."""
    kind = f"test {uuid4()}"
    return [SharedSlots(kind, renewal_s) for renewal_s in (0.05, 60)]


def acquire_all(process, limits=LIMIT):
    """Return as many slots as the process gets."""
    return list(iter(lambda: process.acquire(limits), None))


def get_key(process):
    return build_key(f"{process._kind}:voter")


def expire_slots(valkey, process):
    """Let all slots expire."""
    for slot in valkey.zrange(get_key(process), 0, -1):
        valkey.zadd(get_key(process), {slot: 1})


def test_limit_counts_the_slots_of_all_processes(processes):
    first, second = processes
    slots = [[first.acquire(LIMIT) for _ in range(4)], acquire_all(second)]

    assert [len(each) for each in slots] == [len(first), len(second)] == [4, 2]
    assert first.acquire(LIMIT) is None
    assert first.acquire({"someone else": 1})


def test_limit_holds_for_simultaneous_requests_to_all_processes(processes):
    with ThreadPoolExecutor(20) as pool:
        slots = list(pool.map(lambda number: processes[number % 2].acquire(LIMIT), range(60)))

    assert Counter(slot is not None for slot in slots) == {True: 6, False: 54}


def test_released_slot_is_free_immediately_in_its_process_and_soon_in_others(processes):
    first, second = processes
    slots = acquire_all(second)
    slots.pop().release()
    slots.append(second.acquire(LIMIT))
    assert len(slots) == 6
    assert first.acquire(LIMIT) is None

    slots.clear()

    assert eventually(lambda: first.acquire(LIMIT), 5)


def test_rejected_slot_uses_up_no_limit(processes):
    first, second = processes
    slots = acquire_all(first)
    assert second.acquire(LIMIT | {"address": 1}) is None

    assert len(second) == 0
    assert first.acquire({"address": 1})
    assert len(slots) == 6


def test_slots_of_a_killed_process_are_free_once_they_expire(processes, valkey):
    first, second = processes
    slots = acquire_all(second)
    assert 0 < valkey.zscore(get_key(second), valkey.zrange(get_key(second), 0, 0)[0]) / 1000 - time.time() <= 31

    expire_slots(valkey, second)

    assert len(acquire_all(first)) == len(slots)


def test_open_slots_are_renewed_and_others_are_forgotten(processes, valkey):
    first, second = processes
    slots = acquire_all(first)
    expire_slots(valkey, first)
    assert eventually(lambda: valkey.zcount(get_key(first), 2, "+inf") == 6, 5)
    assert second.acquire(LIMIT) is None

    slots.clear()

    assert eventually(lambda: first._updater is None, 5)
    assert not valkey.exists(get_key(first))


def test_slots_are_stored_again_after_redis_has_lost_them(processes, valkey):
    first, second = processes
    slots = acquire_all(first)

    valkey.delete(get_key(first))

    assert eventually(lambda: valkey.zcard(get_key(first)) == 6, 5)
    assert second.acquire(LIMIT) is None
    assert len(slots) == 6


def test_each_process_counts_its_own_slots_while_redis_is_down(processes, settings, tmp_path, caplog):
    address = settings.REDIS_URL
    get_redis_client.cache_clear()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    slots = [acquire_all(process) for process in processes]
    assert [len(each) for each in slots] == [6, 6]
    assert caplog.text.count("Redis is down") == 1
    settings.REDIS_URL = address
    get_redis_client.cache_clear()
    redis_circuit.retry_at = 0.0

    slots[1].clear()
    third = SharedSlots(processes[0]._kind)
    assert eventually(lambda: third.acquire(LIMIT) is None, 10)
    assert len(slots[0]) == 6


def test_slot_that_is_taken_again_counts_once_and_is_renewed(valkey):
    limit = f"test {uuid4()}"

    assert [take_slot(name, {limit: 2}, 60) for name in "aab"] == [None] * 3
    assert take_slot("c", {"other": 5, limit: 2}, 60) == limit
    assert not valkey.zscore(build_key("other"), "c")
    take_slot("a", {limit: 2}, 600)
    assert valkey.zscore(build_key(limit), "a") / 1000 - time.time() > 500
    assert valkey.ttl(build_key(limit)) > 50


def test_no_limits_are_never_reached():
    assert shared_slots.take_slot("a", {}, 60) is None
