"""Who may be drawn, and who is: for a new battle, and for a side that has to be replaced."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations

from arena import pairing
from arena.breaker import IN_DRAW
from arena.conversation import small_windows
from arena.models import LIVE, Endpoint, PairWeight


def drawable(among: Iterable[int] | None = None) -> list[int]:
    """Keys of the models that are up: enabled, and not out after failed probes.

    Of all models those with a small window are left out (see `arena.conversation`); among named ones they stay, for
    their voter chose them. No question changes who can be drawn.
    """
    up = Endpoint.objects.filter(IN_DRAW)
    drawn = up.exclude(pk__in=small_windows().values("pk")) if among is None else up.filter(model_id__in=among)
    return list(drawn.values_list("model_id", flat=True))


def draw(models: Sequence[int], keep: int | None = None, pool: str = LIVE) -> pairing.Draw | None:
    """A pair of these models, or an opponent for `keep` among them; None if there is none."""
    if len(models) < 2:
        return None
    written = PairWeight.objects.filter(pool=pool).values_list("updated_at", flat=True).first()
    return _lots(pool, written, tuple(sorted(models)), keep).draw()


def draw_regardless(models: Sequence[int], pool: str) -> pairing.Draw:
    """A pair of named models of which fewer than two are up."""
    return _lots(pool, None, tuple(sorted(models)), None).draw()


@lru_cache(maxsize=64)
def _lots(pool: str, written: datetime | None, models: tuple[int, ...], keep: int | None) -> pairing.Lots:
    """`written` is when the weights came, so that new ones are read once."""
    stored = PairWeight.objects.filter(pool=pool, updated_at=written).first() if written else None
    weights = dict(zip(combinations(stored.keys, 2), stored.weights, strict=True)) if stored else {}
    return pairing.Lots(models, weights, keep)
