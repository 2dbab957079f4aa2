"""Converts prices in the catalog for the cost calculator."""

from decimal import Decimal

from catalog.calculators.cost_model import ApiPrices, PriceTier
from catalog.models import Price


def build_api_prices(price: Price) -> ApiPrices:
    """Return a catalog price as `ApiPrices`, with the tiers for long prompts sorted by prompt length."""
    tiers = (
        PriceTier(tier["above"], Decimal(str(tier["input"])), Decimal(str(tier["output"]))) for tier in price.tiers
    )
    return ApiPrices(
        price.input,
        price.output,
        price.cached_input,
        tiers=tuple(sorted(tiers, key=lambda tier: tier.above)),
        off_peak=price.is_off_peak,
    )
