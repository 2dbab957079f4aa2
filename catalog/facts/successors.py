"""The models that makers recommend instead of the ones that they retire."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.db.models import Q

from catalog.facts.retirement import filter_retired
from catalog.models import LanguageModel


@dataclass(frozen=True)
class Successor:
    """A recommended model. If it is not in the catalog, `slug` is None, and `name` is its name in the source."""

    name: str
    slug: str | None


def load_successors() -> dict[str, Successor]:
    """Map the slug of each model that has a successor to it.

    If the successor is retired as well, its own successor is used, if it has one.
    """
    named = LanguageModel.objects.exclude(successor="")
    rows = LanguageModel.objects.filter(Q(successor__gt="") | Q(slug__in=named.values("successor")))
    rows = rows.annotate(retired=filter_retired())
    names, following, retired = {}, {}, set()
    for slug, name, successor, is_gone in rows.values_list("slug", "name", "successor", "retired"):
        names[slug] = name
        if successor:
            following[slug] = successor
            retired |= {slug} if is_gone else set()
    targets = {slug: _follow(name, following, retired) for slug, name in following.items()}
    return {
        slug: Successor(names.get(target, target), target if target in names else None)
        for slug, target in targets.items()
    }


def _follow(name: str, following: Mapping[str, str], retired: AbstractSet[str]) -> str:
    passed: set[str] = set()
    while name in retired and name not in passed:
        passed.add(name)
        name = following[name]
    return name
