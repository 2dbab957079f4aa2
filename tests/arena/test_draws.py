"""Who may be drawn, and by which weights."""

import threading
from datetime import timedelta
from itertools import combinations

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from arena import draws, health
from arena.health import OPEN_S, OPENS_AFTER
from arena.models import Endpoint, PairWeight
from tests import factories
from tests.arena.races import at_once

pytestmark = pytest.mark.django_db


def chance(drawn, x, y):
    """The propensity of a draw if it is of this pair."""
    return drawn.propensity if {drawn.a, drawn.b} == {x, y} else None


@pytest.mark.parametrize(
    ("limits", "up"),
    [
        ({}, True),
        ({"max_input": 12_200}, True),
        ({"max_input": 12_199}, False),
        ({"context_window": 12_700}, True),
        ({"context_window": 12_699}, False),
        ({"max_input": 4096, "context_window": 128_000}, False),
        ({"max_input": 128_000, "context_window": 128_000}, True),
    ],
)
def test_drawable_leaves_out_whose_window_does_not_hold_the_longest_conversation_and_an_answer(limits, up):
    model = factories.model(**limits)
    factories.endpoint(model, max_tokens=500)

    assert (model.pk in draws.drawable()) == up
    assert draws.drawable([model.pk]) == [model.pk]


def test_drawable_leaves_out_who_is_disabled_or_out_for_a_while():
    up = factories.endpoint()
    factories.endpoint(enabled=False)
    factories.endpoint(closed_until=timezone.now() + timedelta(minutes=1))

    assert draws.drawable() == [up.model_id]


def test_draw_sees_new_weights_at_once():
    keys = sorted(model.pk for model in factories.models(3))
    found = []
    for favourite in combinations(range(3), 2):
        weights = [float(pair == favourite) for pair in combinations(range(3), 2)]
        PairWeight.objects.update_or_create(
            pool="live", defaults={"keys": keys, "weights": weights, "updated_at": timezone.now()}
        )
        x, y = (keys[place] for place in favourite)
        found += {chance(draws.draw(keys), x, y) for _ in range(40)} - {None}

    assert found == [pytest.approx(0.9 + 0.1 / 3)] * 3


def test_draw_knows_weights_only_of_its_pool():
    x, y, z = sorted(model.pk for model in factories.models(3))
    PairWeight.objects.create(pool="live", keys=[x, y, z], weights=[1.0, 0.0, 0.0])

    assert draws.draw([x, y, z], pool="api").propensity == pytest.approx(1 / 3)


def test_draw_among_some_shares_out_their_weights_alone():
    w, x, y, z = sorted(model.pk for model in factories.models(4))
    PairWeight.objects.create(pool="live", keys=[w, x, y, z], weights=[9.0, 9.0, 9.0, 1.0, 3.0, 0.0])

    (found,) = {chance(draws.draw([x, y, z]), x, y) for _ in range(60)} - {None}

    assert found == pytest.approx(0.1 / 3 + 0.9 / 4)


@pytest.mark.parametrize("number", [0, 1])
def test_draw_of_fewer_than_two_is_none(number):
    assert draws.draw([model.pk for model in factories.models(number)]) is None


def half_open(**fields):
    """An endpoint that failed too often, a while ago."""
    past = timezone.now() - timedelta(seconds=1)
    return factories.endpoint(**{"failures": OPENS_AFTER, "closed_until": past} | fields)


def out_for(endpoint):
    """Seconds for which it is out of the draw; negative if it is in."""
    return (
        Endpoint.objects.filter(pk=endpoint.pk).values_list(F("closed_until") - Now(), flat=True).get().total_seconds()
    )


def test_draw_of_a_half_open_endpoint_takes_it_out_until_its_answer_is_known():
    probed, other = half_open(), factories.endpoint()
    keys = draws.drawable()
    assert set(keys) == {probed.model_id, other.model_id}

    assert draws.draw(keys) is not None
    assert out_for(probed) == pytest.approx(OPEN_S, abs=2)
    assert draws.drawable() == [other.model_id]
    assert draws.draw(keys) is None

    health.record([health.Called(probed.pk)])
    assert set(draws.drawable()) == set(keys)
    assert draws.draw(keys) is not None
    assert draws.draw(keys) is not None


def test_draw_leaves_a_half_open_endpoint_alone_that_it_did_not_take():
    probed = half_open()
    x, y = sorted(factories.endpoint().model_id for _ in range(2))
    for _ in range(20):
        drawn = draws.draw([x, y, probed.model_id])
        if probed.model_id in (drawn.a, drawn.b):
            break
        assert out_for(probed) < 0


def test_draw_goes_on_among_the_others_when_another_draw_was_quicker():
    probed = half_open(closed_until=timezone.now() + timedelta(seconds=9))
    others = [factories.endpoint().model_id for _ in range(2)]

    for _ in range(20):
        drawn = draws.draw([probed.model_id, *others])
        assert {drawn.a, drawn.b} == set(others)

    assert out_for(probed) == pytest.approx(9, abs=2)


def test_draw_of_an_opponent_does_not_try_out_the_one_that_it_is_for():
    kept, other = half_open(), factories.endpoint()

    assert draws.draw([kept.model_id, other.model_id], keep=kept.model_id) is not None

    assert out_for(kept) < 0


def test_try_out_takes_both_or_none():
    free, tried = half_open(), half_open(closed_until=timezone.now() + timedelta(seconds=9))

    assert draws.try_out([free.model_id, tried.model_id]) == {tried.model_id}

    assert out_for(free) < 0


@pytest.mark.parametrize("failures", [0, OPENS_AFTER - 1])
def test_try_out_has_nothing_to_say_about_those_who_did_not_fail_too_often(failures):
    endpoint = factories.endpoint(failures=failures)

    assert draws.try_out([endpoint.model_id]) == set()

    endpoint.refresh_from_db()
    assert endpoint.closed_until is None


@pytest.mark.django_db(transaction=True)
def test_draws_at_once_try_a_half_open_endpoint_out_once():
    probed = half_open()
    others = [factories.endpoint().model_id for _ in range(2)]

    drawn = at_once(8, lambda _: [draws.draw([probed.model_id, *others]) for _ in range(10)])

    assert sum(probed.model_id in (each.a, each.b) for several in drawn for each in several) == 1


@pytest.mark.django_db(transaction=True)
def test_draw_waits_to_see_what_a_draw_before_it_took():
    probed, other = half_open(), factories.endpoint()
    keys, taken, done = [probed.model_id, other.model_id], threading.Event(), threading.Event()

    def work(number):
        if number:
            taken.wait(30)
            drawn = draws.draw(keys)
            done.set()
            return drawn
        with transaction.atomic():
            drawn = draws.draw(keys)
            taken.set()
            done.wait(0.3)
        return drawn

    first, second = at_once(2, work)

    assert first is not None
    assert second is None


@pytest.mark.django_db(transaction=True)
def test_try_out_is_not_in_the_way_of_calls_that_are_recorded():
    """Or else a worker with one of two endpoints and a draw with the other would wait for each other."""
    probed, taken, done = half_open(), threading.Event(), threading.Event()

    def work(number):
        if number:
            taken.wait(30)
            health.record([health.Called(probed.pk, failure="refused")])
            done.set()
            return True
        with transaction.atomic():
            draws.try_out([probed.model_id])
            taken.set()
            return done.wait(30)

    assert at_once(2, work) == [True, True]
