"""The models that makers recommend as replacements for other models."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.db.models import Q

from catalog.facts.retirement import build_retired_filter
from catalog.models import LanguageModel


@dataclass(frozen=True)
class Successor:
    """A recommended model. If it is not in the catalog, `slug` is None, and `name` is its name in the source."""

    name: str
    slug: str | None


def load_successors() -> dict[str, Successor]:
    """Return the successors, keyed by slug. Models without a successor are omitted.

    If a successor is retired and has a successor itself, that one is used instead.
    """
    with_successor = LanguageModel.objects.exclude(successor="")
    rows = LanguageModel.objects.filter(Q(successor__gt="") | Q(slug__in=with_successor.values("successor")))
    rows = rows.annotate(retired=build_retired_filter())
    names: dict[str, str] = {}
    following: dict[str, str] = {}
    retired: set[str] = set()
    for slug, name, successor, is_retired in rows.values_list("slug", "name", "successor", "retired"):
        names[slug] = name
        if successor:
            following[slug] = successor
            if is_retired:
                retired.add(slug)
    targets = {slug: _follow(name, following, retired) for slug, name in following.items()}
    return {
        slug: Successor(names.get(target, target), target if target in names else None)
        for slug, target in targets.items()
    }


def _follow(name: str, following: Mapping[str, str], retired: AbstractSet[str]) -> str:
    visited: set[str] = set()
    while name in retired and name not in visited:
        visited.add(name)
        name = following[name]
    return name
