"""Who may be drawn, and who is: for a new battle, and for a side that has to be replaced."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import combinations

from django.db.models import Q

from arena import pairing
from arena.breaker import IN_DRAW
from arena.models import LIVE, Endpoint, PairWeight

CHARACTERS_PER_TOKEN = 3  # so few that no prompt is sent to a model that cannot read it


def drawable(among: Iterable[int] | None = None, prompt: str = "") -> list[int]:
    """Keys of the models that are up: enabled, not out after failed probes, and able to read the prompt."""
    up = Endpoint.objects.filter(IN_DRAW)
    tokens = len(prompt) // CHARACTERS_PER_TOKEN
    for limit in ("max_input", "context_window"):
        up = up.filter(Q(**{f"model__{limit}": None}) | Q(**{f"model__{limit}__gte": tokens}))
    if among is not None:
        up = up.filter(model_id__in=among)
    return list(up.values_list("model_id", flat=True))


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
