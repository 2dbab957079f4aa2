"""Storage of prices from files: only their changes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.importers.price_rows import save_prices
from catalog.models import Price
from catalog.sources.record import ListedPrice
from tests import factories

pytestmark = pytest.mark.django_db
TIER = {"above": 200_000, "input": 2.5, "output": 15}


def listed(model, amount, day, source="list (list 1.0, x)", **fields):
    return model.pk, ListedPrice(Decimal(amount), Decimal(amount), **fields), source, date.fromisoformat(day)


def test_prices_by_hand_are_never_touched():
    model = factories.model("x")
    Price.objects.create(model=model, input=1, output=2, source="a", as_of=date(2026, 1, 2))
    assert save_prices([listed(model, "3", "2026-01-02", "a")]) == 0
    assert str(model.prices.get()) == "1.000000/2.000000"


@pytest.mark.parametrize(
    ("rows", "stored"),
    [
        ([("1", "2026-01-01"), ("1", "2026-02-01"), ("2", "2026-03-01")], "1 2026-01-01, 2 2026-03-01"),
        ([("1", "2026-03-01"), ("2", "2026-01-01"), ("1", "2026-02-01")], "2 2026-01-01, 1 2026-02-01"),
        ([("1", "2026-01-01"), ("1", "2026-02-01", "list (list 1.0.1, x)")], "1 2026-01-01"),
        ([("1", "2026-01-01"), ("1", "2026-02-01", "list (list 1.0, y)")], "1 2026-01-01, 1 2026-02-01"),
        ([("1", "2026-01-01"), ("1", "2026-02-01", "other")], "1 2026-01-01, 1 2026-02-01"),
    ],
)
def test_only_changes_from_a_source_are_stored(rows, stored):
    model = factories.model()
    for imports in range(2):
        assert save_prices([listed(model, *row) for row in rows]) == (0 if imports else stored.count(",") + 1)
        prices = model.prices.order_by("as_of")
        assert ", ".join(f"{each.input:.0f} {each.as_of}" for each in prices) == stored


def test_cached_price_and_tiers_are_part_of_a_price():
    model = factories.model()
    assert save_prices([listed(model, "1", "2026-01-01")]) == 1
    assert save_prices([listed(model, "1", "2026-01-02", cached_input=Decimal("0.1"))]) == 1
    assert save_prices([listed(model, "1", "2026-01-03", cached_input=Decimal("0.1"), tiers=(TIER,))]) == 1
    assert save_prices([listed(model, "1", "2026-01-03")]) == 1  # the same day: a correction
    assert [(each.cached_input, each.tiers) for each in model.prices.order_by("as_of")][2] == (None, [])


def test_announced_price_is_not_one_yet():
    model = factories.model()
    today = datetime.now(UTC).date()
    announced = listed(model, "1", str(today + timedelta(days=9)))
    assert save_prices([announced]) == 0
    assert save_prices([listed(model, "1", str(today))]) == 1


def test_another_context_corrects_a_price_and_keeps_its_day():
    model = factories.model()
    assert save_prices([listed(model, "1", "2026-01-01", context=8_000)]) == 1
    assert save_prices([listed(model, "1", "2026-02-01", context=32_000)]) == 1
    assert save_prices([listed(model, "1", "2026-03-01", context=32_000)]) == 0
    [price] = model.prices.all()
    assert (price.context, price.as_of) == (32_000, date(2026, 1, 1))
