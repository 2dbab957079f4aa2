"""What the rating side tells arena: where each model stands, and how much each pair would teach."""

from collections.abc import Iterable

import numpy as np
from django.db.models.functions import Now

from arena.endpoints.context_limit import list_small_windows
from arena.models import API_POOL, LIVE_POOL, Endpoint, PairWeight, Standing
from ratings.boards.snapshots import BRADLEY_TERRY, unpack_rows
from ratings.models import OVERALL_CATEGORY, Pool, Snapshot
from ratings.pipeline.pool_state import CategoryCounts, PoolState
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.comparisons import Comparisons

REVEAL_FIELDS = ("rating", "ci_low", "ci_high", "rank", "votes", "provisional")


def write(snapshots: Iterable[Snapshot]) -> None:
    """Put the newest ratings of each pool where arena shows them at a reveal."""
    Standing.objects.bulk_create(
        [
            Standing(
                pool=each.board.pool.slug,
                ratings={row["model"]: {name: row[name] for name in REVEAL_FIELDS} for row in unpack_rows(each.rows)},
                updated_at=each.computed_at,
            )
            for each in snapshots
            if each.method == BRADLEY_TERRY
            and each.board.category.slug == OVERALL_CATEGORY
            and not each.board.style_control
        ],
        update_conflicts=True,
        unique_fields=["pool"],
        update_fields=["ratings", "updated_at"],
    )


def update_pair_weights(pool: Pool, kept: PoolState) -> None:
    """Say which pairs should meet next, as far as battles of this pool are drawn here."""
    if pool.kind == Pool.Kind.IMPORT:
        return
    counts = kept.counts(OVERALL_CATEGORY, {key: str(key) for key in kept.places})
    drawn = _drawn_models(pool, counts.models)
    if len(drawn) < 2:
        return
    everybody = sorted({*counts.models, *drawn})
    board = _expand_counts(counts, everybody)
    weights = compute_pair_weights(board, bradley_terry.fit(board))
    inside = np.searchsorted(everybody, drawn)
    among = weights[np.ix_(inside, inside)][np.triu_indices(len(drawn), 1)]
    PairWeight.objects.bulk_create(
        [PairWeight(pool=pool.slug, keys=drawn, weights=among.tolist(), updated_at=Now())],
        update_conflicts=True,
        unique_fields=["pool"],
        update_fields=["keys", "weights", "updated_at"],
    )


def _drawn_models(pool: Pool, named: Iterable[int]) -> list[int]:
    """Sorted keys of the models that are drawn in this pool while all are up; see
    `arena.endpoints.draw.list_drawable_models`."""
    enabled = Endpoint.objects.filter(enabled=True)
    if pool.slug in (API_POOL, LIVE_POOL):
        drawn = enabled.exclude(pk__in=list_small_windows().values("pk"))
    else:
        drawn = enabled.filter(model_id__in=named)
    return sorted(drawn.values_list("model_id", flat=True))


def _expand_counts(counts: CategoryCounts, everybody: list[int]) -> Comparisons:
    """The same counts among more models."""
    size = len(everybody)
    wins, ties = np.zeros((size, size)), np.zeros((size, size))
    place = np.searchsorted(everybody, counts.models)
    wins[np.ix_(place, place)] = counts.comparisons.wins
    ties[np.ix_(place, place)] = counts.comparisons.ties
    return Comparisons.from_counts(everybody, wins, ties)
