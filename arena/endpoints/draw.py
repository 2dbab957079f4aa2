"""Lists the models that can be in a battle, and draws pairs of them with the newest pair weights.

`arena.endpoints.pair_sampler` makes the random choice.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from itertools import combinations

from django.db import transaction

from arena.endpoints import pair_sampler
from arena.endpoints.circuit_breaker import IN_DRAW
from arena.endpoints.context_limit import list_small_windows
from arena.models import LIVE_POOL, DrawTable, Endpoint, PairWeight, get_conversation_limit
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import fetch_rows

MIN_MODELS = 2


def list_drawable_models(chosen: Iterable[int] | None = None) -> list[int]:
    """Return the ids of the models that are enabled and have not failed their probes.

    A draw among all models also excludes models with a small context window (see `arena.endpoints.context_limit`). The
    result never depends on the question.

    chosen: ids of the models that the voter named, or None for all models
    """
    return list(load_drawable_budgets(chosen))


def load_drawable_budgets(chosen: Iterable[int] | None = None) -> dict[int, int | None]:
    """Return the token budgets of the models from `list_drawable_models`, keyed by model.

    A budget is in tokens per day, or None for no limit.
    """
    if chosen is None:
        endpoints = _compile_drawable_query(get_conversation_limit()).load()
    else:
        endpoints = list(Endpoint.objects.filter(IN_DRAW, model_id__in=chosen))
    return {endpoint.model_id: endpoint.tokens_per_day for endpoint in endpoints}


@lru_cache(maxsize=4)
def _compile_drawable_query(_conversation_limit: int) -> CompiledQuery[Endpoint]:
    """Return the query for the drawable endpoints, cached by the limit that determines which windows are small."""
    endpoints = Endpoint.objects.filter(IN_DRAW).only("model_id", "tokens_per_day")
    return CompiledQuery(lambda: endpoints.exclude(pk__in=list_small_windows().values("pk")))


def draw_pair(models: Collection[int], pool: str | None = LIVE_POOL) -> pair_sampler.PairDraw | None:
    """Draw a pair of these models. Return None if there are fewer than two models.

    pool: the pool with whose newest weights to draw. The draw's table is stored. None for a draw with equal
        probabilities and without a table, for a battle that is not rated.
    """
    return _draw(models, pool) if len(models) >= MIN_MODELS else None


def draw_opponent(model: int, opponents: Sequence[int], pool: str | None) -> pair_sampler.PairDraw | None:
    """Draw an opponent for this model, as `draw_pair` does. Return None if there are no opponents."""
    return _draw([model, *opponents], pool, model) if opponents else None


def _draw(models: Collection[int], pool: str | None, fixed_model: int | None = None) -> pair_sampler.PairDraw:
    """Draw a pair of these models. `fixed_model` is the id of a model that must be in the pair, or None."""
    sorted_models = tuple(sorted(models))
    if pool is None:
        return _load_sampler(None, None, sorted_models, fixed_model).draw()
    updated_at = _load_update_time(pool)
    table = _build_table(pool, updated_at, sorted_models, fixed_model)
    if not table.is_committed:
        DrawTable.objects.bulk_create([table], ignore_conflicts=True)
        transaction.on_commit(partial(vars(table).update, is_committed=True))
    return replace(_load_sampler(pool, updated_at, sorted_models, fixed_model).draw(), table=table.pk)


def compute_draw_shares(models: Collection[int], pool: str | None) -> dict[int, float]:
    """Return each model's probability of being drawn by `draw_pair`. Empty if there are fewer than two models."""
    if len(models) < MIN_MODELS:
        return {}
    updated_at = None if pool is None else _load_update_time(pool)
    return _load_sampler(pool, updated_at, tuple(sorted(models)), None).shares


@lru_cache(maxsize=64)
def _build_table(pool: str, updated_at: datetime | None, models: tuple[int, ...], fixed_model: int | None) -> DrawTable:
    """Return the unsaved table of a draw. Processes that draw with the same weights compute the same id.

    The id also depends on the shares, because a process whose weights have just been replaced draws with equal weights.
    """
    shares = _load_sampler(pool, updated_at, models, fixed_model).shares
    digest = hashlib.blake2b(repr((pool, updated_at, shares)).encode(), digest_size=8).digest()
    table_id = int.from_bytes(digest, "big") >> 1  # a positive number of 63 bits
    return DrawTable(id=table_id, pool=pool, keys=list(models), shares=list(shares.values()))


def _load_update_time(pool: str) -> datetime | None:
    """Return the time of the newest weights, or None if the pool has none. The time is part of the cache keys."""
    rows = fetch_rows("SELECT updated_at FROM arena_pairweight WHERE pool = %s", [pool])
    return rows[0][0] if rows else None


@lru_cache(maxsize=64)
def _load_sampler(
    pool: str | None, updated_at: datetime | None, models: tuple[int, ...], fixed_model: int | None
) -> pair_sampler.PairSampler:
    """Return a sampler with the weights of this update time, or with equal weights if the time is None."""
    pair_weight = PairWeight.objects.filter(pool=pool, updated_at=updated_at).first() if updated_at else None
    weights: dict[pair_sampler.Pair, float] = {}
    if pair_weight:
        weights = dict(zip(combinations(pair_weight.keys, 2), pair_weight.weights, strict=True))
    return pair_sampler.PairSampler(models, weights, fixed_model)
