"""Changes the state of battles, from the first question to the vote. Each change is one conditional UPDATE.

Words: `among` are the contestants that the voter named for a battle, which is then not rated. The *pool* is the set
of votes with which the vote is rated. The *payer* is the client that is charged for tokens, and the *standing* is the
ratings of both contestants before the vote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.answers.announcements import announce_events, request_stop
from arena.answers.tasks import enqueue_turn
from arena.battles.feedback import build_feedback_fields, build_vote_data
from arena.battles.reveal import load_standing
from arena.battles.suggestions import is_suggestion
from arena.endpoints import context_limit, draw, pair_sampler, token_budgets
from arena.identity import quotas
from arena.judging import vote_rules
from arena.models import LIVE_POOL, SIDES, Answer, Battle, Turn, Vote, Voter, battle_lengths, row_locks
from arena.signals import vote_cast
from core.http.errors import RequestError, field_error, sanitize_name
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import set_prefetched
from core.text.storable import is_storable_text

MAX_TURNS = 20
MAX_NAMED_MODELS = 20
IDLE_TIMEOUT = timedelta(hours=24)
MAX_EXPIRED = 10_000  # per run, because each battle is a parameter of one statement
SKIP = "skip"
CHANGEABLE_FIELDS = ("voter_id", "contestant_a_id", "contestant_b_id", "one_sided", "replaced")
MODEL_FIELDS = (
    "open_weights", "parameters_total", "parameters_active", "organization__name", "license__name",
)  # fmt: skip
LOADED_FIELDS = (
    *(field.name for field in Battle._meta.concrete_fields),
    *(f"vote__{field.name}" for field in Vote._meta.concrete_fields),
    *(f"contestant_{side}__{field}" for side in SIDES for field in ("slug", "name")),
    *(f"contestant_{side}__model__{field}" for side in SIDES for field in MODEL_FIELDS),
)


def start_battle(
    voter: Voter,
    prompt: str,
    *,
    mode: str = Battle.Mode.ANONYMOUS,
    models: Sequence[str] | None = None,
    pool: int = LIVE_POOL,
    battle_id: UUID | None = None,
    payer: str = "",
    network: str = "",
) -> Battle:
    """Create a battle between two contestants, drawn at random or named, and queue its first turn.

    The returned battle caches its turn, its answers, and the absence of a vote, so reading these needs no query.

    models: slugs. An anonymous battle draws two of these models, or of all models without `models`. A side-by-side
        battle takes exactly two, in this order. A battle with named models is not rated. Named models are asked even
        while they are out of the draw, because an error would reveal which model has just failed in someone else's
        blind battle.
    battle_id: the id of the new battle
    payer: the client that is charged for the tokens
    network: the hash of the voter's network (see `arena.identity.network_hashes`)

    Raises RequestError 400 for an invalid prompt or model; 503 if fewer than two models are available; 409
    `voter_gone`; 429 `too_many_running`; and the errors from `token_budgets.too_few_models_error` and
    `token_budgets.charge_battle`.
    """
    _check_text(prompt)
    context_limit.check_first_prompt(prompt)
    among = None if models is None else _parse_slugs(mode, models)
    rated_pool = pool if among is None else None
    if mode == Battle.Mode.SIDE_BY_SIDE:
        start = _start_side_by_side(among)
    else:
        start = _draw_blind_start(among, rated_pool, payer)
    with transaction.atomic():
        row_locks.lock_voter(voter.pk)
        quotas.check_running_battles(voter.pk)
        battle = Battle(
            pk=battle_id or uuid4(),
            voter=voter,
            mode=mode,
            pool_id=pool,
            among=among,
            contestant_a_id=start.pair.a,
            contestant_b_id=start.pair.b,
            propensity=start.pair.propensity,
            draw_table_id=start.pair.table,
            prompt_source=Battle.PromptSource.SUGGESTION if is_suggestion(prompt) else Battle.PromptSource.TYPED,
            network=network,
        )
        battle.save(force_insert=True)
        turn = _create_turn(battle, 1, prompt)
        token_budgets.charge_battle(start.charged, rated_pool, len(prompt.encode()), payer)
    Battle.vote.related.set_cached_value(battle, None)
    set_prefetched(battle, "turns", [turn])
    return battle


def _check_text(prompt: str) -> None:
    """Raise RequestError 400 if the question is empty or cannot be stored."""
    if not prompt.strip():
        raise field_error("prompt", _("Write a question first."))
    if not is_storable_text(prompt):
        raise field_error("prompt", _("The question contains invalid characters. Remove them and try again."))


def _parse_slugs(mode: str, slugs: Sequence[str]) -> list[int]:
    """Return the ids of the named contestants, in the same order."""
    max_models = 2 if mode == Battle.Mode.SIDE_BY_SIDE else MAX_NAMED_MODELS
    if not 2 <= len(slugs) <= max_models or len(set(slugs)) < len(slugs):
        detail = _("Choose two different models.") if max_models == 2 else _("Choose two to %(most)s different models.")
        raise field_error("models", detail % {"most": max_models})
    ids = dict(draw.list_enabled().filter(slug__in=slugs).values_list("slug", "pk"))
    if missing := [slug for slug in slugs if slug not in ids]:
        detail = _("The model %(slug)r is not available here. Choose another one.")
        raise field_error("models", detail % {"slug": sanitize_name(missing[0])})
    return [ids[slug] for slug in slugs]


@dataclass(frozen=True)
class _Start:
    """A new battle's pair, and the budgets of the contestants to charge for it."""

    pair: pair_sampler.PairDraw
    charged: token_budgets.Budgets


def _start_side_by_side(named: list[int] | None) -> _Start:
    if named is None:
        raise field_error("models", _("Choose two models for a side-by-side battle."))
    a, b = named
    return _Start(pair_sampler.PairDraw(a, b, propensity=1.0), token_budgets.load_budgets(named))


def _draw_blind_start(among: list[int] | None, pool: int | None, payer: str) -> _Start:
    drawable = draw.load_drawable_budgets(among)
    affordable = token_budgets.select_affordable(drawable, pool, payer)
    pair = draw.draw_pair(affordable, pool)
    if pair is None and among:
        affordable = token_budgets.select_affordable(token_budgets.load_budgets(among), pool)
        pair = draw.draw_pair(affordable, pool)
    if pair is not None:
        return _Start(pair, affordable)
    if among or len(drawable) >= draw.MIN_CONTESTANTS:
        raise token_budgets.too_few_models_error(drawable, pool)
    detail = _("Fewer than two models are available right now. Try again in a moment.")
    raise RequestError("too_few_models", detail, 503, retry_after=10)


def _create_turn(battle: Battle, number: int, prompt: str) -> Turn:
    turn = Turn.objects.create(battle=battle, number=number, prompt=prompt)
    answers = Answer.objects.bulk_create(
        Answer(turn=turn, side=side, contestant_id=getattr(battle, f"contestant_{side}_id")) for side in SIDES
    )
    set_prefetched(turn, "answers", answers)
    transaction.on_commit(lambda: enqueue_turn(turn.pk), robust=True)
    return turn


def _charge_tokens(battle: Battle, payer: str) -> None:
    """Charge for the whole conversation, because models receive it again. Raises the errors from `charge_battle`."""
    token_budgets.charge_battle(
        _select_charged(battle, payer),
        battle.rated_pool,
        battle_lengths.measure_battle_length(battle, battle_lengths.OctetLength),
        payer,
    )


def _select_charged(battle: Battle, payer: str) -> token_budgets.Budgets:
    """Return the contestants to charge: both of a side-by-side battle, or else those that could be drawn now.

    If fewer than two of the named ones could be drawn, return those with budget left, or else all named ones.
    """
    if battle.mode == Battle.Mode.SIDE_BY_SIDE:
        return token_budgets.load_budgets(battle.among or ())
    drawable = draw.load_drawable_budgets(battle.among)
    affordable = token_budgets.select_affordable(drawable, battle.rated_pool, payer)
    if not battle.among or len(affordable) >= draw.MIN_CONTESTANTS:
        return affordable
    named = token_budgets.load_budgets(battle.among)
    affordable = token_budgets.select_affordable(named, battle.rated_pool)
    return affordable if len(affordable) >= draw.MIN_CONTESTANTS else named


def ask_follow_up(battle: Battle, prompt: str, payer: str = "") -> Turn:
    """Add a turn to a battle that is ready. Each model sees its own earlier answers.

    Raises RequestError 400 for an invalid prompt or `too_long`; 409 `not_ready` or `too_many_turns`; 429
    `too_many_running`; and the errors from `token_budgets.charge_battle`.
    """
    _check_text(prompt)
    with transaction.atomic():
        row_locks.lock_voter(battle.voter_id)
        quotas.check_running_battles(battle.voter_id)
        ready_battle = Battle.objects.filter(id=battle.pk, state=Battle.State.READY)
        if not ready_battle.update(state=Battle.State.ANSWERING, stopped=False):
            error = RequestError("not_ready", "You can ask a follow-up once both sides have answered.", 409)
            raise row_locks.replace_error_if_deleted(battle, error)
        context_limit.check_next_prompt(battle, prompt)
        number = battle.turns.count() + 1
        if number > MAX_TURNS:
            detail = f"A battle has at most {MAX_TURNS} turns. Start a new battle to ask more."
            raise RequestError("too_many_turns", detail, 409)
        _announce_state(battle, Battle.State.ANSWERING)
        turn = _create_turn(battle, number, prompt)
        _charge_tokens(battle, payer)
        return turn


def stop_battle(battle: Battle) -> None:
    """Stop both answers and keep the text that is already visible. Raises RequestError 409 `not_answering`.

    The worker that runs the answers stops them immediately, or at its next heartbeat if Redis loses the request.
    """
    if not Battle.objects.filter(id=battle.pk, state=Battle.State.ANSWERING).update(stopped=True):
        error = RequestError("not_answering", "No answer is running, so there is nothing to stop.", 409)
        raise row_locks.replace_error_if_deleted(battle, error)
    request_stop(battle.pk)


def retry_answers(battle: Battle, payer: str = "") -> None:
    """Requeue the failed answers in the last turn.

    Raises RequestError 404 if the battle was deleted; 409 `not_failed` or `too_late`; 429 `too_many_running`;
    and the errors from `token_budgets.charge_battle`.
    """
    with transaction.atomic():
        row_locks.lock_voter(battle.voter_id)
        last_turn = battle.turns.last()  # under the lock, because another tab can ask the next question meanwhile
        if last_turn is None:
            raise row_locks.battle_not_found_error()
        if last_turn.created_at < timezone.now() - IDLE_TIMEOUT:
            raise RequestError("too_late", "This battle failed too long ago to retry. Start a new one.", 409)
        quotas.check_running_battles(battle.voter_id)
        failed_answers = Answer.objects.filter(turn=last_turn, state=Answer.State.FAILED)
        retryable_battle = Battle.objects.filter(id=battle.pk, state__in=(Battle.State.VOID, Battle.State.READY))
        is_retried = failed_answers.exists() and retryable_battle.update(state=Battle.State.ANSWERING, stopped=False)
        if not is_retried:
            error = RequestError("not_failed", "No answer in the last turn failed, so there is nothing to retry.", 409)
            raise row_locks.replace_error_if_deleted(battle, error)
        # The retry overwrites a one-sided failure, which the voter has already seen.
        if side := vote_rules.find_failed_side(list(last_turn.answers.all())):
            Battle.objects.filter(id=battle.pk).update(one_sided=side)
        _charge_tokens(battle, payer)
        failed_answers.update(state=Answer.State.QUEUED, queued_at=Now(), tries=0, text="", failure="", stopped=False)
        _announce_state(battle, Battle.State.ANSWERING)
        transaction.on_commit(lambda: enqueue_turn(last_turn.pk), robust=True)


def expire_battles() -> int:
    """Close battles with neither a vote nor a question in the last `IDLE_TIMEOUT`. Return how many were closed."""
    unjudged_battles = Battle.objects.filter(state__in=Battle.UNJUDGED, created_at__lt=Now() - IDLE_TIMEOUT)
    recent_turns = Turn.objects.filter(battle=OuterRef("pk"), created_at__gt=Now() - IDLE_TIMEOUT)
    idle_battles = unjudged_battles.filter(~Exists(recent_turns))
    with transaction.atomic():
        # Check again under the locks, because a question may have been committed after the first query.
        locked_ids = list(idle_battles.select_for_update(skip_locked=True).values_list("id", flat=True)[:MAX_EXPIRED])
        idle_ids = list(idle_battles.filter(id__in=locked_ids).values_list("id", flat=True))
        unjudged_battles.filter(id__in=idle_ids).update(state=Battle.State.EXPIRED)
    for battle_id in idle_ids:
        announce_events(battle_id, ["state", Battle.State.EXPIRED])
    return len(idle_ids)


def _announce_state(battle: Battle, state: str) -> None:
    """Announce a new state to open pages. Call this before the turn is queued, so that this event is sent first."""
    battle.state = state
    transaction.on_commit(lambda: announce_events(battle.pk, ["state", state]), robust=True)


def get_battle(voter_id: UUID, battle_id: UUID) -> Battle:
    """Return one of this voter's battles. Raises RequestError 404 if it does not exist or belongs to another voter."""
    if battles := BATTLE_OF_VOTER.load(battle_id, voter_id):
        return battles[0]
    raise row_locks.battle_not_found_error()


def query_battles() -> QuerySet[Battle]:
    """Return a queryset of battles with their votes, and with the facts of both contestants that the reveal needs."""
    relations = (f"contestant_{side}__model__{fact}" for side in SIDES for fact in ("organization", "license"))
    return Battle.objects.select_related("vote", *relations).only(*LOADED_FIELDS)


BATTLE_OF_VOTER = CompiledQuery(lambda battle, voter: query_battles().filter(id=battle, voter=voter))


def cast_vote(
    battle: Battle,
    winner: str,
    reasons: Mapping[str, Sequence[str]] | None = None,
    comment: str | None = None,
    voter_kind: str = Vote.VoterKind.PERSON,
) -> Vote | None:
    """Store the vote on a battle and return it, or return None for a skip. Concurrent requests store at most one vote.

    winner, reasons, comment: a valid vote (see `arena.battles.requests.NewVoteSchema`)

    Raises RequestError 409 `not_ready`, `already_voted`, or `not_votable`.
    """
    feedback_fields = build_feedback_fields(reasons, comment)
    state = Battle.State.SKIPPED if winner == SKIP else Battle.State.VOTED
    analysis = vote_rules.analyze_battle(battle) if battle.state == Battle.State.READY and winner != SKIP else None
    with transaction.atomic():
        _end_battle(battle, state)
        if not has_own_answer(battle):
            raise RequestError("not_ready", _("Ask a question first: this battle has no answer yet."), 409)
        _announce_state(battle, state)
        if winner == SKIP:
            return None
        analysis = vote_rules.confirm_analysis(battle, analysis) if analysis else vote_rules.analyze_battle(battle)
        return _create_vote(battle, winner, analysis, voter_kind, **feedback_fields)


def _end_battle(battle: Battle, state: str) -> None:
    """Set a ready battle's final state and, for a vote, its standing. Raises the error from `_build_vote_error`."""
    if not _update_ready_battle(battle, state):
        # Since the battle was loaded, its answers might have been retried or its voter might have logged in.
        row_locks.refresh_battle(battle, from_queryset=query_battles())
        if not _update_ready_battle(battle, state):
            raise _build_vote_error(battle.pk)


def _update_ready_battle(battle: Battle, state: str) -> int:
    """Store the state and the standing, unless the battle is not ready or has changed since it was loaded.

    A retry or a login can change the fields in `CHANGEABLE_FIELDS`. Return the number of updated rows.
    """
    battle.standing = load_standing(battle) if state == Battle.State.VOTED else None
    loaded = {field: getattr(battle, field) for field in CHANGEABLE_FIELDS}
    ready_battle = Battle.objects.filter(pk=battle.pk, state=Battle.State.READY, **loaded)
    return ready_battle.update(state=state, standing=battle.standing)


def has_own_answer(battle: Battle) -> bool:
    """Return whether this battle has a finished answer that was not copied from the battle that it continues."""
    if battle.mode != Battle.Mode.SIDE_BY_SIDE:
        return True
    own_answers = Answer.objects.filter(turn__battle=battle, queued_at__gte=F("turn__battle__created_at"))
    return own_answers.filter(state=Answer.State.FINISHED).exists()


def _create_vote(
    battle: Battle, winner: str, analysis: vote_rules.BattleAnalysis, voter_kind: str, **feedback_fields: object
) -> Vote:
    reason = vote_rules.find_exclusion_reason(battle, analysis)
    vote = Vote(
        battle=battle,
        pool_id=battle.pool_id,
        source=Vote.Source.API if voter_kind == Vote.VoterKind.KEY else Vote.Source.LIVE,
        contestant_a_id=battle.contestant_a_id,
        contestant_b_id=battle.contestant_b_id,
        winner=winner,
        voter=battle.voter_id,
        voter_kind=voter_kind,
        # After a replacement, the pair comes from two draws in an unknown order, so its probability is unknown.
        propensity=None if battle.replaced else battle.propensity,
        draw_table_id=battle.draw_table_id,
        turns=analysis.turns,
        categories=analysis.categories,
        features=analysis.features,
        counted=not reason,
        reason=reason,
        prompt_hash=analysis.prompt_hash,
        network=battle.network,
        **feedback_fields,
    )
    vote.save(force_insert=True)
    vote_cast.send(sender=Vote, vote=vote)
    return vote


def _build_vote_error(battle_id: UUID) -> RequestError:
    battle = Battle.objects.select_related("vote").filter(id=battle_id).first()
    if battle is None:  # deleted in the meantime
        return row_locks.battle_not_found_error()
    if battle.state == Battle.State.ANSWERING:
        return RequestError("not_ready", "You can vote once both sides have answered.", 409)
    if battle.state == Battle.State.VOTED:
        return RequestError("already_voted", "This battle already has a vote.", 409, vote=build_vote_data(battle.vote))
    return RequestError("not_votable", "This battle is closed, so you can no longer vote on it.", 409)
