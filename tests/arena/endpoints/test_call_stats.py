"""Statistics of endpoints: records of calls, and their sums by day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from statistics import quantiles
from uuid import uuid4

import pytest
from django.utils import timezone as clock

from arena.endpoints import call_stats
from arena.endpoints.call_stats import CallRecord
from arena.models import Battle, Contestant, Endpoint, EndpointCall, EndpointDay
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def call(endpoint, failure="", first_token_s=None, tokens_per_s=None, at=NOON, battle=None):
    EndpointCall.objects.create(
        endpoint=endpoint, failure=failure, first_token_s=first_token_s, tokens_per_s=tokens_per_s, created_at=at,
        battle=battle,
    )  # fmt: skip


def load_sums(endpoint):
    """The counts and the figures of the endpoint.s only day."""
    day = EndpointDay.objects.get(endpoint=endpoint)
    figures = day.first_token_p50, day.first_token_p95, day.tokens_per_s_p50, day.tokens_per_s_p95
    return (day.day, day.answers, day.failures), figures


@pytest.mark.parametrize(
    ("failure", "first_token_s", "asks"),
    [
        ("", 0.5, False),
        ("timeout", None, True),
        ("unavailable", None, True),
        ("empty", None, True),
        ("stopped", None, True),
        ("timeout", 0.5, False),
    ],
)
def test_record_of_a_failure_before_the_first_token_asks_for_a_probe_and_does_no_more(failure, first_token_s, asks):
    endpoint, other = factories.endpoint(failed_probes=2), factories.endpoint()
    battle = uuid4()

    calls = [CallRecord(endpoint.pk, str(battle), 7, failure, first_token_s=first_token_s)] * 9
    assert call_stats.record_calls(calls) == [None] * 9

    endpoint.refresh_from_db()
    other.refresh_from_db()
    assert (endpoint.probe_wanted, endpoint.failed_probes, other.probe_wanted) == (asks, 2, False)
    stored = EndpointCall.objects.values_list("endpoint", "battle", "failure", "first_token_s").distinct().get()
    assert stored == (endpoint.pk, battle, failure, first_token_s)


def count_public(endpoint, voters, failure="", each=1, **fields):
    """The public counts after calls in blind battles of the live pool, unless the fields say otherwise."""
    for _ in range(voters):
        voter = factories.voter()
        for _ in range(each):
            battle = factories.battle(voter=voter, **fields)
            call(endpoint, failure, battle=battle.pk, at=clock.now())
    call_stats.roll_up_day(clock.now().astimezone(UTC).date())
    day = EndpointDay.objects.get(endpoint=endpoint)
    return day.public_answers, day.public_failures


@pytest.mark.parametrize("failure", ["empty", "rejected", "refused", "too_long", "stopped"])
def test_what_a_question_or_its_voter_has_caused_is_in_no_public_failure_rate(failure):
    endpoint = factories.endpoint()
    assert count_public(endpoint, 2, failure, each=5) == (0, 0)
    assert EndpointDay.objects.get().failures == {failure: 10}


@pytest.mark.parametrize("fields", [{"mode": "side_by_side"}, {"pool": "api"}, {"among": [1, 2]}])
def test_what_happens_in_battles_of_named_models_and_of_keys_is_in_no_public_failure_rate(fields):
    assert count_public(factories.endpoint(), 2, "timeout", **fields) == (0, 0)


def test_of_one_voter_three_failures_a_day_are_public():
    endpoint = factories.endpoint()
    assert count_public(endpoint, 1, "timeout", each=2) == (0, 2)
    assert count_public(endpoint, 1, "unavailable", each=9) == (0, 5)
    assert count_public(endpoint, 4, "timeout", each=4) == (0, 17)
    assert count_public(endpoint, 2, "", each=5) == (10, 17)
    assert count_public(factories.endpoint(), 1, "timeout", each=9) == (0, 3)


@pytest.mark.parametrize(
    ("networks", "limit", "counted"),
    [
        (["x"] * 20, 300, 12),
        (["x"] * 3 + ["y"] * 20, 300, 3 + 12),
        ([""] * 20, 300, 20),
        (["x"] * 20, 0, 20),
    ],
    ids=["one network", "two networks", "unknown networks", "addresses without limits"],
)
def test_a_network_counts_at_most_twelve_failures_a_day_however_many_cookies_it_has(settings, networks, limit, counted):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=limit)
    endpoint = factories.endpoint()
    for network in networks:
        battle = factories.battle(voter=factories.voter(), network=network)
        call(endpoint, "timeout", battle=battle.pk, at=clock.now())
    call_stats.roll_up_day(clock.now().astimezone(UTC).date())

    assert EndpointDay.objects.get(endpoint=endpoint).public_failures == counted


def test_a_voter_counts_at_most_three_failures_a_day_from_however_many_networks():
    endpoint, voter = factories.endpoint(), factories.voter()
    for network in "abcdef":
        battle = factories.battle(voter=voter, network=network)
        call(endpoint, "timeout", battle=battle.pk, at=clock.now())
    call_stats.roll_up_day(clock.now().astimezone(UTC).date())

    assert EndpointDay.objects.get(endpoint=endpoint).public_failures == 3


def test_a_battle_that_is_deleted_leaves_the_public_figures():
    endpoint = factories.endpoint()
    assert count_public(endpoint, 1, "timeout") == (0, 1)
    Battle.objects.all().delete()
    assert count_public(endpoint, 1, "") == (1, 0)


def create_battles(endpoint, voters, failed, answered, failure="empty"):
    """Battles of the last hour, spread over the voters, of which this many failed."""
    people = [factories.voter() for _ in range(voters)]
    for number in range(failed + answered):
        battle = factories.battle(voter=people[number % voters])
        for _ in range(2):  # The second call repeats the first after a failure.
            call(endpoint, failure if number < failed else "", battle=battle.pk, at=clock.now())


@pytest.mark.parametrize(
    ("voters", "failed", "answered", "told"),
    [(10, 11, 9, True), (10, 10, 10, False), (10, 11, 8, False), (9, 20, 0, False), (12, 30, 2, True)],
)
def test_operators_are_told_of_a_model_that_fails_for_many_while_its_probes_pass(voters, failed, answered, told):
    endpoint = factories.endpoint()
    factories.endpoint(fails_in_battles=True)  # an alarm that goes
    create_battles(endpoint, voters, failed, answered)

    call_stats.roll_up_day(DAY)

    alarming = Contestant.objects.filter(call_stats.FAILS_IN_BATTLES)
    assert [contestant.endpoint for contestant in alarming] == ([endpoint] if told else [])
    Endpoint.objects.update(failed_probes=1)
    assert not alarming.all()


@pytest.mark.parametrize(
    ("failure", "when"), [("stopped", timedelta()), ("timeout", timedelta(hours=25))], ids=["stopped", "long ago"]
)
def test_operators_are_not_told_of_what_voters_stop_nor_of_what_is_over(failure, when):
    endpoint = factories.endpoint()
    create_battles(endpoint, 10, 40, 0, failure=failure)
    EndpointCall.objects.update(created_at=clock.now() - when)

    call_stats.roll_up_day(DAY)

    assert not Contestant.objects.filter(call_stats.FAILS_IN_BATTLES).exists()


def test_roll_up_sums_up_each_endpoint_by_its_own_calls():
    busy, failing, idle = (factories.endpoint() for _ in range(3))
    first, speed = [0.3, 0.1, 2.0, 0.7, 0.2], [50.0, 20.0, 35.0, 41.0, 10.0]
    for figures in zip(first, speed, strict=True):
        call(busy, "", *figures)
    for failure in ("timeout", "timeout", "refused"):
        call(busy, failure, 9.0)
    call(failing, "unavailable")
    call(single := factories.endpoint(), "", 0.25, None)

    assert call_stats.roll_up_day(DAY) == 3
    assert load_sums(single)[1] == (0.25, 0.25, None, None)

    counts, figures = load_sums(busy)
    cuts = [quantiles(values, n=20, method="inclusive") for values in (first, speed)]
    assert counts == (DAY, 5, {"timeout": 2, "refused": 1})
    assert figures == pytest.approx([cuts[0][9], cuts[0][18], cuts[1][9], cuts[1][18]])
    assert load_sums(failing) == ((DAY, 0, {"unavailable": 1}), (None, None, None, None))
    assert not idle.days.exists()


def test_roll_up_takes_the_day_from_midnight_to_midnight():
    endpoint = factories.endpoint()
    midnight = datetime(2026, 5, 4, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    for at in (midnight - instant, midnight, midnight + timedelta(days=1) - instant, midnight + timedelta(days=1)):
        call(endpoint, at=at)

    call_stats.roll_up_day(DAY)

    assert load_sums(endpoint)[0] == (DAY, 2, {})


def test_roll_up_again_takes_in_what_came_since(django_assert_num_queries):
    endpoint = factories.endpoint()
    call(endpoint, at=clock.now())
    today = clock.now().astimezone(UTC).date()
    call_stats.roll_up_day(today)

    call(endpoint, "timeout", at=clock.now())
    for _ in range(30):
        call(factories.endpoint(), at=clock.now())
    with django_assert_num_queries(4):
        call_stats.roll_up_day(today)

    assert load_sums(endpoint)[0] == (today, 1, {"timeout": 1})


def test_roll_up_forgets_old_calls_and_keeps_their_sums():
    endpoint = factories.endpoint()
    call(endpoint, at=NOON)
    call(endpoint, at=clock.now())

    call_stats.roll_up_day(DAY)

    assert EndpointCall.objects.count() == 1
    assert load_sums(endpoint)[0] == (DAY, 1, {})


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
    assert call_stats.list_due_days(now) == days
