"""Fields and prices on which sources disagree, and the operator's choice of one of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from catalog.facts.claims import set_hand_fact
from catalog.facts.fields import to_column_value
from catalog.models import Fact, LanguageModel, Price

PRICE_FIELD = "price"


@dataclass(frozen=True)
class SourceClaim:
    """A value from one source. `key` is the primary key of the fact or of the price."""

    key: int
    value: Any
    source: str
    as_of: date


@dataclass(frozen=True)
class Conflict:
    """The chosen value of a field of a model, and the claims that differ. `decided`: an operator made the choice."""

    model: LanguageModel
    field: str
    chosen: SourceClaim
    others: tuple[SourceClaim, ...]
    decided: bool


def find_conflicts() -> list[Conflict]:
    """All conflicts, undecided ones first: those of facts by model and field, then those of prices by model."""
    facts_by_field: dict[tuple[int, str], list[Fact]] = defaultdict(list)
    for fact in Fact.objects.select_related("model").order_by("model__slug", "field", "-chosen", "pk"):
        facts_by_field[fact.model_id, fact.field].append(fact)
    candidates = [*map(_build_conflict, facts_by_field.values()), *_build_price_conflicts()]
    conflicts = [candidate for candidate in candidates if candidate.others]
    return sorted(conflicts, key=lambda conflict: conflict.decided)


def _build_conflict(facts: list[Fact]) -> Conflict:
    first, *rest = facts
    differing = [fact for fact in rest if not _is_same_value(first.field, first.value, fact.value)]
    return Conflict(
        model=first.model,
        field=first.field,
        chosen=_claim_from_fact(first),
        others=tuple(map(_claim_from_fact, differing)),
        decided=first.origin == Fact.Origin.HAND,
    )


def _claim_from_fact(fact: Fact) -> SourceClaim:
    return SourceClaim(fact.pk, fact.value, fact.source, fact.as_of)


def _is_same_value(field: str, one: Any, other: Any) -> bool:
    """Whether two values agree; a month agrees with each of its days."""
    if to_column_value(field, one) == to_column_value(field, other):
        return True
    is_date = isinstance(one, str) and isinstance(other, str) and field.endswith(("_date", "_cutoff", "_on"))
    return is_date and (one.startswith(other) or other.startswith(one))


def _build_price_conflicts() -> list[Conflict]:
    """One for each model with prices, from the newest price of each source; prices set by hand come first."""
    prices_by_model: dict[int, dict[str, Price]] = defaultdict(dict)
    for price in Price.objects.select_related("model").order_by("model__slug", "-by_hand", "-as_of", "-pk"):
        prices_by_model[price.model_id].setdefault(price.source, price)
    return [_build_price_conflict(list(prices.values())) for prices in prices_by_model.values()]


def _build_price_conflict(prices: list[Price]) -> Conflict:
    first, *rest = prices
    differing = [price for price in rest if (price.input, price.output) != (first.input, first.output)]
    return Conflict(
        model=first.model,
        field=PRICE_FIELD,
        chosen=_claim_from_price(first),
        others=tuple(map(_claim_from_price, differing)),
        decided=first.by_hand,
    )


def _claim_from_price(price: Price) -> SourceClaim:
    return SourceClaim(price.pk, str(price), price.source, price.as_of)


def accept_fact(key: int) -> Fact:
    """Store this source's value as set by hand, so that it is chosen from now on. Raises Fact.DoesNotExist."""
    fact = Fact.objects.get(pk=key)
    return set_hand_fact(fact.model_id, fact.field, fact.value, fact.source)


@transaction.atomic
def accept_price(key: int) -> Price:
    """Make this the only price of its model that is set by hand, so that it is current. Raises Price.DoesNotExist."""
    price = Price.objects.select_for_update().get(pk=key)
    for other in Price.objects.filter(model=price.model_id, by_hand=True).exclude(pk=key):
        other.by_hand = False
        other.save()
    price.by_hand = True
    price.save()
    return price
