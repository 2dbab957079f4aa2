"""The names of contestants in files of votes."""

from collections.abc import Collection

from arena.models import Contestant, get_or_create_plain
from catalog.matching.resolver import NamedModels
from core.storage.database import fetch_rows

# Plain contestants come first, in the order of their models, so that their names are those of the catalog.
NAME_ORDER = ("-plain", "model", "pk")
NAMES_SQL = """
SELECT contestant.id, contestant.slug, contestant.name, plain, model.id, model.slug, model.name
FROM catalog_languagemodel AS model FULL JOIN arena_contestant AS contestant ON model_id = model.id
ORDER BY model.id, plain DESC, contestant.id"""


class NamedContestants:
    """The keys of all contestants by exact slug and name, loaded once.

    If a string matches several contestants, slugs take precedence over names, and plain contestants over variants. Any
    other name is that of a catalog model, which is created if it is missing, and which gets a plain contestant.
    """

    def __init__(self) -> None:
        self._models = NamedModels()
        stored = list(Contestant.objects.order_by(*NAME_ORDER).values_list("pk", "slug", "name"))
        self._keys = {slug: pk for pk, slug, _ in stored}
        for pk, _, name in stored:
            self._keys.setdefault(name, pk)

    @property
    def created_count(self) -> int:
        """The number of catalog models created so far."""
        return self._models.created_count

    def has_all(self, names: set[str]) -> bool:
        """Return True if all names are known. In that case, `get_or_create_keys` sends no query."""
        return names <= self._keys.keys()

    def get_or_create_keys(self, names: Collection[str]) -> dict[str, int]:
        """Return the keys of all known contestants by name, after creating contestants for unknown names."""
        missing = [name for name in names if name not in self._keys]
        if missing:
            models = self._models.get_or_create_keys(missing)
            plain = get_or_create_plain(models[name] for name in missing)
            self._keys |= {name: plain[models[name]].pk for name in missing}
        return self._keys


def load_labels() -> dict[int, str]:
    """Map each contestant's key to a unique name: its name, or its slug if the name refers to another one.

    Models without a contestant count, too, so that a name does not change when they get one.
    """
    rows = fetch_rows(NAMES_SQL, [])
    plain = {model: key for key, _, _, is_plain, model, *_ in rows if is_plain}
    # A model without a contestant has a negative key.
    models = [(plain.get(model, -model), slug, name) for *_, model, slug, name in rows if model is not None]
    contestants = [(key, slug, name) for key, slug, name, *_ in rows if key is not None]
    owners = {slug: key for key, slug, _ in (*models, *contestants)}
    for key, _, name in (*models, *contestants):
        owners.setdefault(name, key)
    return {key: name if owners[name] == key else slug for key, slug, name in contestants}
