"""The life of a battle: started by a prompt, ended by a vote. Every change of state is one conditional UPDATE."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from celery.exceptions import OperationalError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.answers.announcements import announce_events, request_stop
from arena.answers.tasks import answer_turn
from arena.battles import feedback
from arena.battles.prompts import check_prompt, check_text, detect_prompt_source
from arena.battles.reveal import load_standing
from arena.endpoints import context_limit, draw, pair_sampler, token_budgets
from arena.identity import running_battles
from arena.judging import vote_rules
from arena.models import LIVE_POOL, SIDES, Answer, Battle, Endpoint, Turn, Vote, Voter, battle_lengths, row_locks
from arena.signals import vote_cast
from core.http.errors import RequestError, field_error, sanitize_name

MAX_TURNS = 20
MAX_NAMED_MODELS = 20
IDLE_TIMEOUT = timedelta(hours=24)
SKIP = "skip"
logger = logging.getLogger(__name__)


def start_battle(
    voter: Voter,
    prompt: str,
    *,
    mode: str = Battle.Mode.ANONYMOUS,
    models: Sequence[str] | None = None,
    open_pool: str = LIVE_POOL,
    key: UUID | None = None,
    payer: str = "",
    network: str = "",
) -> Battle:
    """A battle with its first turn queued: of two models drawn blind, or of the two that were named.

    Anonymous with `models` draws blind among these, on a pool of their own, else among all for `open_pool`; side by
    side takes exactly two, in this order, and is never rated. Named models are asked even while they are out of the
    draw: a refusal would tell who has just failed in somebody's blind battle. `key` is the id that it gets, `payer` who
    pays for the tokens, `network` a hash (see `arena.identity.network_hashes`). Raises Refusal: 400 for a bad prompt,
    mode or model, 503 when fewer than two models are up, 409 `voter_gone`, 429 `too_many_running`, and as
    `token_budgets.too_few_left` and `token_budgets.charge_battle` do."""
    check_prompt(prompt)
    among = None if models is None else _parse_model_slugs(mode, models)
    pool = open_pool if among is None else get_set_pool(models or ())
    if mode == Battle.Mode.SIDE_BY_SIDE:
        drawn = _build_side_by_side_draw(among)
    elif mode == Battle.Mode.ANONYMOUS:
        drawn = _blind(among, pool, payer)
    else:
        raise field_error("mode", _("The mode is anonymous or side_by_side."))
    with transaction.atomic():
        row_locks.lock_voter(voter.pk)
        running_battles.check_voter_limit(voter.pk)
        battle = Battle.objects.create(
            pk=key or uuid4(),
            voter=voter,
            mode=mode,
            pool=pool,
            among=among,
            model_a_id=drawn.a,
            model_b_id=drawn.b,
            propensity=drawn.propensity,
            prompt_source=detect_prompt_source(prompt),
            network=network,
        )
        _create_turn(battle, 1, prompt)
        _charge_tokens(battle, payer)
    return battle


def _parse_model_slugs(mode: str, slugs: Sequence[str]) -> list[int]:
    """Keys of the models that a request names, in its order."""
    if not isinstance(slugs, list) or not all(isinstance(slug, str) and slug.isprintable() for slug in slugs):
        raise field_error("models", _("The models are a list of slugs."))
    most = 2 if mode == Battle.Mode.SIDE_BY_SIDE else MAX_NAMED_MODELS
    if not 2 <= len(slugs) <= most or len(set(slugs)) < len(slugs):
        wanted = _("Name two different models.") if most == 2 else _("Name two to %(most)s different models.")
        raise field_error("models", wanted % {"most": most})
    keys = dict(Endpoint.objects.filter(enabled=True, model__slug__in=slugs).values_list("model__slug", "model_id"))
    if missing := [slug for slug in slugs if slug not in keys]:
        raise field_error(
            "models", _("There is no model %(slug)r that answers here.") % {"slug": sanitize_name(missing[0])}
        )
    return [keys[slug] for slug in slugs]


def _build_side_by_side_draw(keys: list[int] | None) -> pair_sampler.PairDraw:
    if keys is None:
        raise field_error("models", _("Side by side needs two models."))
    return pair_sampler.PairDraw(keys[0], keys[1], propensity=1.0)


def _blind(among: list[int] | None, pool: str, payer: str) -> pair_sampler.PairDraw:
    up = draw.list_drawable_models(among)
    drawn = draw.draw_pair(token_budgets.list_affordable_models(up, pool, payer), pool=pool)
    if drawn is None and among:
        drawn = draw.draw_unweighted_pair(token_budgets.list_affordable_models(among, pool), pool)
    if drawn is not None:
        return drawn
    if among or len(up) >= draw.MIN_MODELS:
        raise token_budgets.too_few_left(among or up, pool)
    detail = _("Fewer than two models are up. Try again in a moment.")
    raise RequestError("too_few_models", detail, 503, retry_after=10)


def get_set_pool(slugs: Sequence[str]) -> str:
    """The pool of a set of models, the same in whatever order they are named."""
    return "set-" + hashlib.sha256("\n".join(sorted(slugs)).encode()).hexdigest()[:16]


def _create_turn(battle: Battle, number: int, prompt: str) -> Turn:
    turn = Turn.objects.create(battle=battle, number=number, prompt=prompt)
    Answer.objects.bulk_create(
        [
            Answer(turn=turn, side="a", model_id=battle.model_a_id),
            Answer(turn=turn, side="b", model_id=battle.model_b_id),
        ]
    )
    transaction.on_commit(lambda: _enqueue_turn(turn.pk), robust=True)
    return turn


def _enqueue_turn(turn_id: int) -> None:
    """Tell a worker; without a broker the turn waits for the workers' own look into the database."""
    try:
        answer_turn.apply_async((turn_id,), retry=False)
    except OperationalError as error:
        logger.warning("the broker is away: %s", error)


def _charge_tokens(battle: Battle, payer: str) -> None:
    """For all that its models are sent now. Raises Refusal as `token_budgets.charge_battle` does."""
    token_budgets.charge_battle(
        _list_charged_models(battle, payer),
        battle.pool,
        battle_lengths.measure_battle_length(battle, battle_lengths.OctetLength),
        payer,
    )


def _list_charged_models(battle: Battle, payer: str) -> list[int]:
    """Those that could be drawn now; where of a set fewer than two can, all that may pay, or that it names."""
    named = battle.among or []
    if battle.mode == Battle.Mode.SIDE_BY_SIDE:
        return named
    up = token_budgets.list_affordable_models(draw.list_drawable_models(battle.among), battle.pool, payer)
    if named and len(up) < draw.MIN_MODELS:
        up = token_budgets.list_affordable_models(named, battle.pool)
        return up if len(up) >= draw.MIN_MODELS else named
    return up


def ask_follow_up(battle: Battle, prompt: str, payer: str = "") -> Turn:
    """The next turn of a battle that is ready; each side sees its own history.

    Raises Refusal: 400 for a bad prompt or `too_long`, 409 `not_ready` or `too_many_turns`, 429 `too_many_running`,
    and as `token_budgets.charge_battle` does.
    """
    check_text(prompt)
    with transaction.atomic():
        running_battles.check_voter_limit(battle.voter_id)
        if not Battle.objects.filter(id=battle.pk, state=Battle.State.READY).update(
            state=Battle.State.ANSWERING, stopped=False
        ):
            refusal = RequestError("not_ready", "A further question can be asked when both sides have answered.", 409)
            raise row_locks.get_change_error(battle, refusal)
        context_limit.check_next_prompt(battle, prompt)
        number = battle.turns.count() + 1
        if number > MAX_TURNS:
            raise RequestError("too_many_turns", f"A battle has at most {MAX_TURNS} turns.", 409)
        _announce_state(battle, Battle.State.ANSWERING)
        turn = _create_turn(battle, number, prompt)
        _charge_tokens(battle, payer)
        return turn


def stop_battle(battle: Battle) -> None:
    """End both answers where they are. Raises Refusal 409 `not_answering`.

    The worker that holds them does it; one that cannot be told sees it at its next heartbeat.
    """
    if not Battle.objects.filter(id=battle.pk, state=Battle.State.ANSWERING).update(stopped=True):
        raise row_locks.get_change_error(battle, RequestError("not_answering", "There is nothing to stop.", 409))
    request_stop(battle.pk)


def retry_answers(battle: Battle, payer: str = "") -> None:
    """Run the failed answers of the last turn again.

    Raises Refusal 409 `not_failed` or `too_late`, 429 `too_many_running`, and as `token_budgets.charge_battle` does.
    """
    last = battle.turns.last()
    if last is None:
        raise row_locks.battle_not_found_error()
    if last.created_at < timezone.now() - IDLE_TIMEOUT:
        raise RequestError("too_late", "This battle is over: it failed too long ago.", 409)
    with transaction.atomic():
        running_battles.check_voter_limit(battle.voter_id)
        failed = Answer.objects.filter(turn=last, state=Answer.State.FAILED)
        open_again = Battle.objects.filter(id=battle.pk, state__in=(Battle.State.VOID, Battle.State.READY))
        if not failed.exists() or not open_again.update(state=Battle.State.ANSWERING, stopped=False):
            raise row_locks.get_change_error(
                battle, RequestError("not_failed", "No answer of the last turn has failed.", 409)
            )
        _record_one_sided_failure(battle, last)
        _charge_tokens(battle, payer)
        failed.update(state=Answer.State.QUEUED, queued_at=Now(), tries=0, text="", failure="", stopped=False)
        _announce_state(battle, Battle.State.ANSWERING)
        transaction.on_commit(lambda: _enqueue_turn(last.pk), robust=True)


def _record_one_sided_failure(battle: Battle, turn: Turn) -> None:
    """Keep which side a question made fail alone: its voter has seen it, and the next try overwrites it."""
    if side := vote_rules.find_failed_side(list(turn.answers.all())):
        Battle.objects.filter(id=battle.pk).update(one_sided=side)


def expire_battles() -> int:
    """Close battles in which nothing was asked for a day and nothing judged; they never reveal. Gives how many."""
    unjudged = Battle.objects.filter(state__in=Battle.UNJUDGED, created_at__lt=Now() - IDLE_TIMEOUT)
    idle = unjudged.filter(~Exists(Turn.objects.filter(battle=OuterRef("pk"), created_at__gt=Now() - IDLE_TIMEOUT)))
    with transaction.atomic():
        # Locked, then looked at again: a question that was on its way at the first look is seen at the second.
        held = list(idle.select_for_update(skip_locked=True).values_list("id", flat=True))
        over = list(idle.filter(id__in=held).values_list("id", flat=True))
        unjudged.filter(id__in=over).update(state=Battle.State.EXPIRED)
    for battle_id in over:
        announce_events(battle_id, ["state", Battle.State.EXPIRED])
    return len(over)


def _announce_state(battle: Battle, state: str) -> None:
    """To the open pages, before a worker hears of it: they take what it says after that."""
    battle.state = state
    transaction.on_commit(lambda: announce_events(battle.pk, ["state", state]), robust=True)


def get_battle(voter_id: UUID, battle_id: UUID) -> Battle:
    """The voter's own battle; anyone else's does not exist for him. Raises Refusal 404."""
    battle = query_battles().filter(id=battle_id, voter=voter_id).first()
    if battle is None:
        raise row_locks.battle_not_found_error()
    return battle


def query_battles() -> QuerySet[Battle]:
    """Battles with all that may be told of them after the vote."""
    models = (f"model_{side}__{fact}" for side in SIDES for fact in ("organization", "license"))
    return Battle.objects.select_related("vote").select_related(*models)


def cast_vote(
    battle: Battle,
    winner: object,
    reasons: object = None,
    comment: object = None,
    source: str = Vote.Source.LIVE,
) -> Vote | None:
    """Judge a battle: exactly one vote each, whatever races. None for a skip.

    Raises Refusal: 400 for an unknown winner, reasons or comment, 409 `not_ready`, `already_voted` or `not_votable`.
    """
    if winner not in (*Vote.Winner.values, SKIP):
        raise field_error("winner", "The winner is one of a, b, tie, both_bad, skip.")
    opinion = feedback.parse_feedback(reasons, comment)
    state = Battle.State.SKIPPED if winner == SKIP else Battle.State.VOTED
    reading = vote_rules.analyze_battle(battle) if battle.state == Battle.State.READY and winner != SKIP else None
    with transaction.atomic():
        if not Battle.objects.filter(id=battle.pk, state=Battle.State.READY).update(state=state):
            raise _build_vote_error(battle.pk)
        battle.refresh_from_db(from_queryset=query_battles())  # a model may have been replaced since it was read
        if not has_own_answer(battle):
            raise RequestError("not_ready", _("Ask a question first: so far nothing was answered in this battle."), 409)
        _announce_state(battle, state)
        if winner == SKIP:
            return None
        battle.standing = load_standing(battle)
        battle.save(update_fields=["standing"])
        reading = vote_rules.confirm_analysis(battle, reading) if reading else vote_rules.analyze_battle(battle)
        return _create_vote(battle, str(winner), reading, source, **opinion)


def has_own_answer(battle: Battle) -> bool:
    """Whether anything was answered in this battle itself, not only in the one that it goes on from."""
    if battle.mode != Battle.Mode.SIDE_BY_SIDE:
        return True
    own = Answer.objects.filter(turn__battle=battle, queued_at__gte=F("turn__battle__created_at"))
    return own.filter(state=Answer.State.FINISHED).exists()


def _create_vote(
    battle: Battle, winner: str, reading: vote_rules.BattleAnalysis, source: str, **opinion: object
) -> Vote:
    reason = vote_rules.find_exclusion_reason(battle, reading)
    vote = Vote.objects.create(
        battle=battle,
        pool=battle.pool,
        source=source,
        model_a_id=battle.model_a_id,
        model_b_id=battle.model_b_id,
        winner=winner,
        voter=battle.voter_id,
        # After a replacement the pair came about in two steps, by either of two ways: its chance is not known.
        propensity=None if battle.replaced else battle.propensity,
        turns=reading.turns,
        categories=reading.categories,
        features=reading.features,
        counted=not reason,
        reason=reason,
        prompt_hash=reading.prompt_hash,
        **opinion,
    )
    vote_cast.send(sender=Vote, vote=vote)
    return vote


def _build_vote_error(battle_id: UUID) -> RequestError:
    battle = Battle.objects.select_related("vote").filter(id=battle_id).first()
    if battle is None:  # deleted at this very moment
        return row_locks.battle_not_found_error()
    if battle.state == Battle.State.ANSWERING:
        return RequestError("not_ready", "Both sides must have answered before the vote.", 409)
    if battle.state == Battle.State.VOTED:
        return RequestError(
            "already_voted", "This battle has its vote already.", 409, vote=feedback.build_vote_data(battle.vote)
        )
    return RequestError("not_votable", "This battle cannot be voted on any more.", 409)
