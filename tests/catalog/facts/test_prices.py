"""Current prices and price tiers."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from catalog.facts.prices import list_prices, load_current_prices, parse_tiers, pick_current_price
from catalog.models import LanguageModel, Price
from tests import factories

pytestmark = pytest.mark.django_db


def price(model, amount, day, **fields):
    fields = {"source": "list", "by_hand": False, **fields}
    return Price.objects.create(
        model=model, input=Decimal(amount), output=Decimal(amount), as_of=date.fromisoformat(day), **fields
    )


def test_newest_price_holds():
    model, other = factories.models(2)
    price(model, "1", "2025-01-01")
    newest = price(model, "3", "2026-01-01")
    price(model, "5", "2025-06-01", source="another list")

    assert load_current_prices([model, other]) == {model.pk: newest}
    assert load_current_prices(LanguageModel.objects.all()) == {model.pk: newest}


def test_price_set_by_hand_holds_before_newer_ones():
    model = factories.model()
    by_hand = price(model, "1", "2025-01-01", by_hand=True, source="ours")
    price(model, "3", "2026-01-01")

    assert load_current_prices([model]) == {model.pk: by_hand}


def test_prices_over_time_are_listed_newest_first():
    model = factories.model()
    price(factories.model(), "9", "2026-01-01")
    middle = price(model, "1", "2025-01-01", by_hand=True, source="ours")
    oldest, newest = price(model, "2", "2024-01-01"), price(model, "3", "2026-01-01")

    assert list_prices(model) == [newest, middle, oldest]
    assert pick_current_price([newest, middle, oldest]) == middle == load_current_prices([model])[model.pk]
    assert pick_current_price([newest, oldest]) == newest
    assert pick_current_price([]) is None


@pytest.mark.parametrize("field", ["input", "output", "cached_input"])
def test_no_price_is_negative(field):
    prices = {"input": 1, "output": 1, "cached_input": 1, field: Decimal("-0.000001")}
    with pytest.raises(IntegrityError, match="price_is_not_negative"), transaction.atomic():
        Price.objects.create(model=factories.model(), source="list", as_of=date(2026, 1, 1), **prices)


TIER = {"above": 200_000, "input": 2.5, "output": 15}


@pytest.mark.parametrize("tiers", [[], [TIER], [TIER, {**TIER, "above": 500_000}]])
def test_tiers_are_kept(tiers):
    assert parse_tiers(tiers) == tiers


@pytest.mark.parametrize(
    "tiers",
    [
        None,
        {"a": 1},
        ["x"],
        [{}],
        [{"above": -1, "input": "x"}],
        [{**TIER, "above": -1}],
        [{**TIER, "above": 1.5}],
        [{**TIER, "above": True}],
        [{**TIER, "input": "x"}],
        [{**TIER, "input": -1}],
        [{**TIER, "output": None}],
        [{**TIER, "output": 10**400}],
        [{**TIER, "cached": 1}],
    ],
)
def test_what_are_no_tiers_is_refused(tiers):
    with pytest.raises(ValueError, match=r"above|input|output"):
        parse_tiers(tiers)
