"""Slots for open streams: limits count them, and they are released when no longer referenced."""

from uuid import uuid4

import pytest

from core.http import sse
from core.http.errors import RequestError
from core.storage.shared_slots import SharedSlots

LIMITS = {"voter": 2, "address": 3, "network": 4}
pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
def open_slots():
    """The slots of a kind that no other test has."""
    return SharedSlots(f"test {uuid4()}")


def build_limits(number):
    """Return the limits of one voter. Ten voters share an address, and all addresses share a network."""
    return {f"voter {number}": 2, f"address {number // 10}": 3, "network": 4}


@pytest.mark.parametrize(("whose", "admitted"), [([0] * 9, 2), (range(9), 3), (range(0, 90, 10), 4)])
def test_take_admits_what_voter_address_and_network_have_room_for(open_slots, whose, admitted):
    slots = []

    with pytest.raises(RequestError) as rejection:
        slots.extend(sse.acquire_slot(open_slots, build_limits(number)) for number in whose)

    assert (len(slots), len(open_slots)) == (admitted, admitted)
    assert (rejection.value.code, rejection.value.status) == ("too_many_streams", 429)


def test_place_is_free_when_it_is_given_up_or_forgotten(open_slots):
    slots = [sse.acquire_slot(open_slots, LIMITS) for _ in range(2)]

    slots.pop().release()
    slots.append(sse.acquire_slot(open_slots, LIMITS))
    slots.clear()

    assert len(open_slots) == 0


def test_zero_is_no_limit(open_slots):
    assert len({id(slot) for slot in [sse.acquire_slot(open_slots, {"voter": 0}) for _ in range(50)]}) == 50
