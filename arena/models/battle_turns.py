"""Loads the turns and answers of a battle with one compiled query."""

from arena.models import Answer, Battle, Turn
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import set_prefetched

ANSWERS_OF_BATTLE = CompiledQuery(
    lambda battle: Answer.objects.filter(turn__battle=battle).select_related("turn").order_by("turn__number", "side")
)


def prefetch_turns(battle: Battle) -> None:
    """Cache the battle's turns and their answers, as `prefetch_related` would. Do nothing if they are already cached.

    Afterward, `battle.turns.all()` and `turn.answers.all()` run no query. Each turn is created with its two answers.
    """
    if "turns" in getattr(battle, "_prefetched_objects_cache", ()):
        return
    turns: dict[int, Turn] = {}
    answers_by_turn: dict[int, list[Answer]] = {}
    for answer in ANSWERS_OF_BATTLE.load(battle.pk):
        answer.turn = turns.setdefault(answer.turn_id, answer.turn)
        answers_by_turn.setdefault(answer.turn_id, []).append(answer)
    for turn_id, turn in turns.items():
        turn.battle = battle
        set_prefetched(turn, "answers", answers_by_turn[turn_id])
    set_prefetched(battle, "turns", turns.values())
