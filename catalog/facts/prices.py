"""Which of the prices of a model holds, and what can be one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.facts.values import parse_count, parse_number
from catalog.models import LanguageModel, Price

TIER_KEYS = {"above", "input", "output"}


def load_current_prices(models: Sequence[LanguageModel] | QuerySet[LanguageModel]) -> dict[int, Price]:
    """Model key → its price, where one is known: one that was set by hand, else the newest."""
    newest = (
        Price.objects.filter(model__in=models).order_by("model_id", "-by_hand", "-as_of", "-pk").distinct("model_id")
    )
    return {price.model_id: price for price in newest}


def parse_tiers(value: Any) -> list[dict[str, float]]:
    """Dollars for a million tokens of questions that are longer than `above` tokens. Raises ValueError."""
    if not isinstance(value, list) or not all(isinstance(each, dict) and each.keys() == TIER_KEYS for each in value):
        raise ValueError('must be a list like [{"above": 200000, "input": 2.5, "output": 15}]')
    return [_parse_tier(each) for each in value]


def _parse_tier(given: Mapping[str, Any]) -> dict[str, float]:
    dollars = {name: parse_number(given[name], name) for name in ("input", "output")}
    for name, asked in dollars.items():
        if asked < 0:
            raise ValueError(f"{name} is below 0")
    return {"above": parse_count(given["above"], "above"), **dollars}
