"""Today's best models: those at the top of the newest reference board."""

from collections.abc import Iterable

from arena.models import Pool
from catalog.facts.retirement import is_retired
from catalog.models import LanguageModel
from ratings.boards.snapshots import list_newest_snapshots, unpack_rows
from ratings.models import Snapshot

BEST_MODELS = 100


def find_newest_reference_snapshot(snapshots: Iterable[Snapshot]) -> Snapshot | None:
    """Return the newest of these snapshots that belongs to a reference pool."""
    boards = [snapshot for snapshot in snapshots if snapshot.board.pool.kind == Pool.Kind.REFERENCE]
    return max(boards, key=lambda snapshot: snapshot.computed_at, default=None)


def list_best_slugs(snapshot: Snapshot, limit: int = BEST_MODELS) -> list[str]:
    """Return the slugs of the `limit` models with the highest ratings, best first."""
    rows = sorted(unpack_rows(snapshot.rows), key=lambda row: -row["rating"])
    return list(dict.fromkeys(row["model"] for row in rows))[:limit]


def load_best_keys() -> list[int]:
    """Return the keys of the `BEST_MODELS` best models, except retired ones. Empty if there is no reference board."""
    snapshot = find_newest_reference_snapshot(list_newest_snapshots())
    slugs = list_best_slugs(snapshot) if snapshot else []
    return [model.pk for model in LanguageModel.objects.filter(slug__in=slugs) if not is_retired(model)]
