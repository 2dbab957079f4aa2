"""Which price holds."""

from datetime import date
from decimal import Decimal

import pytest

from catalog.models import LanguageModel, Price
from catalog.prices import newest_prices
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

    assert newest_prices([model, other]) == {model.pk: newest}
    assert newest_prices(LanguageModel.objects.all()) == {model.pk: newest}


def test_price_set_by_hand_holds_before_newer_ones():
    model = factories.model()
    by_hand = price(model, "1", "2025-01-01", by_hand=True, source="ours")
    price(model, "3", "2026-01-01")

    assert newest_prices([model]) == {model.pk: by_hand}
