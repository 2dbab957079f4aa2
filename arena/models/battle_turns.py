"""Loads the turns and answers of a battle with two compiled queries."""

from arena.models import Answer, Battle, Turn
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import set_prefetched

TURNS_OF_BATTLE = CompiledQuery(lambda battle: Turn.objects.filter(battle=battle).order_by("number"))
ANSWERS_OF_BATTLE = CompiledQuery(lambda battle: Answer.objects.filter(turn__battle=battle).order_by("side"))


def prefetch_turns(battle: Battle) -> None:
    """Cache the battle's turns and their answers, as `prefetch_related` would. Do nothing if they are already cached.

    Afterward, `battle.turns.all()` and `turn.answers.all()` run no query.
    """
    if "turns" in getattr(battle, "_prefetched_objects_cache", ()):
        return
    turns = TURNS_OF_BATTLE.load(battle.pk)
    answers = ANSWERS_OF_BATTLE.load(battle.pk)
    for turn in turns:
        turn.battle = battle
        answers_of_turn = [answer for answer in answers if answer.turn_id == turn.pk]
        for answer in answers_of_turn:
            answer.turn = turn
        set_prefetched(turn, "answers", answers_of_turn)
    set_prefetched(battle, "turns", turns)
