"""Reader for the snapshot in the model-prices package (MIT): prices with their history, by provider."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from catalog.sources.providers import find_provider, sells_own_model
from catalog.sources.record import (
    ListedModel,
    ListedPrice,
    PackageFile,
    SourceError,
    build_price_list,
    parse_month_or_day,
    parse_price,
    read_json,
)

MEMBER = re.compile(r"model_prices/snapshot\.json$")
URL = "https://pypi.org/project/model-prices/"
SCHEMA = 1


def read_models(file: PackageFile, today: date) -> Iterator[ListedModel]:
    """Yield the models. Raises SourceError if the file is not a snapshot of a known version."""
    snapshot = read_json(file.content)
    if not isinstance(snapshot, dict) or snapshot.get("schema") != SCHEMA:
        raise SourceError(f"the file is not a snapshot of model-prices with schema {SCHEMA}")
    for provider_name, models in snapshot["prices"].items():
        provider = find_provider(provider_name)
        if provider is None:
            continue
        statuses = snapshot.get("status", {}).get(provider_name, {})
        for model_id, periods in models.items():
            status = statuses.get(model_id)
            # The last price of a model that the provider has removed is not its current price.
            prices = [] if status == "removed" else _list_prices(periods.get("standard", []), today)
            is_retired = status == "deprecated" and sells_own_model(provider, model_id)
            yield ListedModel(
                id=model_id,
                provider=provider,
                name=model_id,
                claims={"status": "retired"} if is_retired else {},
                prices=tuple(prices),
                source=f"{URL} ({file.label}, {provider_name}/{model_id})",
                as_of=today,
            )


def _list_prices(periods: list[Mapping[str, Any]], today: date) -> list[ListedPrice]:
    """Return the prices, the current one first. Each of the `periods` begins when the previous one ends."""
    prices: list[ListedPrice] = []
    for period in periods:
        rates = period.get("rates")
        if rates is None:
            prices.clear()  # the model was not available in this period
            continue
        price = _parse_price(rates)
        if price is None or (price.since and price.since > today):
            continue
        if prices and (prices[0].input, prices[0].output) == (price.input, price.output):
            prices[0] = replace(price, since=prices[0].since)
        else:
            prices.insert(0, price)
    return build_price_list(prices)


def _parse_price(rates: Mapping[str, Any]) -> ListedPrice | None:
    tiers = [(tier["above"], tier["input"], tier["output"]) for tier in rates.get("tiers", [])]
    day = parse_month_or_day(rates.get("valid_from"))
    since = date.fromisoformat(day) if day else None
    return parse_price([rates.get(name) for name in ("input", "output", "cache_read")], tiers, since)
