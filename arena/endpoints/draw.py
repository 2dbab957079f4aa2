"""Who may be drawn, and who is: for a new battle, and for a side that has to be replaced."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations

from arena.endpoints import pair_sampler
from arena.endpoints.circuit_breaker import IN_DRAW
from arena.endpoints.context_limit import list_small_windows
from arena.models import LIVE_POOL, Endpoint, PairWeight

MIN_MODELS = 2


def list_drawable_models(among: Iterable[int] | None = None) -> list[int]:
    """Keys of the models that are up: enabled, and not out after failed probes.

    Of all models those with a small window are left out (see `arena.endpoints.context_limit`); among named ones they
    stay, for their voter chose them. No question changes who can be drawn."""
    up = Endpoint.objects.filter(IN_DRAW)
    drawn = up.exclude(pk__in=list_small_windows().values("pk")) if among is None else up.filter(model_id__in=among)
    return list(drawn.values_list("model_id", flat=True))


def draw_pair(models: Sequence[int], keep: int | None = None, pool: str = LIVE_POOL) -> pair_sampler.PairDraw | None:
    """A pair of these models, or an opponent for `keep` among them; None if there is none."""
    if len(models) < MIN_MODELS:
        return None
    written = PairWeight.objects.filter(pool=pool).values_list("updated_at", flat=True).first()
    return _load_sampler(pool, written, tuple(sorted(models)), keep).draw()


def compute_draw_shares(models: Sequence[int], pool: str) -> dict[int, float]:
    """Model → its chance to be one of the two that are drawn from these; the sum is 2. Empty for fewer than two."""
    if len(models) < MIN_MODELS:
        return {}
    written = PairWeight.objects.filter(pool=pool).values_list("updated_at", flat=True).first()
    return _cached_draw_shares(pool, written, tuple(sorted(models)))


@lru_cache(maxsize=64)
def _cached_draw_shares(pool: str, written: datetime | None, models: tuple[int, ...]) -> dict[int, float]:
    lots, found = _load_sampler(pool, written, models, None), dict.fromkeys(models, 0.0)
    for pair, chance in zip(lots.pairs, lots.chances, strict=True):
        for model in pair:
            found[model] += chance
    return found


def draw_unweighted_pair(models: Sequence[int], pool: str) -> pair_sampler.PairDraw | None:
    """A pair of named models of which fewer than two are up; None for fewer than two models."""
    if len(models) < MIN_MODELS:
        return None
    return _load_sampler(pool, None, tuple(sorted(models)), None).draw()


@lru_cache(maxsize=64)
def _load_sampler(
    pool: str, written: datetime | None, models: tuple[int, ...], keep: int | None
) -> pair_sampler.PairSampler:
    """`written` is when the weights came, so that new ones are read once."""
    stored = PairWeight.objects.filter(pool=pool, updated_at=written).first() if written else None
    weights = dict(zip(combinations(stored.keys, 2), stored.weights, strict=True)) if stored else {}
    return pair_sampler.PairSampler(models, weights, keep)
