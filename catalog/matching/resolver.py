"""Finds models by the slugs, names, and aliases in imported files, and creates missing models."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property
from itertools import count

from catalog.matching.aliases import find_model
from catalog.matching.name_index import NameIndex
from catalog.matching.seed_files import read_aliases, read_display_names
from catalog.models import LanguageModel

MAX_SLUG_LENGTH = 190  # leaves room for a number within 200 characters
MAX_SUGGESTIONS = 8
MAX_QUERY_LENGTH = 100  # comparing long names would be slow


class NamedModels:
    """The keys of all models by exact slug and name, loaded once.

    If a string matches several models, slugs take precedence over names, and older models over newer ones.

    display_names: maps names to display names for new models, in addition to names.csv.
    """

    def __init__(self, display_names: Mapping[str, str] | None = None) -> None:
        self.created_count = 0
        self._display_names = {**read_display_names(), **(display_names or {})}
        self._slugs: set[str] = set()
        self._keys: dict[str, int] = {}
        stored = list(LanguageModel.objects.order_by("pk").values_list("pk", "slug", "name"))
        self._add((pk, slug, slug) for pk, slug, _ in stored)
        self._add(stored)

    def has_all(self, names: set[str]) -> bool:
        """Return True if all names are known. In that case, `get_or_create_keys` sends no query."""
        return names <= self._keys.keys()

    def get_or_create_keys(self, names: Collection[str]) -> dict[str, int]:
        """Return the keys of all known models by name, after creating models without endpoints for unknown names."""
        missing = [name for name in dict.fromkeys(names) if name not in self._keys]
        if missing:
            pairs = self._pair_with_free_slugs(missing)
            new = [LanguageModel(slug=slug, name=self._display_names.get(name, name)) for name, slug in pairs]
            created = LanguageModel.objects.bulk_create(new)
            self._add((model.pk, model.slug, name) for model, name in zip(created, missing, strict=True))
            self.created_count += len(missing)
        return self._keys

    def _add(self, models: Iterable[tuple[int, str, str]]) -> None:
        for pk, slug, name in models:
            self._slugs.add(slug)
            self._keys.setdefault(name, pk)

    def _pair_with_free_slugs(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Return pairs of a name and an unused slug, which ends with a number if the plain slug is taken."""
        pairs = []
        for name in names:
            slug = make_slug(name)
            candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
            free_slug = next(candidate for candidate in candidates if candidate not in self._slugs)
            self._slugs.add(free_slug)
            pairs.append((name, free_slug))
        return pairs


class ModelLookup:
    """Finds models by slug, name, alias, or another spelling of the name. Creates missing models like `NamedModels`.

    `aliases.find_model` resolves aliases, and `name_index.NameIndex` resolves other spellings. A name with a setting,
    such as `o3-mini-high`, is a separate model here, because scores depend on the setting. The constructor loads the
    catalog.
    """

    def __init__(self) -> None:
        self._names = NamedModels()
        self._known = load_model_keys()
        self._aliases = read_aliases()

    @property
    def created_count(self) -> int:
        """The number of models created so far."""
        return self._names.created_count

    def find(self, name: str) -> int | None:
        key = find_model(name, self._known, self._aliases)
        if key is not None:
            return key
        if self._names.has_all({name}):
            return self._names.get_or_create_keys([name])[name]
        match = self._index.find(name)
        return match.key if match and not match.name.setting and not match.name.quantization else None

    def get_or_create(self, name: str) -> int:
        key = self.find(name)
        return self._names.get_or_create_keys([name])[name] if key is None else key

    @cached_property
    def _index(self) -> NameIndex[int]:
        return load_name_index()


def load_model_keys() -> dict[str, int]:
    """Map lowercase slugs and unique names to model keys."""
    rows = list(LanguageModel.objects.values_list("pk", "slug", "name"))
    counts = Counter(name.lower() for _, _, name in rows)
    by_name = {name.lower(): pk for pk, _, name in rows if counts[name.lower()] == 1}
    return by_name | {slug.lower(): pk for pk, slug, _ in rows}


def load_name_index() -> NameIndex[int]:
    """Return an index of all models, which finds their slugs and names in any spelling."""
    rows = LanguageModel.objects.values_list("pk", "slug", "name")
    known = [(pk, text) for pk, *texts in rows for text in dict.fromkeys(texts)]
    return NameIndex(known, read_aliases())


def make_slug(name: str) -> str:
    """Reduce a name to lowercase letters, digits, periods, and hyphens. Return `unnamed` if nothing remains."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9.-]+", "-", plain).strip("-.")[:MAX_SLUG_LENGTH] or "unnamed"


def find_similar_models(slug: str) -> list[LanguageModel]:
    """Return up to `MAX_SUGGESTIONS` models: those whose slugs contain `slug`, or else those with similar slugs.

    Models whose slugs contain `slug` are sorted from newest to oldest, after those without a release date.
    """
    query = slug.casefold()[:MAX_QUERY_LENGTH]
    slugs = dict(LanguageModel.objects.order_by("release_date", "slug").values_list("slug", "pk"))
    containing = [name for name in slugs if query in name.casefold()][::-1]
    names = containing[:MAX_SUGGESTIONS] or get_close_matches(query, slugs, MAX_SUGGESTIONS)
    models = LanguageModel.objects.in_bulk(slugs[name] for name in names)
    return [models[slugs[name]] for name in names]
