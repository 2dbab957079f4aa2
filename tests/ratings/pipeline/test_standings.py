"""The weights of pairs that are stored for arena."""

from datetime import timedelta
from itertools import combinations

import pytest
from django.db.models import F

from arena.endpoints import draw
from arena.models import PairWeight, Pool
from catalog.models import LanguageModel
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db


def weights(pool="live"):
    """The stored weights by pair of keys."""
    stored = PairWeight.objects.get(pool__slug=pool)
    return dict(zip(combinations(stored.keys, 2), stored.weights, strict=True))


@pytest.fixture
def models():
    return sorted(factories.contestants(4), key=lambda model: model.pk)


def test_refresh_weighs_the_pairs_that_can_be_drawn(models):
    w, x, y, z = models
    for model in (w, x, y):
        factories.endpoint(model)
    factories.endpoint(z, enabled=False)
    for winner in "ab":
        factories.cast(w, x, winner, multiplicity=500)
        factories.cast(x, z, winner)
    board_refresh.refresh()

    stored = weights()

    assert stored.keys() == {(w.pk, x.pk), (w.pk, y.pk), (x.pk, y.pk)}
    assert min(stored[w.pk, y.pk], stored[x.pk, y.pk]) > stored[w.pk, x.pk]  # y is new


@pytest.mark.parametrize(("age_s", "joins", "changed"), [(50, False, False), (50, True, True), (60, False, True)])
def test_refresh_weighs_anew_after_a_minute_and_when_a_model_joins(models, age_s, joins, changed):
    for model in models[: 3 if joins else 4]:
        factories.endpoint(model)
    factories.cast(*models[:2])
    board_refresh.refresh()
    before = weights()
    PairWeight.objects.update(updated_at=F("updated_at") - timedelta(seconds=age_s))
    if joins:
        factories.endpoint(models[3])
    factories.cast(*models[1:3], "b")
    board_refresh.refresh()

    assert (weights() != before) == changed


@pytest.mark.parametrize("pool", ["live", "api"])
def test_refresh_leaves_out_a_model_whose_window_is_too_small_to_be_drawn(models, pool):
    w, x, y, z = models
    for model in models:
        factories.endpoint(model)
    LanguageModel.objects.filter(contestants=z).update(context_window=2_000)
    factories.cast(w, z, pool=pool)
    board_refresh.refresh()

    assert weights(pool).keys() == {(w.pk, x.pk), (w.pk, y.pk), (x.pk, y.pk)}


@pytest.mark.parametrize(("kind", "endpoints"), [(Pool.Kind.IMPORT, 4), (Pool.Kind.LIVE, 1), (Pool.Kind.LIVE, 0)])
def test_refresh_weighs_nothing_where_nothing_is_drawn(models, kind, endpoints):
    factories.pool("some", kind=kind)
    for model in models[:endpoints]:
        factories.endpoint(model)
    factories.cast(*models[:2], pool="some")
    board_refresh.refresh()

    assert not PairWeight.objects.exists()


def test_draw_takes_the_weights_that_the_refresh_has_written(models):
    w, x, y, _ = models
    for model in (w, x, y):
        factories.endpoint(model)
    for winner in "ab":
        factories.cast(w, x, winner, multiplicity=500)
    board_refresh.refresh()

    drawn = [draw.draw_pair([w.pk, x.pk, y.pk]) for _ in range(40)]

    expected = {pair: 0.1 / 3 + 0.9 * weight / sum(weights().values()) for pair, weight in weights().items()}
    for each in drawn:
        assert each.propensity == pytest.approx(expected[min(each.a, each.b), max(each.a, each.b)])
