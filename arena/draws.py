"""Who may be drawn, and who is: for a new battle, and for a side that has to be replaced."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import combinations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from arena import pairing
from arena.health import OPEN_S, OPENS_AFTER
from arena.models import LIVE, Endpoint, PairWeight

FEWEST = 2
CHARACTERS_PER_TOKEN = 3  # so few that no prompt is sent to a model that cannot read it


def drawable(among: Iterable[int] | None = None, prompt: str = "") -> list[int]:
    """Keys of the models that are up: enabled, not out for a while after failures, and able to read the prompt."""
    up = Endpoint.objects.filter(Q(closed_until=None) | Q(closed_until__lt=Now()), enabled=True)
    tokens = len(prompt) // CHARACTERS_PER_TOKEN
    for limit in ("max_input", "context_window"):
        up = up.filter(Q(**{f"model__{limit}": None}) | Q(**{f"model__{limit}__gte": tokens}))
    if among is not None:
        up = up.filter(model_id__in=among)
    return list(up.values_list("model_id", flat=True))


def draw(models: Sequence[int], keep: int | None = None, pool: str = LIVE) -> pairing.Draw | None:
    """A pair of these models, or an opponent for `keep` among them; None if there is none."""
    while len(models) > 1:
        written = PairWeight.objects.filter(pool=pool).values_list("updated_at", flat=True).first()
        drawn = _lots(pool, written, tuple(sorted(models)), keep).draw()
        if not (tried := try_out({drawn.a, drawn.b} - {keep})):
            return drawn
        models = [key for key in models if key not in tried]
    return None


def shares(models: Sequence[int], pool: str) -> dict[int, float]:
    """Model → its chance to be one of the two that are drawn from these; the sum is 2. Empty for fewer than two."""
    if len(models) < FEWEST:
        return {}
    written = PairWeight.objects.filter(pool=pool).values_list("updated_at", flat=True).first()
    return _shares(pool, written, tuple(sorted(models)))


@lru_cache(maxsize=64)
def _shares(pool: str, written: datetime | None, models: tuple[int, ...]) -> dict[int, float]:
    lots, found = _lots(pool, written, models, None), dict.fromkeys(models, 0.0)
    for pair, chance in zip(lots.pairs, lots.chances, strict=True):
        for model in pair:
            found[model] += chance
    return found


def draw_regardless(models: Sequence[int], pool: str) -> pairing.Draw | None:
    """A pair of named models of which fewer than two are up; None for fewer than two models."""
    if len(models) < FEWEST:
        return None
    return _lots(pool, None, tuple(sorted(models)), None).draw()


def try_out(models: Iterable[int | None]) -> set[int]:
    """Before these models are asked: the ones that must not be, for they are being tried out already.

    A model whose breaker is half open, after failures in a row and the time out of the draw for them, is asked by
    one battle at a time: whoever gets it takes it out of the draw until its answer is known, or for as long again.
    """
    failed = Endpoint.objects.filter(model__in=models, failures__gte=OPENS_AFTER).order_by("id")
    with transaction.atomic():
        # Locked first: of two draws at once the second sees what the first has written. No key changes, so that
        # calls to the same endpoints can be recorded meanwhile.
        locked = failed.select_for_update(no_key=True).annotate(out=Q(closed_until__gte=Now()))
        rows = list(locked.values_list("pk", "model", "out"))
        tried = {model for _, model, out in rows if out}
        if rows and not tried:
            held = Endpoint.objects.filter(pk__in=[pk for pk, _, _ in rows])
            held.update(closed_until=Now() + timedelta(seconds=OPEN_S))
    return tried


@lru_cache(maxsize=64)
def _lots(pool: str, written: datetime | None, models: tuple[int, ...], keep: int | None) -> pairing.Lots:
    """`written` is when the weights came, so that new ones are read once."""
    stored = PairWeight.objects.filter(pool=pool, updated_at=written).first() if written else None
    weights = dict(zip(combinations(stored.keys, 2), stored.weights, strict=True)) if stored else {}
    return pairing.Lots(models, weights, keep)
