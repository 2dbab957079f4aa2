"""Draws the models for a new battle, or a replacement for one model."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations

from arena.endpoints import pair_sampler
from arena.endpoints.circuit_breaker import IN_DRAW
from arena.endpoints.context_limit import list_small_windows
from arena.models import LIVE_POOL, Endpoint, PairWeight

MIN_MODELS = 2


def list_drawable_models(chosen: Iterable[int] | None = None) -> list[int]:
    """Return the ids of the models that are enabled and have not failed their probes.

    A draw among all models also excludes models with a small context window (see `arena.endpoints.context_limit`). The
    result never depends on the question.

    chosen: ids of the models that the voter named, or None for all models
    """
    return list(load_drawable_budgets(chosen))


def load_drawable_budgets(chosen: Iterable[int] | None = None) -> dict[int, int | None]:
    """Return the models from `list_drawable_models` with their tokens per day, or None for no limit."""
    endpoints = Endpoint.objects.filter(IN_DRAW)
    if chosen is None:
        endpoints = endpoints.exclude(pk__in=list_small_windows().values("pk"))
    else:
        endpoints = endpoints.filter(model_id__in=chosen)
    return dict(endpoints.values_list("model_id", "tokens_per_day"))


def draw_pair(models: Sequence[int], keep: int | None = None, pool: str = LIVE_POOL) -> pair_sampler.PairDraw | None:
    """Draw a pair of these models, or an opponent for `keep`. Return None if there are fewer than two models."""
    if len(models) < MIN_MODELS:
        return None
    return _load_sampler(pool, _load_update_time(pool), tuple(sorted(models)), keep).draw()


def draw_unweighted_pair(models: Sequence[int], pool: str) -> pair_sampler.PairDraw | None:
    """Draw a pair of these models with equal probabilities. Return None if there are fewer than two models."""
    if len(models) < MIN_MODELS:
        return None
    return _load_sampler(pool, None, tuple(sorted(models)), None).draw()


def compute_draw_shares(models: Sequence[int], pool: str) -> dict[int, float]:
    """Return the probability that each model is in the drawn pair, or {} if there are fewer than two models."""
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
    """Return when the pool's weights were updated. Caches use this time in their keys to reload new weights."""
    return PairWeight.objects.filter(pool=pool).values_list("updated_at", flat=True).first()


@lru_cache(maxsize=64)
def _load_sampler(
    pool: str, updated_at: datetime | None, models: tuple[int, ...], keep: int | None
) -> pair_sampler.PairSampler:
    """Return a sampler with the weights of this update time, or with equal weights if the time is None."""
    stored = PairWeight.objects.filter(pool=pool, updated_at=updated_at).first() if updated_at else None
    weights = dict(zip(combinations(stored.keys, 2), stored.weights, strict=True)) if stored else {}
    return pair_sampler.PairSampler(models, weights, keep)
