"""Where sources say different things of a model, for whoever looks after the catalogue; and taking one of them."""

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
    """What a source says. `key` is that of the fact, or of the price."""

    key: int
    value: Any
    source: str
    as_of: date


@dataclass(frozen=True)
class Conflict:
    """What a field of a model is taken to be, and who says something else. `decided`: an operator has chosen."""

    model: LanguageModel
    field: str
    chosen: SourceClaim
    others: tuple[SourceClaim, ...]
    decided: bool


def find_conflicts() -> list[Conflict]:
    """Those that nobody has decided first; by model and field."""
    said: dict[tuple[int, str], list[Fact]] = defaultdict(list)
    for fact in Fact.objects.select_related("model").order_by("model__slug", "field", "-chosen", "pk"):
        said[fact.model_id, fact.field].append(fact)
    found = [*map(_build_conflict, said.values()), *_find_price_conflicts()]
    return sorted((each for each in found if each.others), key=lambda each: each.decided)


def _build_conflict(facts: list[Fact]) -> Conflict:
    first, *rest = facts
    others = tuple(_claim_from_fact(each) for each in rest if not _is_same_value(first.field, first.value, each.value))
    return Conflict(first.model, first.field, _claim_from_fact(first), others, first.origin == Fact.Origin.HAND)


def _claim_from_fact(fact: Fact) -> SourceClaim:
    return SourceClaim(fact.pk, fact.value, fact.source, fact.as_of)


def _is_same_value(field: str, one: Any, other: Any) -> bool:
    """A month agrees with each of its days."""
    if to_column_value(field, one) == to_column_value(field, other):
        return True
    texts = isinstance(one, str) and isinstance(other, str) and field.endswith(("_date", "_cutoff", "_on"))
    return texts and (one.startswith(other) or other.startswith(one))


def _find_price_conflicts() -> list[Conflict]:
    """The newest price of each source; by hand before the others, then the newest."""
    said: dict[int, dict[str, Price]] = defaultdict(dict)
    for price in Price.objects.select_related("model").order_by("model__slug", "-by_hand", "-as_of", "-pk"):
        said[price.model_id].setdefault(price.source, price)
    return [_build_price_conflict(list(prices.values())) for prices in said.values()]


def _build_price_conflict(prices: list[Price]) -> Conflict:
    first, *rest = prices
    others = tuple(
        map(_claim_from_price, (each for each in rest if (each.input, each.output) != (first.input, first.output)))
    )
    return Conflict(first.model, PRICE_FIELD, _claim_from_price(first), others, first.by_hand)


def _claim_from_price(price: Price) -> SourceClaim:
    return SourceClaim(price.pk, str(price), price.source, price.as_of)


def accept_fact(key: int) -> Fact:
    """What this source says holds from now on, as set by hand. Raises Fact.DoesNotExist."""
    fact = Fact.objects.get(pk=key)
    return set_hand_fact(fact.model_id, fact.field, fact.value, fact.source)


@transaction.atomic
def accept_price(key: int) -> Price:
    """This price holds from now on, and no other one is by hand. Raises Price.DoesNotExist."""
    price = Price.objects.select_for_update().get(pk=key)
    for other in Price.objects.filter(model=price.model_id, by_hand=True).exclude(pk=key):
        other.by_hand = False
        other.save()
    price.by_hand = True
    price.save()
    return price
