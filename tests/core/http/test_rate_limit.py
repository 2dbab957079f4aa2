"""Buckets allow exactly their number per hour, even with concurrent requests, and with or without Redis."""

import time
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import rate_limit
from core.http.rate_limit import HOUR_US, Bucket, charge_buckets
from core.storage import redis_clients
from core.storage.redis_clients import redis_circuit
from tests.races import at_once

pytestmark = pytest.mark.usefixtures("valkey")


def bucket(per_hour, key=""):
    return Bucket(key or f"test:{uuid4()}", per_hour)


def charge_often(limit, times):
    return [charge_buckets([limit]) == 0 for _ in range(times)]


@pytest.fixture
def nobody(settings, monkeypatch):
    """Redis does not answer, and the local counts are empty."""
    monkeypatch.setattr(rate_limit, "_local_buckets", rate_limit._LocalBuckets())
    redis_clients.get_redis_client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    yield
    redis_clients.get_redis_client.cache_clear()


@pytest.mark.parametrize("most", [1, 2, 7, 13, 60])
def test_take_lets_so_many_through_and_not_one_more(most):
    assert charge_often(bucket(most), most + 3) == [True] * most + [False] * 3


@pytest.mark.parametrize("per_hour", [61, 300])
def test_bucket_holds_sixty_at_most(per_hour):
    """With a burst of a full hour's quota, the first hour would allow twice the quota."""
    assert charge_often(bucket(per_hour), 70) == [True] * 60 + [False] * 10


@pytest.mark.parametrize("away", [False, True])
def test_take_of_several_is_of_all_or_none(request, away):
    if away:
        request.getfixturevalue("nobody")
    limit = bucket(40 if away else 10)

    assert [charge_buckets([limit], 4) == 0 for _ in range(4)] == [True, True, False, False]
    assert charge_often(limit, 3) == [True, True, False]


def test_take_of_more_than_a_bucket_holds_takes_a_full_one():
    limit = bucket(3)

    assert [charge_buckets([limit], 100) == 0 for _ in range(2)] == [True, False]
    charge_buckets([limit], -100)
    assert charge_often(limit, 4) == [True, True, True, False]


@pytest.mark.parametrize("away", [False, True])
def test_overdrawn_bucket_is_refused_until_it_is_refilled(request, away):
    if away:
        request.getfixturevalue("nobody")
    limit = bucket(12)
    assert charge_buckets([limit], 0) == 0

    for _ in range(2):
        charge_buckets([limit], 12, overdraw=True)

    assert 3590 < charge_buckets([limit], 0) <= 3600
    charge_buckets([limit], -12)
    assert charge_buckets([limit], 0) == 0
    assert charge_buckets([limit]) > 0


def test_take_says_how_long_until_one_more_is_there():
    limit = bucket(60)
    charge_often(limit, 60)

    assert 58 < charge_buckets([limit]) <= 60


@pytest.mark.parametrize("minutes", [1, 5, 59])
def test_bucket_fills_evenly(valkey, minutes):
    limit = bucket(60)
    charge_often(limit, 60)

    valkey.decrby(f"limit:{limit.key}", minutes * 60_000_000)  # simulates elapsed time

    assert charge_often(limit, minutes + 1) == [True] * minutes + [False]


@pytest.mark.parametrize("minutes", [4, 20, 56])
def test_bucket_of_this_process_fills_evenly_too(nobody, minutes):
    limit = bucket(60)
    charge_often(limit, 60)

    rate_limit._local_buckets.full_at[limit.key] -= minutes * 60_000_000

    assert charge_often(limit, 60).count(True) == minutes / 4


def test_take_waits_for_the_slowest():
    quick, slow = bucket(3600), bucket(1)
    charge_buckets([slow])

    assert charge_buckets([quick, slow]) > 3500


@pytest.mark.parametrize("away", [False, True])
def test_give_back_makes_room_for_one(request, away):
    if away:
        request.getfixturevalue("nobody")
    limit = bucket(12)
    most = 3 if away else 12
    charge_often(limit, most)

    charge_buckets([limit], -1)

    assert charge_often(limit, 2) == [True, False]


def test_give_back_never_makes_more_room_than_there_was(valkey):
    limit = bucket(3)

    for _ in range(5):
        charge_buckets([limit], -1)

    assert not valkey.exists(f"limit:{limit.key}")
    assert charge_often(limit, 4) == [True, True, True, False]


def test_bucket_that_is_full_again_is_forgotten(valkey):
    limit = bucket(10)
    charge_often(limit, 10)

    assert 3590 < valkey.ttl(f"limit:{limit.key}") <= 3600


@given(st.integers(1, 10**10))
def test_whole_bucket_fits_into_an_hour(most):
    assert most * bucket(most, "any").refill_us <= HOUR_US


def test_sixty_at_once_at_limit_twenty_are_twenty():
    for _ in range(5):
        limit = bucket(20)

        assert at_once(60, lambda number, limit=limit: charge_buckets([limit])).count(0) == 20


def test_clock_of_this_machine_does_not_matter(monkeypatch):
    limit = bucket(5)
    charge_often(limit, 5)

    monkeypatch.setattr(time, "time", lambda: 1e10)

    assert charge_buckets([limit]) > 0


@pytest.mark.parametrize(("most", "here"), [(1, 1), (3, 1), (8, 2), (60, 15)])
def test_without_redis_a_quarter_passes_in_this_process(nobody, caplog, most, here):
    assert charge_often(bucket(most), most + 2).count(True) == here
    assert caplog.text.count("Redis is down") == 1


def test_redis_that_goes_away_lets_at_most_twice_as_many_through(settings, monkeypatch):
    limit, there = bucket(20), settings.REDIS_URL
    monkeypatch.setattr(rate_limit, "_local_buckets", rate_limit._LocalBuckets())
    before = charge_often(limit, 30).count(True)
    redis_clients.get_redis_client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    during = at_once(60, lambda number: charge_buckets([limit])).count(0)

    settings.REDIS_URL = there
    redis_clients.get_redis_client.cache_clear()
    redis_circuit.retry_at = 0
    assert (before, during, charge_often(limit, 5).count(True)) == (20, 5, 0)


def test_redis_is_not_asked_by_every_request_while_it_is_away(nobody, settings, caplog):
    charge_often(bucket(100), 20)

    assert caplog.text.count("Redis is down") == 1
    redis_circuit.retry_at = 0
    charge_often(bucket(100), 20)
    assert caplog.text.count("Redis is down") == 1  # the same outage


def test_memory_of_this_process_holds_only_buckets_in_use(nobody, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_LOCAL_BUCKETS", 10)
    quick = [bucket(10**9) for _ in range(50)]

    for limit in quick:
        charge_buckets([limit])

    assert len(rate_limit._local_buckets.full_at) <= 12


@pytest.mark.parametrize(("wait", "whole"), [(0.001, 1), (1, 1), (1.2, 2), (59.999, 60)])
def test_whole_seconds_are_never_too_few(wait, whole):
    assert rate_limit.round_up_seconds(wait) == whole
