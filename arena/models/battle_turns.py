"""Loads the turns and answers of a battle with one query."""

from itertools import groupby

from arena.models import Answer, Battle
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import set_prefetched

ANSWERS_OF_BATTLE = CompiledQuery(
    lambda battle: Answer.objects.filter(turn__battle=battle).select_related("turn").order_by("turn__number", "side")
)


def prefetch_turns(battle: Battle) -> None:
    """Cache the battle's turns and their answers, as `prefetch_related` would. Does nothing if they are cached.

    Afterward, `battle.turns.all()` and the `answers.all()` of each turn need no query. The query can start from the
    answers, because each turn has two.
    """
    if "turns" in getattr(battle, "_prefetched_objects_cache", ()):
        return
    turns = []
    for _, group in groupby(ANSWERS_OF_BATTLE.load(battle.pk), key=lambda answer: answer.turn_id):
        answers = list(group)
        turn = answers[0].turn
        turn.battle = battle
        for answer in answers:
            answer.turn = turn
        set_prefetched(turn, "answers", answers)
        turns.append(turn)
    set_prefetched(battle, "turns", turns)
