"""Who may be drawn, and who is: for a new battle, and for a side that has to be replaced."""

from collections.abc import Iterable, Sequence

from django.db.models import Count, Q
from django.db.models.functions import Now

from arena import pairing
from arena.models import Battle, Endpoint


def drawable(among: Iterable[int] | None = None) -> list[int]:
    """Keys of the models that are up: enabled, and not taken out for a while after failures in a row."""
    up = Endpoint.objects.filter(Q(closed_until=None) | Q(closed_until__lt=Now()), enabled=True)
    if among is not None:
        up = up.filter(model_id__in=among)
    return list(up.values_list("model_id", flat=True))


def draw(models: Sequence[int], keep: int | None = None) -> pairing.Draw | None:
    """A pair of these models, or an opponent for `keep`; None if there is none."""
    if len(models) < 2:
        return None
    return pairing.draw(models, _played(models), keep)


def _played(models: Sequence[int]) -> dict[pairing.Pair, int]:
    """Anonymous battles so far by pair, the smaller key first."""
    rows = Battle.objects.filter(mode=Battle.Mode.ANONYMOUS, model_a__in=models, model_b__in=models)
    played: dict[pairing.Pair, int] = {}
    for a, b, count in rows.values_list("model_a", "model_b").annotate(Count("id")):
        pair = (min(a, b), max(a, b))
        played[pair] = played.get(pair, 0) + count
    return played
