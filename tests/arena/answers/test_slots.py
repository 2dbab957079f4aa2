"""Slots of endpoints: how many there are, who may take one, and who has one."""

import time
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from arena.answers import slots
from arena.answers.slots import EndpointSlots, SlotRequest
from arena.models import Endpoint, Slot
from tests import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db


def request(endpoint, *, shared=False, since=0.0):
    return SlotRequest(endpoint.pk, uuid4(), shared, since)


def take(endpoint, number=1, **fields):
    """Take so many slots, one statement each. Return the holders of those that were taken."""
    requests = [request(endpoint, **fields) for _ in range(number)]
    return [each.holder for each in requests if slots.take_slots([each]) == [True]]


def held(endpoint):
    return set(Slot.objects.filter(endpoint=endpoint, until__gt=Now()).values_list("holder", flat=True))


def numbers(endpoint):
    return sorted(Slot.objects.filter(endpoint=endpoint).values_list("number", flat=True))


def wait(seconds):
    """Let time pass, as the leases see it."""
    Slot.objects.update(until=F("until") - timedelta(seconds=seconds))


@pytest.mark.parametrize(("limits", "count"), [((None,), 0), ((3,), 3), ((3, 5), 5), ((5, 3), 3), ((3, None), 0)])
def test_endpoint_has_as_many_slots_as_its_limit(limits, count):
    endpoint = factories.endpoint(max_concurrency=limits[0])
    for limit in limits[1:]:
        Endpoint.objects.update(max_concurrency=limit)

    assert numbers(endpoint) == list(range(1, count + 1))


def test_limit_beyond_all_workers_makes_no_million_rows():
    endpoint = factories.endpoint(max_concurrency=1_000_000)
    assert len(numbers(endpoint)) == 10_000
    assert len(take(endpoint, 3, shared=True)) == 3


def test_slot_is_taken_once_until_it_is_freed_or_its_lease_ends():
    endpoint = factories.endpoint(max_concurrency=2)
    first, second = take(endpoint, 5)
    assert held(endpoint) == {first, second}

    slots.free_slots([first])
    [third] = take(endpoint, 5)
    slots.renew_slots([[second], []])
    wait(slots.LEASE_S - 1)
    slots.renew_slots([[second]])
    wait(2)

    assert held(endpoint) == {second}
    assert len(take(endpoint, 5)) == 1
    slots.free_slots([third])  # by a worker that wakes up too late
    slots.renew_slots([[third]])
    assert len(held(endpoint)) == 2


def test_endpoints_do_not_share_slots_and_one_without_a_limit_needs_none():
    one, two, unlimited = (factories.endpoint(max_concurrency=limit) for limit in (1, 2, None))
    requests = [request(endpoint) for endpoint in (two, one, unlimited) * 3]

    answers = slots.take_slots(requests)

    taken = Counter(each.endpoint_id for each, taken in zip(requests, answers, strict=True) if taken)
    assert taken == {one.pk: 1, two.pk: 2, unlimited.pk: 3}
    Endpoint.objects.update(max_concurrency=None)
    assert slots.take_slots([request(one)]) == [True]


def test_calls_that_have_waited_longest_come_first_and_shared_ones_last():
    endpoint = factories.endpoint(max_concurrency=4)
    waiting = [request(endpoint, shared=shared, since=since) for shared in (True, False) for since in (5.0, 3.0, 4.0)]

    # No shared call has begun for a minute.
    assert slots.take_slots(waiting) == [False, True, False, True, True, True]


@pytest.mark.parametrize(
    ("limit", "others", "shared"),
    [
        (1, 0, 1),
        (2, 0, 1),
        (3, 0, 2),
        (4, 0, 2),
        (8, 0, 4),
        (16, 0, 8),
        (16, 4, 8),
        (16, 9, 3),
        (16, 11, 1),
        (16, 12, 0),
    ],
)
def test_shared_calls_leave_a_quarter_free_and_take_at_most_half(limit, others, shared):
    calls = EndpointSlots(limit, list(range(limit - others)), 0, is_shared_call_due=False)

    taken = [calls.take(shared=True) for _ in range(limit)]

    assert len(taken) - taken.count(None) == shared
    assert [calls.take(shared=False) for _ in range(limit)].count(None) == others + shared


def test_shared_call_that_no_other_preceded_for_a_minute_takes_the_last_slot():
    endpoint = factories.endpoint(max_concurrency=4)
    [other] = take(endpoint)
    take(endpoint, 2)
    assert len(take(endpoint, 2, shared=True)) == 1
    slots.free_slots([other])
    assert not take(endpoint, shared=True)

    Slot.objects.update(shared_at=F("shared_at") - timedelta(seconds=slots.SHARED_PAUSE_S + 1))

    assert len(take(endpoint, 2, shared=True)) == 1


@pytest.mark.parametrize("freed", ["low", "high"])
def test_limit_that_shrinks_lets_no_call_begin_before_there_is_room(freed):
    endpoint = factories.endpoint(max_concurrency=6)
    take(endpoint, 6)
    Endpoint.objects.update(max_concurrency=3)
    assert len(held(endpoint)) == 6
    order = "number" if freed == "low" else "-number"
    holders = list(Slot.objects.order_by(order).values_list("holder", flat=True))

    for left in (5, 4, 3):
        slots.free_slots([holders.pop(0)])
        assert (len(held(endpoint)), take(endpoint, 3)) == (left, [])
    slots.free_slots([holders.pop(0)])

    assert len(take(endpoint, 3)) == 1
    slots.free_slots(holders)
    assert numbers(endpoint) == [1, 2, 3]


def test_limit_that_grows_gives_room_at_once():
    endpoint = factories.endpoint(max_concurrency=1)
    assert len(take(endpoint, 3)) == 1

    Endpoint.objects.update(max_concurrency=3)

    assert len(take(endpoint, 3)) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shrinks", [False, True])
def test_workers_never_exceed_the_limit_together(shrinks):
    endpoint = factories.endpoint(max_concurrency=8)
    if shrinks:
        take(endpoint, 8)
        Endpoint.objects.update(max_concurrency=4)
    most = []

    def work(_):
        for _ in range(30):
            with transaction.atomic():
                taken = slots.take_slots(requests := [request(endpoint) for _ in range(3)])
            most.append(len(held(endpoint)))
            with transaction.atomic():
                mine = [each.holder for each, is_taken in zip(requests, taken, strict=True) if is_taken]
                slots.free_slots(mine or list(held(endpoint))[:1])

    assert at_once(4, work) == [None] * 4
    assert max(most) <= 8
    assert max(most[-30:]) <= (4 if shrinks else 8)


@pytest.mark.django_db(transaction=True)
def test_shared_calls_of_workers_at_the_same_moment_take_at_most_half():
    endpoint = factories.endpoint(max_concurrency=16)

    def work(_):
        with transaction.atomic():
            taken = slots.take_slots([request(endpoint, shared=True) for _ in range(8)])
            time.sleep(0.1)
        return taken.count(True)

    assert sum(at_once(4, work)) == 8


@pytest.mark.django_db(transaction=True)
def test_slot_that_another_worker_is_taking_is_not_waited_for():
    endpoint = factories.endpoint(max_concurrency=1)

    def work(number):
        time.sleep(0.2 * number)
        begin = time.monotonic()
        with transaction.atomic():
            taken = slots.take_slots([request(endpoint)])
            time.sleep(0.6 * (1 - number))
        return taken, time.monotonic() - begin < 0.3

    assert at_once(2, work) == [([True], False), ([False], True)]


def test_taking_slots_costs_two_statements_whatever_their_number(django_assert_num_queries):
    endpoints = [factories.endpoint(max_concurrency=9) for _ in range(3)]

    with django_assert_num_queries(2):
        slots.take_slots([request(endpoint) for endpoint in endpoints for _ in range(9)])
    with django_assert_num_queries(1):
        slots.take_slots([request(endpoint) for endpoint in endpoints])
