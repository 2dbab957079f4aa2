"""Stores the results that the arena app reads: each pool's newest ratings, and the pair weights for the next draws."""

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
from django.db.models.functions import Now

from arena.endpoints import draw
from arena.models import PairWeight, Pool, Standing
from ratings.boards.board_row import select_columns
from ratings.boards.snapshots import BRADLEY_TERRY, unpack_rows
from ratings.models import OVERALL_CATEGORY, Snapshot
from ratings.pipeline.pool_state import CategoryCounts, PoolState
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.comparisons import Comparisons

WEIGHT_INTERVAL = timedelta(minutes=1)
REVEAL_FIELDS = ("rating", "ci_low", "ci_high", "rank", "votes", "provisional")


def store_standings(snapshots: Iterable[Snapshot]) -> None:
    """Store the newest ratings of each pool, which the arena app shows when it reveals the models."""
    rows = []
    for snapshot in snapshots:
        board = snapshot.board
        is_plain = snapshot.method == BRADLEY_TERRY and not board.style_control
        if is_plain and board.category.slug == OVERALL_CATEGORY:
            ratings = {row["model"]: select_columns(row, REVEAL_FIELDS) for row in unpack_rows(snapshot.rows)}
            rows.append(Standing(pool_id=board.pool_id, ratings=ratings, updated_at=snapshot.computed_at))
    Standing.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["pool"], update_fields=["ratings", "updated_at"]
    )


def update_pair_weights(pool: Pool, state: PoolState) -> None:
    """Store the weights for the next draws if pairs are drawn for the pool.

    The weights are updated at most once a minute, so that many draws share a draw table. If the set of models has
    changed, they are updated immediately.
    """
    if pool.kind not in (Pool.Kind.LIVE, Pool.Kind.API):
        return
    counts = state.build_counts(OVERALL_CATEGORY, {key: str(key) for key in state.positions})
    drawable = list(draw.list_weighted().order_by("pk").values_list("pk", flat=True))
    recent_weights = PairWeight.objects.filter(pool=pool, keys=drawable, updated_at__gt=Now() - WEIGHT_INTERVAL)
    if len(drawable) < 2 or recent_weights.exists():
        return
    all_keys = sorted({*counts.keys, *drawable})
    board = _expand_counts(counts, all_keys)
    weights = compute_pair_weights(board, bradley_terry.fit(board))
    positions = np.searchsorted(all_keys, drawable)
    pair_weights = weights[np.ix_(positions, positions)][np.triu_indices(len(drawable), 1)]
    PairWeight.objects.bulk_create(
        [PairWeight(pool=pool, keys=drawable, weights=pair_weights.tolist(), updated_at=Now())],
        update_conflicts=True,
        unique_fields=["pool"],
        update_fields=["keys", "weights", "updated_at"],
    )


def _expand_counts(counts: CategoryCounts, keys: list[int]) -> Comparisons:
    """Return the same counts on a board with more contestants. `keys` are the sorted keys of all of them."""
    size = len(keys)
    wins = np.zeros((size, size))
    ties = np.zeros((size, size))
    positions = np.searchsorted(keys, counts.keys)
    inside = np.ix_(positions, positions)
    wins[inside] = counts.comparisons.wins
    ties[inside] = counts.comparisons.ties
    return Comparisons.from_counts(keys, wins, ties)
