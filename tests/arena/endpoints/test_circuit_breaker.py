"""The circuit breaker: probes decide which endpoints are in the draw."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from arena.endpoints import circuit_breaker
from arena.endpoints.circuit_breaker import (
    MAX_RETRY_DELAY_AFTER_FAILURE_S,
    MAX_RETRY_DELAY_S,
    PROBE_INTERVAL_S,
)
from arena.endpoints.probe import ProbeResult
from arena.models import Contestant, Endpoint
from tests import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db
GOOD, BAD = ProbeResult(first_token_s=0.5), ProbeResult("unavailable")


def create_wanted(**fields):
    return factories.endpoint(probe_wanted=True, **fields)


def claim():
    (probes,) = circuit_breaker.claim_probes([None])
    return [contestant.endpoint for contestant in probes]


def settle(endpoint, result):
    """Claim the probe of the endpoint, and record its result."""
    Endpoint.objects.filter(pk=endpoint.pk).update(probe_wanted=True, probe_after=Now() - timedelta(seconds=1))
    (probe,) = claim()
    circuit_breaker.record_probes([(probe, result)])
    endpoint.refresh_from_db()


def measure_wait(endpoint):
    """Seconds until the endpoint may be probed again."""
    return (
        Endpoint.objects.filter(pk=endpoint.pk).values_list(F("probe_after") - Now(), flat=True).get().total_seconds()
    )


def is_in_draw(endpoint):
    return Contestant.objects.filter(circuit_breaker.IN_DRAW, endpoint=endpoint).exists()


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, False),
        ({"probe_wanted": True}, True),
        ({"failed_probes": 1}, True),
        ({"failed_probes": 5}, True),
        ({"probe_wanted": True, "enabled": False}, False),
        ({"failed_probes": 2, "enabled": False}, False),
        ({"probe_wanted": True, "probe_after": Now() + timedelta(seconds=9)}, False),
    ],
)
def test_claim_takes_what_was_asked_for_and_what_has_failed_its_last_probe(fields, due):
    endpoint = factories.endpoint(**fields)

    assert claim() == ([endpoint] if due else [])


def test_claim_gives_a_probe_to_the_first_of_those_who_ask_together():
    create_wanted()
    assert [len(probes) for probes in circuit_breaker.claim_probes([None, None])] == [1, 0]
    assert claim() == []


@pytest.mark.django_db(transaction=True)
def test_claims_at_once_send_one_probe():
    for _ in range(5):
        create_wanted()

    claims = at_once(6, lambda _: [endpoint.pk for endpoint in claim()])

    assert sorted(key for keys in claims for key in keys) == sorted(Endpoint.objects.values_list("pk", flat=True))


def test_claim_that_nothing_comes_of_is_made_again():
    endpoint = create_wanted(first_token_timeout_s=70)
    assert claim()
    assert (
        circuit_breaker.PROBE_SLOT_TIMEOUT_S + 70 < measure_wait(endpoint) < circuit_breaker.PROBE_SLOT_TIMEOUT_S + 200
    )

    Endpoint.objects.update(probe_wanted=True, probe_after=Now() - timedelta(seconds=1))

    assert claim()


@pytest.mark.parametrize("failure", ["unavailable", "timeout", "rejected", "too_long"])
def test_two_failed_probes_in_a_row_take_an_endpoint_out(failure):
    endpoint = factories.endpoint()

    settle(endpoint, ProbeResult(failure))
    assert is_in_draw(endpoint)
    settle(endpoint, ProbeResult(failure))

    assert not is_in_draw(endpoint)
    assert measure_wait(endpoint) == pytest.approx(PROBE_INTERVAL_S, abs=2)


def test_a_good_probe_between_two_failed_ones_keeps_it_in():
    endpoint = factories.endpoint()
    for outcome in (BAD, GOOD, BAD):
        settle(endpoint, outcome)
    assert is_in_draw(endpoint)


@pytest.mark.parametrize("outcome", [GOOD, ProbeResult("empty"), ProbeResult("refused")])
def test_one_good_probe_brings_it_back(outcome):
    endpoint = factories.endpoint(failed_probes=7)

    settle(endpoint, outcome)

    assert is_in_draw(endpoint)
    assert (endpoint.failed_probes, endpoint.probe_wanted) == (0, False)


@pytest.mark.parametrize("failed", [0, 1, 2, 7])
def test_a_probe_that_found_no_place_is_neither_good_nor_bad(failed):
    endpoint = factories.endpoint(failed_probes=failed)

    settle(endpoint, None)

    assert (endpoint.failed_probes, endpoint.probe_wanted) == (failed, True)
    assert measure_wait(endpoint) == pytest.approx(PROBE_INTERVAL_S, abs=2)


@pytest.mark.parametrize(
    ("failed", "retry_after_s", "wait"),
    [
        (0, 0, PROBE_INTERVAL_S),
        (0, 100, 100),
        (0, 10**9, MAX_RETRY_DELAY_S),
        (1, 0, PROBE_INTERVAL_S),
        (1, 10**9, MAX_RETRY_DELAY_AFTER_FAILURE_S),
        (2, 100, 100),
        (7, 10**9, MAX_RETRY_DELAY_AFTER_FAILURE_S),
    ],
)
def test_a_rate_limit_brings_an_endpoint_back_and_leaves_it_to_the_next_probe(failed, retry_after_s, wait):
    """A dead endpoint has no rate limit. Visitors can cause one, and could keep a model out of the draw."""
    endpoint = factories.endpoint(failed_probes=failed)

    settle(endpoint, ProbeResult("unavailable", retry_after_s=retry_after_s))

    assert is_in_draw(endpoint)
    assert (endpoint.failed_probes, endpoint.probe_wanted) == (min(failed, 1), True)
    assert measure_wait(endpoint) == pytest.approx(wait, abs=2)
    settle(endpoint, BAD)
    assert is_in_draw(endpoint) is (failed == 0)


def test_settle_of_a_probe_that_was_claimed_anew_changes_nothing():
    endpoint = create_wanted()
    (late,) = claim()
    Endpoint.objects.update(probe_wanted=True, probe_after=Now() - timedelta(seconds=1))
    assert claim()

    circuit_breaker.record_probes([(late, BAD)])

    endpoint.refresh_from_db()
    assert endpoint.failed_probes == 0
    assert measure_wait(endpoint) > PROBE_INTERVAL_S


@pytest.mark.parametrize("failed", [0, 1, 2])
def test_asking_for_a_probe_changes_nothing_else(failed):
    endpoint, other = factories.endpoint(failed_probes=failed), factories.endpoint()
    before = measure_wait(endpoint)

    for _ in range(20):
        circuit_breaker.request_probes([endpoint.pk])

    endpoint.refresh_from_db()
    other.refresh_from_db()
    assert (endpoint.failed_probes, endpoint.probe_wanted, other.probe_wanted) == (failed, True, False)
    assert measure_wait(endpoint) <= before
