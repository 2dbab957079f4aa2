"""Facts and prices from elsewhere into the catalogue."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.db import transaction

from catalog.facts.claims import record_claims
from catalog.importers import models_dev_facts
from catalog.importers.models_dev_facts import ListedPrice, ModelDescription
from catalog.matching.aliases import find_model
from catalog.matching.resolver import NamedModels
from catalog.matching.seed_files import read_aliases
from catalog.models import Fact, LanguageModel, Price


@dataclass(frozen=True)
class FactImportResult:
    models: int
    new: int
    prices: int
    aliases: int


@transaction.atomic
def import_models_dev() -> FactImportResult:
    """Take over what models.dev says. What it said earlier of models that it no longer lists stays as it is: a model is
    retired when somebody has said so, and a list grows shorter for many reasons."""
    found, left_out = models_dev_facts.list_descriptions()
    placed, new = _match_models(found)
    record_claims({key: each.claims for key, each in placed.items()}, Fact.Origin.MODELS_DEV)
    priced = [(key, each.price, each.source, each.as_of) for key, each in placed.items() if each.price]
    return FactImportResult(len(placed), new, save_prices(priced), left_out)


def _match_models(found: Iterable[ModelDescription]) -> tuple[dict[int, ModelDescription], int]:
    """Key of the catalogue → what is said of it; and how many models are new in the catalogue."""
    placed: dict[int, ModelDescription] = {}
    known, other_names = load_model_keys(), read_aliases()
    names = NamedModels()
    for each in found:
        key = find_model(each.id, known, other_names)
        placed.setdefault(names.ids([each.id])[each.id] if key is None else key, each)
    return placed, names.created


def load_model_keys() -> dict[str, int]:
    """Lower-case slugs, and names that only one model has → key."""
    rows = list(LanguageModel.objects.values_list("pk", "slug", "name"))
    often = Counter(name.lower() for _, _, name in rows)
    by_name = {name.lower(): pk for pk, _, name in rows if often[name.lower()] == 1}
    return by_name | {slug.lower(): pk for pk, slug, _ in rows}


def save_prices(priced: Iterable[tuple[int, ListedPrice, str, date]]) -> int:
    """Store each price of a day once; none that was set by hand is touched. How many are new or corrected."""
    stored = {(price.model_id, price.source, price.as_of): price for price in Price.objects.all()}
    new, changed = [], []
    for key, price, source, as_of in priced:
        old = stored.get((key, source, as_of))
        values = _build_price_columns(price)
        if old is None:
            new.append(Price(model_id=key, source=source, as_of=as_of, by_hand=False, **values))
        elif not old.by_hand and any(getattr(old, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(old, name, value)
            changed.append(old)
    Price.objects.bulk_create(new)
    Price.objects.bulk_update(changed, [field.name for field in fields(ListedPrice)])
    return len(new) + len(changed)


def _build_price_columns(price: ListedPrice) -> dict[str, Any]:
    return {**vars(price), "tiers": list(price.tiers)}
