"""The life of a battle: started by a prompt, ended by a vote. Every change of state is one conditional UPDATE."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from arena import pairing
from arena.errors import Refusal, bad
from arena.models import SIDES, Answer, Battle, Endpoint, Standing, Turn, Vote, Voter
from arena.publishing import tell
from arena.signals import vote_cast
from arena.tasks import answer_turn

LONGEST_PROMPT = 32_000
SKIP = "skip"
UNRATED = "side-by-side"
logger = logging.getLogger(__name__)


def drawable() -> list[int]:
    """Keys of the models that may be drawn now."""
    models = Endpoint.objects.filter(Q(closed_until=None) | Q(closed_until__lt=Now()), enabled=True)
    return list(models.values_list("model_id", flat=True))


def start(voter: Voter, prompt: str, source: str = Battle.PromptSource.TYPED) -> Battle:
    """A battle of two models drawn blind, with its first turn queued.

    Raises Refusal: 400 for a bad prompt, 503 when fewer than two models are up.
    """
    check_prompt(prompt)
    models = drawable()
    if len(models) < 2:
        raise Refusal("too_few_models", "Fewer than two models are up. Try again in a moment.", 503, retry_after=10)
    drawn = pairing.draw(models, _played(models))
    with transaction.atomic():
        battle = Battle.objects.create(
            voter=voter,
            model_a_id=drawn.a,
            model_b_id=drawn.b,
            propensity=drawn.propensity,
            prompt_source=source,
        )
        _ask(battle, 1, prompt)
    return battle


def check_prompt(prompt: object) -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise bad("prompt", "Write a question first.")
    if "\x00" in prompt or not _is_text(prompt):
        raise bad("prompt", "The question holds characters that are no text.")
    if len(prompt) > LONGEST_PROMPT:
        raise bad("prompt", f"The question is longer than {LONGEST_PROMPT:,} characters.")


def _is_text(prompt: str) -> bool:
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return False
    return True


def _played(models: Sequence[int]) -> dict[pairing.Pair, int]:
    """Rated battles so far by pair, the smaller key first."""
    rows = Battle.objects.filter(mode=Battle.Mode.ANONYMOUS, model_a__in=models, model_b__in=models)
    played: dict[pairing.Pair, int] = {}
    for a, b, count in rows.values_list("model_a", "model_b").annotate(Count("id")):
        pair = (min(a, b), max(a, b))
        played[pair] = played.get(pair, 0) + count
    return played


def _ask(battle: Battle, number: int, prompt: str) -> Turn:
    turn = Turn.objects.create(battle=battle, number=number, prompt=prompt)
    Answer.objects.bulk_create(
        [
            Answer(turn=turn, side="a", model_id=battle.model_a_id),
            Answer(turn=turn, side="b", model_id=battle.model_b_id),
        ]
    )
    transaction.on_commit(partial(_send, turn.pk), robust=True)
    return turn


def _send(turn_id: int) -> None:
    """Tell a worker; without a broker the turn waits for the workers' own look into the database."""
    answer_turn.apply_async((turn_id,), retry=False)


def of_voter(voter_id: UUID, battle_id: UUID) -> Battle:
    """The voter's own battle; anyone else's does not exist for him. Raises Refusal 404."""
    battle = (
        Battle.objects.select_related("vote")
        .select_related(*(f"model_{side}__{fact}" for side in SIDES for fact in ("organization", "license")))
        .filter(id=battle_id, voter=voter_id)
        .first()
    )
    if battle is None:
        raise Refusal("not_found", "There is no such battle of yours.", 404)
    return battle


def cast_vote(battle: Battle, winner: object, reasons: dict[str, Any] | None = None, comment: str = "") -> Vote | None:
    """Judge a battle: exactly one vote each, whatever races. None for a skip.

    Raises Refusal: 400 for an unknown winner, 409 `not_ready`, `already_voted` or `not_votable`.
    """
    if winner not in (*Vote.Winner.values, SKIP):
        raise bad("winner", "The winner is one of a, b, tie, both_bad, skip.")
    state = Battle.State.SKIPPED if winner == SKIP else Battle.State.VOTED
    with transaction.atomic():
        if not Battle.objects.filter(id=battle.pk, state=Battle.State.READY).update(state=state):
            raise _not_votable(battle.pk)
        battle.state = state
        transaction.on_commit(partial(tell, battle.pk, ["state", state]), robust=True)
        return None if winner == SKIP else _vote(battle, str(winner), reasons or {}, comment)


def _vote(battle: Battle, winner: str, reasons: dict[str, Any], comment: str) -> Vote:
    vote = Vote.objects.create(
        battle=battle,
        pool=battle.pool,
        model_a_id=battle.model_a_id,
        model_b_id=battle.model_b_id,
        winner=winner,
        voter=battle.voter_id,
        propensity=battle.propensity,
        turns=battle.turns.count(),
        counted=battle.mode == Battle.Mode.ANONYMOUS,
        reason="" if battle.mode == Battle.Mode.ANONYMOUS else UNRATED,
        reasons=reasons,
        comment=comment,
    )
    vote_cast.send(sender=Vote, vote=vote)
    return vote


def _not_votable(battle_id: UUID) -> Refusal:
    battle = Battle.objects.select_related("vote").get(id=battle_id)
    if battle.state == Battle.State.ANSWERING:
        return Refusal("not_ready", "Both sides must have answered before the vote.", 409)
    if battle.state == Battle.State.VOTED:
        stored = {"winner": battle.vote.winner, "created_at": battle.vote.created_at}
        return Refusal("already_voted", "This battle has its vote already.", 409, vote=stored)
    return Refusal("not_votable", "This battle cannot be voted on any more.", 409)


def reveal(battle: Battle) -> list[dict[str, Any]] | None:
    """Both models with the ratings published last, once the battle is voted; None before."""
    if battle.state != Battle.State.VOTED:
        return None
    standing = Standing.objects.filter(pool=battle.pool).first()
    ratings = standing.ratings if standing else {}
    return [_revealed(side, getattr(battle, f"model_{side}"), ratings) for side in SIDES]


def _revealed(side: str, model: Any, ratings: dict[str, Any]) -> dict[str, Any]:
    return {
        "side": side,
        "slug": model.slug,
        "name": model.name,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        **{key: ratings.get(model.slug, {}).get(key) for key in ("rating", "ci_low", "ci_high", "rank", "votes")},
    }
