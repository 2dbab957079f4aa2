"""Models by the names that imported files use."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count

from catalog.models import LanguageModel

MAX_SLUG_LENGTH = 190  # of 200, so that a number can be appended


class NamedModels:
    """Keys of models by slug and by name, loaded once.

    A slug takes precedence over a name, and an older model over a newer one.
    """

    def __init__(self) -> None:
        self.created = 0
        self._slugs: set[str] = set()
        self._ids: dict[str, int] = {}
        stored = list(LanguageModel.objects.order_by("pk").values_list("pk", "slug", "name"))
        self._add((pk, slug, slug) for pk, slug, _ in stored)
        self._add(stored)

    def has_all(self, names: set[str]) -> bool:
        """Whether all names are known, so that `get_or_create_keys` needs no query."""
        return names <= self._ids.keys()

    def get_or_create_keys(self, names: Collection[str]) -> dict[str, int]:
        """Name → key, for at least these names. Creates models for unknown names, without an endpoint."""
        missing = [name for name in dict.fromkeys(names) if name not in self._ids]
        if missing:
            new = [LanguageModel(slug=slug, name=name) for name, slug in self._pair_with_free_slugs(missing)]
            self._add((model.pk, model.slug, model.name) for model in LanguageModel.objects.bulk_create(new))
            self.created += len(missing)
        return self._ids

    def _add(self, models: Iterable[tuple[int, str, str]]) -> None:
        for pk, slug, name in models:
            self._slugs.add(slug)
            self._ids.setdefault(name, pk)

    def _pair_with_free_slugs(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of name and unused slug. A number is appended to a slug that is taken."""
        pairs = []
        for name in names:
            slug = make_slug(name)
            candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
            free = next(candidate for candidate in candidates if candidate not in self._slugs)
            self._slugs.add(free)
            pairs.append((name, free))
        return pairs


def make_slug(name: str) -> str:
    """The name reduced to a-z 0-9 . -, or `unnamed` if no letter or digit remains."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9.-]+", "-", plain).strip("-.")[:MAX_SLUG_LENGTH] or "unnamed"


def load_unique_names() -> dict[int, str]:
    """Model key → a name that `NamedModels` resolves to the model: its slug if another model has the same name."""
    models = list(LanguageModel.objects.order_by("pk").values_list("pk", "slug", "name"))
    owner = {slug: pk for pk, slug, _ in models}
    for pk, _, name in models:
        owner.setdefault(name, pk)
    return {pk: name if owner[name] == pk else slug for pk, slug, name in models}
