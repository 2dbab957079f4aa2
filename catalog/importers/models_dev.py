"""Imports facts and prices from models.dev into the catalog."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from catalog.facts.claims import record_claims
from catalog.facts.prices import save_price_changes
from catalog.importers import models_dev_facts
from catalog.importers.models_dev_facts import ListedPrice, ModelDescription
from catalog.matching.resolver import ModelLookup
from catalog.models import Fact, Price


@dataclass(frozen=True)
class FactImportResult:
    """The number of models listed, models created, prices added or corrected, and rolling aliases skipped."""

    models: int
    new: int
    prices: int
    aliases: int


@transaction.atomic
def import_models_dev() -> FactImportResult:
    """Import the claims and prices of all models listed on models.dev. The claims replace earlier ones from
    models.dev.

    Models that are no longer listed keep their claims and are not marked as retired, because models.dev might drop a
    model for other reasons.
    """
    descriptions, aliases = models_dev_facts.list_descriptions()
    models = ModelLookup()
    by_key: dict[int, ModelDescription] = {}
    for description in descriptions:
        by_key.setdefault(models.get_or_create(description.id), description)
    record_claims({key: description.claims for key, description in by_key.items()}, Fact.Origin.MODELS_DEV)
    prices = [
        (key, description.price, description.source, description.as_of)
        for key, description in by_key.items()
        if description.price
    ]
    return FactImportResult(models=len(by_key), new=models.created, prices=save_prices(prices), aliases=aliases)


def save_prices(prices: Iterable[tuple[int, ListedPrice, str, date]]) -> int:
    """Store the changes of prices. Return the number of new or corrected prices (see `save_price_changes`).

    `prices` yields the model key, price, source, and day.
    """
    return save_price_changes(
        Price(model_id=key, source=source, as_of=as_of, by_hand=False, **{**vars(price), "tiers": list(price.tiers)})
        for key, price, source, as_of in prices
    )
