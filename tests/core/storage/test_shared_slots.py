"""Slots are counted across processes. In these tests, each `SharedSlots` stands for one process."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from core.storage import shared_slots
from core.storage.shared_slots import SharedSlots
from tests.processes import eventually

LIMIT = {"voter": 6}


@pytest.fixture
def processes(valkey):
    """Two processes with slots of a kind that no other test has."""
    kind = f"test {uuid4()}"
    return [SharedSlots(kind, heartbeat_s) for heartbeat_s in (0.05, 60)]


def acquire_all(process, limits=LIMIT):
    """Return as many slots as the process gets."""
    return list(iter(lambda: process.acquire(limits), None))


def get_heartbeat(process):
    return shared_slots._build_heartbeat_key(process._process)


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
    slots = acquire_all(first)
    slots.pop().release()
    slots.append(first.acquire(LIMIT))
    assert len(slots) == 6
    assert second.acquire(LIMIT) is None

    slots.clear()

    assert eventually(lambda: second.acquire(LIMIT), 5)


def test_rejected_slot_uses_up_no_limit(processes):
    first, second = processes
    slots = acquire_all(first)
    assert second.acquire(LIMIT | {"address": 1}) is None

    assert len(second) == 0
    assert first.acquire({"address": 1})
    assert len(slots) == 6


def test_slots_of_a_killed_process_are_free_once_its_heartbeat_is_gone(processes, valkey):
    first, second = processes
    slots = acquire_all(second)
    assert 0 < valkey.ttl(get_heartbeat(second)) <= shared_slots.HEARTBEAT_TTL_S

    valkey.delete(get_heartbeat(second))

    assert len(acquire_all(first)) == len(slots)


def test_heartbeat_is_renewed_while_a_slot_is_open_and_no_longer(processes, valkey):
    slot = processes[0].acquire(LIMIT)
    for _ in range(2):
        valkey.expire(get_heartbeat(processes[0]), 1)
        assert eventually(lambda: valkey.ttl(get_heartbeat(processes[0])) > 1, 5)

    slot.release()

    assert eventually(lambda: processes[0]._updater is None, 5)


def test_slots_are_stored_again_after_redis_has_lost_them(processes, valkey):
    first, second = processes
    slots = acquire_all(first)

    valkey.delete(get_heartbeat(first), first._build_key("voter"))

    assert eventually(lambda: valkey.exists(first._build_key("voter")), 5)
    assert second.acquire(LIMIT) is None
    assert len(slots) == 6


def test_each_process_counts_its_own_slots_while_redis_is_down(processes, settings, tmp_path):
    address = settings.REDIS_URL
    shared_slots.get_redis_client.cache_clear()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    slots = [acquire_all(process) for process in processes]
    assert [len(each) for each in slots] == [6, 6]
    settings.REDIS_URL = address
    shared_slots.get_redis_client.cache_clear()

    slots[1].clear()
    third = SharedSlots(processes[0]._kind)
    assert eventually(lambda: third.acquire(LIMIT) is None, 10)
    assert len(slots[0]) == 6
