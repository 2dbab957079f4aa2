"""Retired models and their successors. A model is retired as soon as its retirement day begins in UTC."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from catalog.facts.fields import has_begun
from catalog.models import LanguageModel


def is_retired(model: LanguageModel) -> bool:
    """Return True if the model's status is retired or its retirement day has begun."""
    return model.status == LanguageModel.Status.RETIRED or has_retirement_begun(model)


def has_retirement_begun(model: LanguageModel) -> bool:
    return model.retires_on is not None and has_begun(model.retires_on)


def build_retired_filter() -> Q:
    """Return a query condition that matches retired models."""
    return Q(status=LanguageModel.Status.RETIRED) | Q(retires_on__lte=timezone.now().date())


@dataclass(frozen=True)
class Successor:
    """A recommended model. If it is not in the catalog, `slug` is None, and `name` is its name in the source."""

    name: str
    slug: str | None


def load_successors() -> dict[str, Successor]:
    """Return the successor of each model, keyed by the model's slug. Models without a successor are omitted.

    If a successor is retired and has its own successor, the latter is used instead.
    """
    with_successor = LanguageModel.objects.exclude(successor="")
    rows = LanguageModel.objects.filter(Q(successor__gt="") | Q(slug__in=with_successor.values("successor")))
    rows = rows.annotate(retired=build_retired_filter())
    names: dict[str, str] = {}
    successors: dict[str, str] = {}
    retired: set[str] = set()
    for slug, name, successor, is_retired in rows.values_list("slug", "name", "successor", "retired"):
        names[slug] = name
        if successor:
            successors[slug] = successor
            if is_retired:
                retired.add(slug)
    targets = {slug: _skip_retired(successor, successors, retired) for slug, successor in successors.items()}
    return {
        slug: Successor(names.get(target, target), target if target in names else None)
        for slug, target in targets.items()
    }


def _skip_retired(name: str, successors: Mapping[str, str], retired: AbstractSet[str]) -> str:
    visited: set[str] = set()
    while name in retired and name not in visited:
        visited.add(name)
        name = successors[name]
    return name
