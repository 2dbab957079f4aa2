"""Finds models by the names used in imported files: by slug, name, or alias, and creates missing models."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import count

from catalog.matching.aliases import find_model
from catalog.matching.seed_files import read_aliases
from catalog.models import LanguageModel

MAX_SLUG_LENGTH = 190  # leaves room for a number within 200 characters


class NamedModels:
    """Model keys by exact slug and name, loaded once.

    If a string matches several models, slugs take precedence over names, and older models over newer ones.
    """

    def __init__(self) -> None:
        self.created = 0
        self._slugs: set[str] = set()
        self._ids: dict[str, int] = {}
        stored = list(LanguageModel.objects.order_by("pk").values_list("pk", "slug", "name"))
        self._add((pk, slug, slug) for pk, slug, _ in stored)
        self._add(stored)

    def has_all(self, names: set[str]) -> bool:
        """Return True if all names are known. In that case, `get_or_create_keys` sends no query."""
        return names <= self._ids.keys()

    def get_or_create_keys(self, names: Collection[str]) -> dict[str, int]:
        """Return a mapping of names to keys that includes these names. Creates models without endpoints for unknown
        names.
        """
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
        """Pair each name with an unused slug. If a slug is taken, append a number."""
        pairs = []
        for name in names:
            slug = make_slug(name)
            candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
            free = next(candidate for candidate in candidates if candidate not in self._slugs)
            self._slugs.add(free)
            pairs.append((name, free))
        return pairs


class ModelLookup:
    """Finds or creates models by slug, name, or alias (see `aliases.find_model`), and otherwise like `NamedModels`.

    Loads the catalog once, when constructed.
    """

    def __init__(self) -> None:
        self._names = NamedModels()
        self._known = load_model_keys()
        self._aliases = read_aliases()

    @property
    def created(self) -> int:
        """The number of models created so far."""
        return self._names.created

    def find(self, name: str) -> int | None:
        key = find_model(name, self._known, self._aliases)
        if key is None and self._names.has_all({name}):
            return self._names.get_or_create_keys([name])[name]
        return key

    def get_or_create(self, name: str) -> int:
        key = find_model(name, self._known, self._aliases)
        return self._names.get_or_create_keys([name])[name] if key is None else key


def load_model_keys() -> dict[str, int]:
    """Map lowercase slugs and unique names to model keys."""
    rows = list(LanguageModel.objects.values_list("pk", "slug", "name"))
    counts = Counter(name.lower() for _, _, name in rows)
    by_name = {name.lower(): pk for pk, _, name in rows if counts[name.lower()] == 1}
    return by_name | {slug.lower(): pk for pk, slug, _ in rows}


def make_slug(name: str) -> str:
    """Reduce a name to lowercase letters, digits, periods, and hyphens. Return `unnamed` if nothing remains."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9.-]+", "-", plain).strip("-.")[:MAX_SLUG_LENGTH] or "unnamed"


def load_unique_names() -> dict[int, str]:
    """Map each model key to a unique name: the model's name, or its slug if another model has the same name."""
    models = list(LanguageModel.objects.order_by("pk").values_list("pk", "slug", "name"))
    owner = {slug: pk for pk, slug, _ in models}
    for pk, _, name in models:
        owner.setdefault(name, pk)
    return {pk: name if owner[name] == pk else slug for pk, slug, name in models}
