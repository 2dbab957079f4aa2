"""Stores prices from files in the catalog."""

from collections.abc import Iterable
from datetime import date

from catalog.models import Price
from catalog.sources.record import ListedPrice

PRICE_FIELDS = ("input", "output", "cached_input", "tiers")


def save_prices(prices: Iterable[tuple[int, ListedPrice, str, date]]) -> int:
    """Store one price per model, source, and day. Return the number of new or corrected prices.

    `prices` yields the model key, price, source, and day. Prices set by hand stay unchanged.
    """
    stored = {(price.model_id, price.source, price.as_of): price for price in Price.objects.all()}
    new = []
    changed = []
    for key, price, source, as_of in prices:
        old = stored.get((key, source, as_of))
        columns = {name: getattr(price, name) for name in PRICE_FIELDS} | {"tiers": list(price.tiers)}
        if old is None:
            new.append(Price(model_id=key, source=source, as_of=as_of, by_hand=False, **columns))
        elif not old.by_hand and any(getattr(old, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(old, name, value)
            changed.append(old)
    Price.objects.bulk_create(new)
    Price.objects.bulk_update(changed, PRICE_FIELDS)
    return len(new) + len(changed)
