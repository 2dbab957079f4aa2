"""Current and past prices of models, and the parser for price tiers."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.facts.values import parse_count, parse_number
from catalog.models import LanguageModel, Price

TIER_KEYS = {"above", "input", "output"}


def load_current_prices(models: Sequence[LanguageModel] | QuerySet[LanguageModel]) -> dict[int, Price]:
    """Map each model key to its current price. Models without prices are absent."""
    return {price.model_id: price for price in query_current_prices().filter(model__in=models)}


def query_current_prices() -> QuerySet[Price]:
    """Return a query for the current price of each model: the newest one set by hand, or else the newest one."""
    return Price.objects.order_by("model_id", "-by_hand", "-as_of", "-pk").distinct("model_id")


def list_prices(model: LanguageModel) -> list[Price]:
    """Return the prices of a model over time, from all sources, newest first."""
    return list(model.prices.order_by("-as_of", "-pk"))


def pick_current_price(prices: Sequence[Price]) -> Price | None:
    """Return the current price, or None if there are no prices. `prices` must be sorted from newest to oldest."""
    return next((price for price in prices if price.by_hand), prices[0] if prices else None)


def parse_tiers(value: Any) -> list[dict[str, float]]:
    """Return the price tiers for long prompts. `input` and `output` are in US dollars per million tokens.

    They apply to prompts of more than `above` tokens. Raises ValueError with a description of the error.
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
