"""Lists the models that can be in a battle, and draws pairs of them with the newest pair weights.

`arena.endpoints.pair_sampler` makes the random choice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations

from arena.endpoints import pair_sampler
from arena.endpoints.circuit_breaker import IN_DRAW
from arena.endpoints.context_limit import list_small_windows
from arena.models import LIVE_POOL, Endpoint, PairWeight, conversation_limit
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
        endpoints = _compile_drawable_query(conversation_limit()).load()
    else:
        endpoints = list(Endpoint.objects.filter(IN_DRAW, model_id__in=chosen))
    return {endpoint.model_id: endpoint.tokens_per_day for endpoint in endpoints}


@lru_cache(maxsize=4)
def _compile_drawable_query(_conversation_limit: int) -> CompiledQuery[Endpoint]:
    """Return the query for the drawable endpoints, cached by the limit that determines which windows are small."""
    endpoints = Endpoint.objects.filter(IN_DRAW).only("model_id", "tokens_per_day")
    return CompiledQuery(lambda: endpoints.exclude(pk__in=list_small_windows().values("pk")))


def draw_pair(models: Sequence[int], keep: int | None = None, pool: str = LIVE_POOL) -> pair_sampler.PairDraw | None:
    """Draw a pair of these models. Return None if there are fewer than two models.

    keep: the model for which to draw an opponent, or None to draw both models
    """
    if len(models) < MIN_MODELS:
        return None
    return _load_sampler(pool, _load_update_time(pool), tuple(sorted(models)), keep).draw()


def draw_unweighted_pair(models: Sequence[int], pool: str) -> pair_sampler.PairDraw | None:
    """Draw a pair of these models with equal probabilities. Return None if there are fewer than two models."""
    if len(models) < MIN_MODELS:
        return None
    return _load_sampler(pool, None, tuple(sorted(models)), None).draw()


def compute_draw_shares(models: Sequence[int], pool: str) -> dict[int, float]:
    """Return the probability that each model is in the drawn pair. Empty if there are fewer than two models."""
    if len(models) < MIN_MODELS:
        return {}
    return _compute_draw_shares(pool, _load_update_time(pool), tuple(sorted(models)))


@lru_cache(maxsize=64)
def _compute_draw_shares(pool: str, updated_at: datetime | None, models: tuple[int, ...]) -> dict[int, float]:
    sampler = _load_sampler(pool, updated_at, models, None)
    shares = dict.fromkeys(models, 0.0)
    for pair, chance in zip(sampler.pairs, sampler.chances, strict=True):
        for model in pair:
            shares[model] += chance
    return shares


def _load_update_time(pool: str) -> datetime | None:
    """Return the time of the newest weights, or None if the pool has none. It is part of the cache keys."""
    rows = fetch_rows("SELECT updated_at FROM arena_pairweight WHERE pool = %s", [pool])
    return rows[0][0] if rows else None


@lru_cache(maxsize=64)
def _load_sampler(
    pool: str, updated_at: datetime | None, models: tuple[int, ...], keep: int | None
) -> pair_sampler.PairSampler:
    """Return a sampler with the weights of this update time, or with equal weights if the time is None."""
    stored = PairWeight.objects.filter(pool=pool, updated_at=updated_at).first() if updated_at else None
    weights = dict(zip(combinations(stored.keys, 2), stored.weights, strict=True)) if stored else {}
    return pair_sampler.PairSampler(models, weights, keep)
