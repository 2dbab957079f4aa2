"""Finds fields and prices on which sources disagree, and stores the operator's choice."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from catalog.facts.claims import set_hand_fact
from catalog.facts.fields import is_same_value
from catalog.models import Fact, LanguageModel, Price

PRICE_FIELD = "price"


@dataclass(frozen=True)
class Conflict:
    """A field or price on which sources disagree. `decided` is True if an operator chose the current value."""

    model: LanguageModel
    field: str
    chosen: Fact | Price
    others: Sequence[Fact | Price]
    decided: bool


def find_conflicts() -> list[Conflict]:
    """Return all conflicts, undecided ones first. In each group, facts (by model and field) come before prices."""
    candidates = [*_build_fact_conflicts(), *_build_price_conflicts()]
    conflicts = [candidate for candidate in candidates if candidate.others]
    return sorted(conflicts, key=lambda conflict: conflict.decided)


def _build_fact_conflicts() -> Iterator[Conflict]:
    """Yield a conflict for each model field that has facts. If all sources agree, the conflict has no `others`."""
    facts_by_field: dict[tuple[int, str], list[Fact]] = defaultdict(list)
    sources = Fact.objects.exclude(origin=Fact.Origin.NAME)  # sizes in names are rounded, so they nearly always differ
    for fact in sources.select_related("model").order_by("model__slug", "field", "-chosen", "pk"):
        facts_by_field[fact.model_id, fact.field].append(fact)
    for first, *rest in facts_by_field.values():
        differing = [fact for fact in rest if not is_same_value(first.field, first.value, fact.value)]
        yield Conflict(first.model, first.field, first, differing, first.by_hand)


def _build_price_conflicts() -> Iterator[Conflict]:
    """Yield a conflict for each model with prices, with the newest price from each source.

    The chosen price is the newest one set by hand, or else the newest one.
    """
    prices_by_model: dict[int, dict[str, Price]] = defaultdict(dict)
    for price in Price.objects.select_related("model").order_by("model__slug", "-by_hand", "-as_of", "-pk"):
        prices_by_model[price.model_id].setdefault(price.source, price)
    for prices in prices_by_model.values():
        first, *rest = prices.values()
        differing = [price for price in rest if (price.input, price.output) != (first.input, first.output)]
        yield Conflict(first.model, PRICE_FIELD, first, differing, first.by_hand)


def accept_fact(key: int) -> Fact:
    """Store the fact's value, source, and day as a fact set by hand, which makes the value the chosen one.

    Raises Fact.DoesNotExist.
    """
    fact = Fact.objects.get(pk=key)
    return set_hand_fact(fact.model_id, fact.field, fact.value, fact.source, fact.as_of)


@transaction.atomic
def accept_price(key: int) -> Price:
    """Mark this price as the only one set by hand, which makes it the current one. Raises Price.DoesNotExist."""
    price = Price.objects.select_for_update().get(pk=key)
    for other in Price.objects.filter(model=price.model_id, by_hand=True).exclude(pk=key):
        other.by_hand = False
        other.save()  # unlike an update of the query, this is in the log of operators' changes
    price.by_hand = True
    price.save()
    return price
