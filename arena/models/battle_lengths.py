"""The length of a whole battle, added up by the database."""

from django.db.models import Func, Q, Sum
from django.db.models.functions import Length

from arena.models import SIDES, Battle


class OctetLength(Func):
    """Bytes of UTF-8."""

    function = "octet_length"


def measure_battle_length(of: Battle, measure: type[Func] = Length) -> int:
    """Characters, or bytes, of all questions and of the answers of the side that has said more."""
    asked = of.turns.aggregate(sum=Sum(measure("prompt")))["sum"] or 0
    sides = {side: Sum(measure("answers__text"), filter=Q(answers__side=side)) for side in SIDES}
    return int(asked + max(side or 0 for side in of.turns.aggregate(**sides).values()))
