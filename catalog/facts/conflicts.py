"""Where sources say different things of a model, for whoever looks after the catalogue; and taking one of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from catalog.facts.claims import set_by_hand
from catalog.facts.fields import for_column
from catalog.models import Fact, LanguageModel, Price

PRICE = "price"


@dataclass(frozen=True)
class Said:
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
    chosen: Said
    others: tuple[Said, ...]
    decided: bool


def conflicts() -> list[Conflict]:
    """Those that nobody has decided first; by model and field."""
    said: dict[tuple[int, str], list[Fact]] = defaultdict(list)
    for fact in Fact.objects.select_related("model").order_by("model__slug", "field", "-chosen", "pk"):
        said[fact.model_id, fact.field].append(fact)
    found = [*map(_conflict, said.values()), *_price_conflicts()]
    return sorted((each for each in found if each.others), key=lambda each: each.decided)


def _conflict(facts: list[Fact]) -> Conflict:
    first, *rest = facts
    others = tuple(_said(each) for each in rest if not _agree(first.field, first.value, each.value))
    return Conflict(first.model, first.field, _said(first), others, first.origin == Fact.Origin.HAND)


def _said(fact: Fact) -> Said:
    return Said(fact.pk, fact.value, fact.source, fact.as_of)


def _agree(field: str, one: Any, other: Any) -> bool:
    """A month agrees with each of its days."""
    if for_column(field, one) == for_column(field, other):
        return True
    texts = isinstance(one, str) and isinstance(other, str) and field.endswith(("_date", "_cutoff", "_on"))
    return texts and (one.startswith(other) or other.startswith(one))


def _price_conflicts() -> list[Conflict]:
    """The newest price of each source; by hand before the others, then the newest."""
    said: dict[int, dict[str, Price]] = defaultdict(dict)
    for price in Price.objects.select_related("model").order_by("model__slug", "-by_hand", "-as_of", "-pk"):
        said[price.model_id].setdefault(price.source, price)
    return [_price_conflict(list(prices.values())) for prices in said.values()]


def _price_conflict(prices: list[Price]) -> Conflict:
    first, *rest = prices
    others = tuple(map(_asked, (each for each in rest if (each.input, each.output) != (first.input, first.output))))
    return Conflict(first.model, PRICE, _asked(first), others, first.by_hand)


def _asked(price: Price) -> Said:
    return Said(price.pk, str(price), price.source, price.as_of)


def take_fact(key: int) -> Fact:
    """What this source says holds from now on, as set by hand. Raises Fact.DoesNotExist."""
    fact = Fact.objects.get(pk=key)
    return set_by_hand(fact.model_id, fact.field, fact.value, fact.source)


@transaction.atomic
def take_price(key: int) -> Price:
    """This price holds from now on, and no other one is by hand. Raises Price.DoesNotExist."""
    price = Price.objects.select_for_update().get(pk=key)
    for other in Price.objects.filter(model=price.model_id, by_hand=True).exclude(pk=key):
        other.by_hand = False
        other.save()
    price.by_hand = True
    price.save()
    return price
