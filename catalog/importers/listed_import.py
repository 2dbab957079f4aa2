"""Imports facts and prices of models from Python packages such as LiteLLM.

The source of an import is either the tables that ship with Arena or a newer file of one package.

Words: an entry is a model as one package lists it. A listed value comes from a package. A checked value was read by us
or by an operator, and comes first. A host sells other makers' open models.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from catalog.facts.claims import choose_facts, record_claims
from catalog.facts.fields import Claim, parse_day
from catalog.importers import listed_tables
from catalog.importers.listed_refresh import group_entries
from catalog.importers.listed_selection import CatalogModel, Selection, add_retirement, get_trust_rank, select_listed
from catalog.importers.price_rows import drop_version, save_prices
from catalog.matching import seed_files
from catalog.matching.resolver import NamedModels
from catalog.models import Fact, LanguageModel, LoadedTable, Price
from catalog.sources.providers import find_provider_of_maker
from catalog.sources.registry import read_source

TABLES = (listed_tables.FACTS_FILE, listed_tables.PRICES_FILE)


@dataclass
class ListedImportResult:
    """The result of an import.

    model_count: the number of models with a listed fact or price.
    fact_count, price_count: the numbers of new or changed facts and prices.
    refused_counts: the number of entries or values that were not used, by reason.
    conflict_count: the number of conflicts between entries.
    """

    model_count: int = 0
    fact_count: int = 0
    price_count: int = 0
    refused_counts: Counter[str] = field(default_factory=Counter)
    conflict_count: int = 0


@transaction.atomic
def seed_listed_tables(names: NamedModels) -> bool:
    """Load the shipped tables of listed facts and prices, unless their current version is already loaded.

    Return True if they were loaded.
    """
    digest = sha256(b"".join((seed_files.DATA_DIR / name).read_bytes() for name in TABLES)).hexdigest()
    if LoadedTable.objects.filter(name="listed", digest=digest).exists():
        return False
    load_listed_tables(names)
    LoadedTable.objects.update_or_create(name="listed", defaults={"digest": digest})
    return True


@transaction.atomic
def load_listed_tables(names: NamedModels) -> ListedImportResult:
    """Replace all listed facts of the models in the shipped tables, and add the tables' prices."""
    facts = listed_tables.parse_facts(seed_files.read_seed_rows(listed_tables.FACTS_FILE))
    prices = listed_tables.parse_prices(seed_files.read_seed_rows(listed_tables.PRICES_FILE))
    keys = names.get_or_create_keys([*facts, *prices])
    claims = {keys[model]: list(by_field.values()) for model, by_field in facts.items()}
    result = ListedImportResult(model_count=len(facts.keys() | prices.keys()))
    result.fact_count = _replace_listed_claims(claims, now().date())
    result.price_count = save_prices((keys[model], *dated) for model, history in prices.items() for dated in history)
    return result


@transaction.atomic
def import_listed_file(source: str, path: Path) -> ListedImportResult:
    """Import a wheel or data file of one source. Its values replace those of this source and of less trusted sources.

    A host is a provider of other makers' open models. Its values replace only earlier values of the same host in this
    source. Models that are not in the file keep their facts. Unknown models are not created, because the packages list
    thousands of models. Raises SourceError if the file is not from this source.
    """
    today = now().date()
    models = list(LanguageModel.objects.select_related("organization"))
    names = [(model.pk, name) for model in models for name in (model.slug, model.name)]
    entries_by_model = group_entries(names, seed_files.read_aliases(), read_source(source, path, today))
    stored = _load_listed_claims()
    checked = _load_checked_values()
    price_sources = _load_price_sources()
    result = ListedImportResult()
    claims: dict[int, list[Claim]] = {}
    prices = []
    for model in models:
        maker = model.organization.name if model.organization else ""
        catalog_model = CatalogModel(model.slug, find_provider_of_maker(maker), model.open_weights, checked[model.pk])
        selection = select_listed(catalog_model, entries_by_model.get(model.pk, []))
        result.refused_counts += selection.refused_counts
        result.conflict_count += len(selection.conflicts)
        if selection.claims or selection.prices:
            result.model_count += 1
            claims[model.pk] = _merge_claims(stored[model.pk], selection)
            if _may_add_price(price_sources.get(model.pk), selection):
                prices += [(model.pk, *dated) for dated in selection.prices]
    result.fact_count = _replace_listed_claims(claims, today)
    result.price_count = save_prices(prices)
    return result


def _load_listed_claims() -> dict[int, dict[str, Claim]]:
    """Return the stored claims from packages, keyed by model key and field."""
    stored: dict[int, dict[str, Claim]] = defaultdict(dict)
    for fact in Fact.objects.filter(origin=Fact.Origin.LISTED).order_by("pk"):
        stored[fact.model_id][fact.field] = Claim(fact.field, fact.value, fact.source, fact.as_of)
    return stored


def _load_checked_values() -> dict[int, dict[str, Any]]:
    """Return the values that take precedence over the packages, keyed by model key and field."""
    checked: dict[int, dict[str, Any]] = defaultdict(dict)
    for fact in Fact.objects.filter(chosen=True, origin__in=(Fact.Origin.HAND, Fact.Origin.SHIPPED)):
        checked[fact.model_id][fact.field] = fact.value
    return checked


def _load_price_sources() -> dict[int, str]:
    """Map each model key to the source of the newest imported price, or to "" if prices.csv has a hand-checked one."""
    prices = Price.objects.filter(by_hand=False).order_by("as_of", "pk")
    sources = dict(prices.values_list("model", "source"))
    checked = {row["model"] for row in seed_files.read_seed_rows("prices.csv")}
    return sources | dict.fromkeys(LanguageModel.objects.filter(slug__in=checked).values_list("pk", flat=True), "")


def _may_add_price(current: str | None, selection: Selection) -> bool:
    """Return True if the selected price may be stored in addition to the current one.

    It must come from the same source, or be the maker's own price and at least as trusted. `current` is the value from
    `_load_price_sources`, or None if there is no imported price.
    """
    if not selection.prices or current == "":
        return False
    offer = selection.prices[0]
    return current is None or _may_replace(
        Claim("price", None, current, offer.as_of), Claim("price", None, offer.source, offer.as_of), selection
    )


def _merge_claims(stored: Mapping[str, Claim], selection: Selection) -> list[Claim]:
    """Return the stored claims, updated with the selected claims that are at least as trusted.

    An unchanged value keeps its source and day.
    """
    merged = dict(stored)
    for claim in selection.claims:
        old = stored.get(claim.field)
        if old is None or (old.value != claim.value and _may_replace(old, claim, selection)):
            merged[claim.field] = claim
    return list(merged.values())


def _may_replace(old: Claim, claim: Claim, selection: Selection) -> bool:
    if drop_version(old.source) == drop_version(claim.source):
        return True
    old_rank = get_trust_rank(old.field, old.value, old.source)
    return (
        claim.field not in selection.hosted_fields
        and get_trust_rank(claim.field, claim.value, claim.source) <= old_rank
    )


def _replace_listed_claims(claims: Mapping[int, Iterable[Claim]], today: date) -> int:
    """Replace all listed claims about these models. Return the number of new or changed claims."""
    before = _load_listed_claims()
    dated = {}
    for key, listed in claims.items():
        by_field = {claim.field: claim for claim in listed}
        if "retires_on" in by_field:
            by_field.pop("status", None)  # `add_retirement` derives the status from the date
        dated[key] = add_retirement(by_field.values(), today)
    record_claims(dated, Fact.Origin.LISTED)
    return sum(before[key].get(claim.field) != claim for key, listed in dated.items() for claim in listed)


def retire_listed_models(today: date) -> None:
    """Mark models as retired if their listed retirement date has arrived since the tables were loaded."""
    dates = Fact.objects.filter(origin=Fact.Origin.LISTED, field="retires_on")
    dates = dates.exclude(model__facts__in=Fact.objects.filter(origin=Fact.Origin.LISTED, field="status"))
    due = [fact for fact in dates if parse_day(str(fact.value)) <= today]
    Fact.objects.bulk_create(
        Fact(
            model_id=fact.model_id,
            field="status",
            value=LanguageModel.Status.RETIRED.value,
            origin=Fact.Origin.LISTED,
            source=fact.source,
            as_of=fact.as_of,
        )
        for fact in due
    )
    if due:
        choose_facts({fact.model_id for fact in due})
