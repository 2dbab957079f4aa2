"""The names of contestants in files of votes."""

from collections.abc import Collection
from itertools import count

from django.db.models import F

from arena.models import Contestant, Pool, get_or_create_plain, list_contestants
from catalog.matching.resolver import NamedModels, make_slug
from core.storage.database import fetch_rows

# Plain contestants come first, in the order of their models, so that their names are those of the catalog.
NAME_ORDER = (F("pool").asc(nulls_last=True), "-plain", "model", "pk")
NAMES_SQL = """
SELECT contestant.id, contestant.slug, contestant.name, plain, model.id, model.slug, model.name
FROM catalog_languagemodel AS model
    FULL JOIN (SELECT * FROM arena_contestant WHERE pool_id IS NULL OR pool_id = %s) AS contestant
    ON model_id = model.id
ORDER BY model.id, plain DESC, contestant.id"""


class NamedContestants:
    """The keys of all contestants that a pool can rank, by exact slug and name, loaded once.

    If a string matches several contestants, slugs take precedence over names, plain contestants over variants, and
    the pool's own contestants over shared ones. Any other name is that of a catalog model, which is created if it is
    missing, and which gets a plain contestant. The names in a pool that not everyone sees become contestants of this
    pool instead, unless the catalog knows them.
    """

    def __init__(self, pool: Pool) -> None:
        self._models = NamedModels()
        stored = list(list_contestants(pool.slug).order_by(*NAME_ORDER).values_list("pk", "slug", "name"))
        self._pool = pool
        self._own_count = 0
        self._keys: dict[str, int] = {}
        for label, pk in (*((slug, pk) for pk, slug, _ in stored), *((name, pk) for pk, _, name in stored)):
            self._keys.setdefault(label, pk)

    @property
    def created_count(self) -> int:
        """The number of catalog models and of contestants of the pool created so far."""
        return self._models.created_count + self._own_count

    def has_all(self, names: set[str]) -> bool:
        """Return True if all names are known. In that case, `get_or_create_keys` sends no query."""
        return names <= self._keys.keys()

    def get_or_create_keys(self, names: Collection[str]) -> dict[str, int]:
        """Return the keys of all known contestants by name, after creating contestants for unknown names."""
        missing = [name for name in dict.fromkeys(names) if name not in self._keys]
        if self._pool.visibility != Pool.Visibility.EVERYONE:
            self._create_own([name for name in missing if not self._models.has_all({name})])
            missing = [name for name in missing if name not in self._keys]
        if missing:
            models = self._models.get_or_create_keys(missing)
            plain = get_or_create_plain(models[name] for name in missing)
            self._keys |= {name: plain[models[name]].pk for name in missing}
        return self._keys

    def _create_own(self, names: list[str]) -> None:
        """Create contestants of the pool, whose slugs no shared contestant and no catalog model has."""
        new: list[Contestant] = []
        slugs: set[str] = set()
        for name in names:
            slug = make_slug(name)
            candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
            taken = (self._keys, slugs)
            free = next(
                each
                for each in candidates
                if not any(each in names for names in taken) and not self._models.has_all({each})
            )
            slugs.add(free)
            new.append(Contestant(slug=free, name=name, pool=self._pool))
        created = Contestant.objects.bulk_create(new)
        self._own_count += len(created)
        self._keys |= {contestant.slug: contestant.pk for contestant in created}
        self._keys |= {name: contestant.pk for name, contestant in zip(names, created, strict=True)}


def load_labels(pool: int) -> dict[int, str]:
    """Map the key of each contestant that can play in the pool to a unique name.

    This is its name, or its slug if the name refers to another one.

    Models without a contestant count, too, so that a name does not change when they get one.
    """
    rows = fetch_rows(NAMES_SQL, [pool])
    plain = {model: key for key, _, _, is_plain, model, *_ in rows if is_plain}
    # A model without a contestant has a negative key.
    models = [(plain.get(model, -model), slug, name) for *_, model, slug, name in rows if model is not None]
    contestants = [(key, slug, name) for key, slug, name, *_ in rows if key is not None]
    owners = {slug: key for key, slug, _ in (*models, *contestants)}
    for key, _, name in (*models, *contestants):
        owners.setdefault(name, key)
    return {key: name if owners[name] == key else slug for key, slug, name in contestants}
