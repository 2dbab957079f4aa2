"""Measures the length of battles in the database."""

from django.db.models import Func, Q, Sum
from django.db.models.functions import Length

from arena.models import SIDES, Battle


class OctetLength(Func):
    """The length of text in UTF-8 bytes."""

    function = "octet_length"


def measure_battle_length(battle: Battle, measure: type[Func] = Length) -> int:
    """Return the total length of all questions and of the longer side's answers.

    measure: `Length` for characters, or `OctetLength` for UTF-8 bytes
    """
    prompt_length = battle.turns.aggregate(sum=Sum(measure("prompt")))["sum"] or 0
    side_sums = {side: Sum(measure("answers__text"), filter=Q(answers__side=side)) for side in SIDES}
    side_lengths = battle.turns.aggregate(**side_sums).values()
    return int(prompt_length + max(length or 0 for length in side_lengths))
