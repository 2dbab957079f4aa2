"""Streams that are open: so many of each who is charged for one, and given up when nobody holds them."""

import pytest

from core.http import sse
from core.http.errors import RequestError

LIMITS = {"voter": 2, "address": 3, "network": 4}


def named(number):
    """The limits of another voter, or with 10 and more at another address of the network."""
    return {f"voter {number}": 2, f"address {number // 10}": 3, "network": 4}


@pytest.mark.parametrize(("whose", "admitted"), [([0] * 9, 2), (range(9), 3), (range(0, 90, 10), 4)])
def test_take_admits_what_voter_address_and_network_have_room_for(whose, admitted):
    taken, held = {}, []

    with pytest.raises(RequestError) as refused:
        held.extend(sse.acquire_slot(taken, named(number)) for number in whose)

    assert (len(held), len(taken)) == (admitted, admitted)
    assert (refused.value.code, refused.value.status) == ("too_many_streams", 429)


def test_place_is_free_when_it_is_given_up_or_forgotten():
    taken = {}
    held = [sse.acquire_slot(taken, LIMITS) for _ in range(2)]

    held.pop().give_up()
    held.append(sse.acquire_slot(taken, LIMITS))
    held.clear()

    assert taken == {}


def test_zero_is_no_limit():
    taken = {}

    assert len({id(each) for each in [sse.acquire_slot(taken, {"voter": 0}) for _ in range(50)]}) == 50
