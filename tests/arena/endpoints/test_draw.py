"""The draw: which models it may choose, and by which weights."""

from itertools import combinations

import pytest
from django.db import transaction
from django.utils import timezone

from arena.endpoints import draw
from arena.models import API_POOL, LIVE_POOL, DrawTable, PairWeight
from tests import factories

pytestmark = pytest.mark.django_db


def get_chance(pair, x, y):
    """The propensity of the draw if it drew this pair; else None."""
    return pair.propensity if {pair.a, pair.b} == {x, y} else None


@pytest.mark.parametrize(
    ("limits", "up"),
    [
        ({}, True),
        ({"max_input": 12_200}, True),
        ({"max_input": 12_199}, False),
        ({"context_window": 14_200}, True),
        ({"context_window": 14_199}, False),
        ({"max_input": 4096, "context_window": 128_000}, False),
        ({"max_input": 128_000, "context_window": 128_000}, True),
    ],
)
def test_drawable_leaves_out_whose_window_does_not_hold_the_longest_conversation_and_an_answer(limits, up):
    contestant = factories.fighter(factories.model(**limits), max_tokens=500)

    assert (contestant.pk in draw.list_drawable()) == up
    assert draw.list_drawable([contestant.pk]) == [contestant.pk]


def test_drawable_leaves_out_who_is_disabled_or_has_failed_two_probes():
    up = [factories.fighter().pk, factories.fighter(failed_probes=1, probe_wanted=True).pk]
    factories.endpoint(enabled=False)
    for failed in (2, 3):
        factories.endpoint(failed_probes=failed)

    assert sorted(draw.list_drawable()) == up


def test_draw_sees_new_weights_at_once():
    keys = sorted(model.pk for model in factories.models(3))
    chances = []
    for favorite in combinations(range(3), 2):
        weights = [float(pair == favorite) for pair in combinations(range(3), 2)]
        PairWeight.objects.update_or_create(
            pool_id=LIVE_POOL, defaults={"keys": keys, "weights": weights, "updated_at": timezone.now()}
        )
        x, y = (keys[index] for index in favorite)
        chances += {get_chance(draw.draw_pair(keys), x, y) for _ in range(40)} - {None}

    assert chances == [pytest.approx(0.9 + 0.1 / 3)] * 3


def test_draw_knows_weights_only_of_its_pool():
    x, y, z = sorted(model.pk for model in factories.models(3))
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=[x, y, z], weights=[1.0, 0.0, 0.0])

    assert draw.draw_pair([x, y, z], pool=API_POOL).propensity == pytest.approx(1 / 3)


def test_draw_among_some_shares_out_their_weights_alone():
    w, x, y, z = sorted(model.pk for model in factories.models(4))
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=[w, x, y, z], weights=[9.0, 9.0, 9.0, 1.0, 3.0, 0.0])

    (chance,) = {get_chance(draw.draw_pair([x, y, z]), x, y) for _ in range(60)} - {None}

    assert chance == pytest.approx(0.1 / 3 + 0.9 / 4)


@pytest.mark.parametrize("number", [0, 1])
def test_draw_of_fewer_than_two_is_none(number):
    assert draw.draw_pair([model.pk for model in factories.models(number)]) is None


def test_draws_with_the_same_models_and_weights_share_a_table():
    keys = sorted(model.pk for model in factories.models(3))
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=keys, weights=[1.0, 0.0, 0.0])
    first = [draw.draw_pair(keys).table for _ in range(3)]
    others = [draw.draw_pair(keys[:2]).table, draw.draw_pair(keys, pool=API_POOL).table]
    PairWeight.objects.update(updated_at=timezone.now())
    others += [draw.draw_pair(keys).table]

    table = DrawTable.objects.get(pk=first[0])
    assert first == [table.pk] * 3
    assert len({table.pk, *others}) == DrawTable.objects.count() == 4
    assert (table.pool_id, table.keys) == (LIVE_POOL, keys)
    assert dict(zip(table.keys, table.shares, strict=True)) == pytest.approx(
        {keys[0]: 0.9 + 0.2 / 3, keys[1]: 0.9 + 0.2 / 3, keys[2]: 0.2 / 3}
    )


def test_process_that_just_missed_the_weights_has_a_table_of_its_own():
    keys = [model.pk for model in factories.models(3)]
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=keys, weights=[1.0, 0.0, 0.0], updated_at=timezone.now())
    weighted = draw.draw_pair(keys).table
    PairWeight.objects.update(weights=[1.0, 1.0, 1.0])
    for function in (draw._build_table, draw._load_sampler):
        function.cache_clear()

    table = DrawTable.objects.get(pk=draw.draw_pair(keys).table)
    assert table.pk != weighted
    assert table.shares == pytest.approx([2 / 3] * 3)


@pytest.mark.django_db(transaction=True)
def test_table_of_a_draw_that_was_rolled_back_is_stored_by_the_next_one():
    keys = [model.pk for model in factories.models(2)]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        draw.draw_pair(keys)
        1 / 0  # noqa: B018  # the request fails after the draw

    assert DrawTable.objects.filter(pk=draw.draw_pair(keys).table).exists()


def test_draw_of_an_opponent_has_a_table_in_which_the_kept_model_is_certain():
    keys = [model.pk for model in factories.models(3)]
    drawn = draw.draw_opponent(keys[1], [keys[0], keys[2]], LIVE_POOL)

    assert keys[1] in (drawn.a, drawn.b)
    assert DrawTable.objects.get(pk=drawn.table).shares == pytest.approx([0.5, 1.0, 0.5])
    assert draw.draw_opponent(keys[0], [], LIVE_POOL) is None


def test_draw_for_no_pool_has_equal_chances_and_no_table():
    x, y, z = sorted(model.pk for model in factories.models(3))
    PairWeight.objects.create(pool_id=LIVE_POOL, keys=[x, y, z], weights=[1.0, 0.0, 0.0])
    pair, opponent = draw.draw_pair([x, y, z], None), draw.draw_opponent(x, [y, z], None)

    assert (pair.propensity, opponent.propensity) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    assert draw.compute_draw_shares([x, y, z], None) == pytest.approx(dict.fromkeys([x, y, z], 2 / 3))
    assert (pair.table, opponent.table, DrawTable.objects.exists()) == (None, None, False)
