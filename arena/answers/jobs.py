"""Claims turns and builds their jobs: the requests to the contestants of the claimed sides."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models.expressions import RawSQL

from arena.answers import leases, slots
from arena.answers.announcements import derive_attempt_tag
from arena.endpoints.backends.protocol import Message, Request
from arena.endpoints.model_requests import build_request, get_endpoint, get_max_tokens
from arena.identity import hash_key
from arena.models import LIVE_POOL, Answer, Battle, Endpoint, Turn, Visibility
from core.storage.compiled_queries import CompiledQuery

# The fields that a job needs, including all that the contestant sends and all fields of its endpoint.
ANSWER_FIELDS = (
    "side", "state", "attempt", "tries", "text", "turn__number", "turn__prompt",
    "turn__battle__mode", "turn__battle__pool__paced", "turn__battle__among", "turn__battle__stopped",
    *(f"contestant__{name}" for name in (
        "slug", "system", "max_tokens", "thinking_tokens", "temperature", "parameters", "headers", "conversation_field",
    )),
    *(f"contestant__endpoint__{field.name}" for field in Endpoint._meta.fields),
)  # fmt: skip
BATTLES_OF_TURNS_SQL = "SELECT battle_id FROM arena_turn WHERE id = ANY(%s)"
# All answers in the battles of these turns, ordered by turn and side.
ANSWERS_OF_BATTLES = CompiledQuery(
    lambda turn_ids: (
        Answer.objects.filter(turn__battle__in=RawSQL(BATTLES_OF_TURNS_SQL, [turn_ids]))  # noqa: S611  # a constant
        .select_related("contestant__endpoint", "turn__battle__pool")
        .only(*ANSWER_FIELDS)
        .order_by("turn__number", "side")
    )
)


@dataclass(frozen=True)
class SideJob:
    """The job of answering one side, with the request for its backend. `tag` is the public tag of the attempt."""

    answer_id: int
    attempt: int
    tag: str
    tries: int
    side: str
    endpoint: Endpoint
    battle_id: str | None
    shared: bool  # True unless the battle is rated in the live pool (see `arena.answers.slots`)
    request: Request
    holder: UUID | None = None  # identifies the call if a slot has already been taken for it


@dataclass(frozen=True)
class TurnJob:
    """A turn that this worker has claimed, with one job for each side that it must answer.

    If there is only one, the other side is finished, or another worker answers it. A single answer is treated as side
    a of a turn without a battle, although its row has no turn and no side. Nobody reads it meanwhile.
    """

    battle_id: str | None
    turn_id: int | None
    number: int
    visibility: Visibility  # what the voter may see until the turn has ended
    paced: bool  # whether the release clock paces the text
    replaceable: bool  # whether a contestant that fails can be replaced (see `arena.answers.failover`)
    stopped: bool
    sides: tuple[SideJob, ...]

    @property
    def is_single(self) -> bool:
        return self.turn_id is None

    @property
    def key(self) -> int:
        """Identifies the turn, or, as a negative number, the single answer."""
        return -self.sides[0].answer_id if self.turn_id is None else self.turn_id


def claim_jobs(turn_ids: Sequence[int]) -> list[TurnJob | None]:
    """Claim turns. Return the job of each turn in order, or None if another worker has claimed it."""
    jobs = {job.turn_id: job for job in _load_jobs(leases.claim_answers(turn_ids))}
    return [jobs.pop(turn_id, None) for turn_id in turn_ids]


def reap_jobs(requests: Sequence[Collection[int]]) -> list[list[TurnJob]]:
    """Claim orphaned and overdue turns. The first request gets all of their jobs.

    requests: one collection per call, with the ids of the turns that the worker is still answering (see
        `leases.reap_answers`)
    """
    jobs = _load_jobs(leases.reap_answers({turn_id for own_turn_ids in requests for turn_id in own_turn_ids}))
    return [jobs, *([] for _ in requests[1:])]


def load_single_jobs(attempts: Mapping[int, int], holders: Mapping[int, UUID]) -> list[TurnJob]:
    """Return the jobs of claimed single answers.

    attempts: their attempts, keyed by answer id
    holders: identify the calls for which slots have been taken, keyed by answer id
    """
    answers = Answer.objects.filter(pk__in=attempts).select_related("contestant__endpoint", "question").order_by("pk")
    return [_build_single_job(answer, holders.get(answer.pk)) for answer in answers] if attempts else []


def _build_single_job(answer: Answer, holder: UUID | None) -> TurnJob:
    side = SideJob(
        answer_id=answer.pk,
        attempt=answer.attempt,
        tag="",
        tries=answer.tries,
        side="a",
        endpoint=get_endpoint(answer.contestant),
        battle_id=None,
        shared=True,
        request=build_request(answer.contestant, (Message("user", answer.question.text),), uuid4().hex),
        holder=holder,
    )
    return TurnJob(
        battle_id=None,
        turn_id=None,
        number=1,
        visibility=Visibility.of_voter(Battle.Mode.SIDE_BY_SIDE, Battle.State.ANSWERING),
        paced=False,
        replaceable=False,
        stopped=False,
        sides=(side,),
    )


def load_side_job(turn_id: int, answer_id: int) -> SideJob:
    """Return one side's job from the current rows in the database. Call this after a replacement."""
    answers = ANSWERS_OF_BATTLES.load([turn_id])
    answer = next(answer for answer in answers if answer.pk == answer_id)
    return _build_side_job(answer, answer.attempt, answers)


def _load_jobs(claims: leases.Claims) -> list[TurnJob]:
    """Return the jobs of claimed turns."""
    if not claims:
        return []
    answers_by_battle: dict[UUID, list[Answer]] = {}
    for answer in ANSWERS_OF_BATTLES.load(list(claims)):
        answers_by_battle.setdefault(answer.turn.battle_id, []).append(answer)
    turns = {answer.turn_id: answer.turn for answers in answers_by_battle.values() for answer in answers}
    jobs = [
        _build_job(turns[turn_id], attempts, answers_by_battle[turns[turn_id].battle_id])
        for turn_id, attempts in claims.items()
    ]
    # Slots that are free are taken with the claim, so that the calls need not wait for another transaction.
    limited = [side for job in jobs for side in job.sides if side.endpoint.max_concurrency]
    holders = slots.take_at_once([(side.answer_id, side.endpoint.pk, side.shared) for side in limited])
    return [
        replace(job, sides=tuple(replace(side, holder=holders.get(side.answer_id)) for side in job.sides))
        for job in jobs
    ]


def _build_job(turn: Turn, attempts: dict[int, int], answers: list[Answer]) -> TurnJob:
    visibility = Visibility.of_voter(turn.battle.mode, Battle.State.ANSWERING)
    return TurnJob(
        battle_id=str(turn.battle_id),
        turn_id=turn.pk,
        number=turn.number,
        visibility=visibility,
        paced=not visibility.names and turn.battle.pool.paced and settings.ENVIRONMENT.arena_pace_anonymous,
        replaceable=not visibility.names and turn.number == 1,
        stopped=turn.battle.stopped,
        sides=tuple(
            _build_side_job(answer, attempts[answer.pk], answers) for answer in answers if answer.pk in attempts
        ),
    )


def _build_side_job(answer: Answer, attempt: int, answers: list[Answer]) -> SideJob:
    """Return the job of an answer. `answers` are all answers of its battle.

    In a blind battle, the answers of both sides have the same maximum length, because the place where an answer is cut
    off would reveal which side has which contestant.
    """
    contestant = answer.contestant
    turn = answer.turn
    messages = (*_build_history(turn, answer.side, answers), Message("user", turn.prompt))
    request = build_request(contestant, messages, _derive_conversation(answer))
    if turn.battle.mode == Battle.Mode.ANONYMOUS:
        contestants = [other.contestant for other in answers if other.turn_id == turn.pk]
        request = replace(request, max_tokens=min(map(get_max_tokens, contestants)))
    return SideJob(
        answer_id=answer.pk,
        attempt=attempt,
        tag=derive_attempt_tag(answer.pk, attempt),
        tries=answer.tries,
        side=answer.side,
        endpoint=get_endpoint(contestant),
        battle_id=str(turn.battle_id),
        shared=turn.battle.rated_pool != LIVE_POOL,
        request=request,
    )


def _derive_conversation(answer: Answer) -> str:
    """Return the value of the contestant's conversation field: the same in all turns of a battle's side.

    It cannot be derived from public ids, so that the provider cannot find the battle of a conversation.
    """
    conversation = f"conversation:{answer.turn.battle_id}:{answer.side}:{answer.contestant_id}"
    return hash_key.compute_hmac(conversation)[:32]


def _build_history(turn: Turn, side: str, answers: list[Answer]) -> list[Message]:
    """Return this side's messages from the earlier turns that it answered."""
    history = []
    for answer in answers:
        if answer.side == side and answer.turn.number < turn.number and answer.state == Answer.State.FINISHED:
            history += [Message("user", answer.turn.prompt), Message("assistant", answer.text)]
    return history
