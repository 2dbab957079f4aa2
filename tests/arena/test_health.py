"""How endpoints do: the breaker, and what is summed up by day."""

from datetime import UTC, date, datetime, timedelta, timezone
from statistics import quantiles

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone as clock

from arena import health
from arena.health import OPEN_S, OPENS_AFTER, Called
from arena.models import Call, Endpoint, EndpointDay
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def call(endpoint, failure="", first_token_s=None, tokens_per_s=None, at=NOON):
    Call.objects.create(
        endpoint=endpoint, failure=failure, first_token_s=first_token_s, tokens_per_s=tokens_per_s, created_at=at
    )


def summed_up(endpoint):
    """The counts and the figures of its one day."""
    day = EndpointDay.objects.get(endpoint=endpoint)
    figures = day.first_token_p50, day.first_token_p95, day.tokens_per_s_p50, day.tokens_per_s_p95
    return (day.day, day.answers, day.failures), figures


def open_for(endpoint):
    """Seconds for which it is out of the draw; None if it is in."""
    left = Endpoint.objects.filter(pk=endpoint.pk).values_list(F("closed_until") - Now(), flat=True).get()
    return left and left.total_seconds()


def test_record_opens_the_breaker_after_failures_in_a_row():
    endpoint = factories.endpoint()

    health.record([Called(endpoint.pk, "timeout")] * (OPENS_AFTER - 1))
    assert open_for(endpoint) is None
    health.record([Called(endpoint.pk, "unavailable")])

    assert open_for(endpoint) == pytest.approx(OPEN_S, abs=2)


@pytest.mark.parametrize("harmless", ["refused", "too_long"])
def test_record_takes_a_refusal_for_no_fault_of_the_endpoint(harmless):
    endpoint = factories.endpoint(failures=OPENS_AFTER - 1)

    health.record([Called(endpoint.pk, harmless)])

    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.closed_until) == (OPENS_AFTER - 1, None)


def test_record_of_an_answer_closes_the_breaker():
    endpoint = factories.endpoint(failures=7, closed_until=clock.now() + timedelta(seconds=9))

    health.record([Called(endpoint.pk, first_token_s=0.5, tokens_per_s=40.0)])

    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.closed_until) == (0, None)
    assert Call.objects.values_list("failure", "first_token_s", "tokens_per_s").get() == ("", 0.5, 40.0)


def test_roll_up_sums_up_each_endpoint_by_its_own_calls():
    busy, failing, idle = (factories.endpoint() for _ in range(3))
    first, speed = [0.3, 0.1, 2.0, 0.7, 0.2], [50.0, 20.0, 35.0, 41.0, 10.0]
    for each in zip(first, speed, strict=True):
        call(busy, "", *each)
    for failure in ("timeout", "timeout", "refused"):
        call(busy, failure)
    call(failing, "unavailable")

    assert health.roll_up(DAY) == 2

    counts, figures = summed_up(busy)
    cuts = [quantiles(values, n=20, method="inclusive") for values in (first, speed)]
    assert counts == (DAY, 5, {"timeout": 2, "refused": 1})
    assert figures == pytest.approx([cuts[0][9], cuts[0][18], cuts[1][9], cuts[1][18]])
    assert summed_up(failing) == ((DAY, 0, {"unavailable": 1}), (None, None, None, None))
    assert not idle.days.exists()


def test_roll_up_of_one_known_value_gives_that_one():
    endpoint = factories.endpoint()
    call(endpoint, "", 0.25, None)

    health.roll_up(DAY)

    assert summed_up(endpoint)[1] == (0.25, 0.25, None, None)


def test_roll_up_takes_the_day_from_midnight_to_midnight():
    endpoint = factories.endpoint()
    midnight = datetime(2026, 5, 4, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    for at in (midnight - instant, midnight, midnight + timedelta(days=1) - instant, midnight + timedelta(days=1)):
        call(endpoint, at=at)

    health.roll_up(DAY)

    assert summed_up(endpoint)[0] == (DAY, 2, {})


def test_roll_up_again_takes_in_what_came_since(django_assert_num_queries):
    endpoint = factories.endpoint()
    call(endpoint, at=clock.now())
    today = clock.now().astimezone(UTC).date()
    health.roll_up(today)

    call(endpoint, "timeout", at=clock.now())
    for _ in range(30):
        call(factories.endpoint(), at=clock.now())
    with django_assert_num_queries(2):
        health.roll_up(today)

    assert summed_up(endpoint)[0] == (today, 1, {"timeout": 1})


def test_roll_up_forgets_old_calls_and_keeps_their_sums():
    endpoint = factories.endpoint()
    call(endpoint, at=NOON)
    call(endpoint, at=clock.now())

    health.roll_up(DAY)

    assert Call.objects.count() == 1
    assert summed_up(endpoint)[0] == (DAY, 1, {})


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 5, 4, 0, 0, tzinfo=UTC), [date(2026, 5, 3), DAY]),
        (datetime(2026, 5, 4, 0, 59, 59, tzinfo=UTC), [date(2026, 5, 3), DAY]),
        (datetime(2026, 5, 4, 1, 0, tzinfo=UTC), [DAY]),
        (datetime(2026, 5, 4, 23, 59, tzinfo=UTC), [DAY]),
        (datetime(2026, 5, 5, 1, 30, tzinfo=timezone(timedelta(hours=2))), [DAY]),
    ],
)
def test_due_is_yesterday_only_in_the_first_hour_of_a_day(now, days):
    assert health.due(now) == days
