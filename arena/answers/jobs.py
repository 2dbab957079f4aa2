"""From a claimed turn to what each side's model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from arena.answers import leases
from arena.answers.attempt_tags import derive_attempt_tag
from arena.endpoints.backends.protocol import Message, Request
from arena.endpoints.model_requests import build_request
from arena.models import LIVE_POOL, Answer, Battle, Turn


@dataclass(frozen=True)
class SideJob:
    """What one side has to do: the answer it holds, and the question in the words of its backend. `derive_attempt_tag`
    names the attempt to those who read."""

    answer_id: int
    attempt: int
    tag: str
    tries: int
    side: str
    endpoint_id: int
    kind: str
    max_concurrency: int | None
    first_token_timeout_s: float | None
    battle_id: str
    shared: bool  # battles that are not drawn blind from all models share half of the places
    request: Request


@dataclass(frozen=True)
class TurnJob:
    """A turn in this worker's hands, with the sides that are to be answered."""

    battle_id: str
    turn_id: int
    number: int
    blind: bool
    paced: bool
    replaceable: bool
    stopped: bool
    sides: tuple[SideJob, ...]

    @property
    def lone(self) -> bool:
        """One side is answered by itself: the other has its answer already, or another worker."""
        return len(self.sides) == 1


def claim_jobs(turn_ids: Sequence[int]) -> list[TurnJob | None]:
    """Claim these turns and say what is to be done; None where another worker was quicker."""
    claims = {turn: claimed for turn, claimed in zip(turn_ids, leases.claim_answers(turn_ids), strict=True) if claimed}
    jobs = {job.turn_id: job for job in _load_jobs(claims)}
    return [jobs.pop(turn_id, None) for turn_id in turn_ids]


def reap_jobs(requests: Sequence[None]) -> list[list[TurnJob]]:
    """Claim what is left lying about; what is found goes to the first who asked."""
    jobs = _load_jobs(leases.reap_answers())
    return [jobs if n == 0 else [] for n in range(len(requests))]


def load_side_job(turn_id: int, answer_id: int) -> SideJob:
    """The question of one side as its answer stands now, after its model has changed."""
    turn = Turn.objects.select_related("battle").get(id=turn_id)
    answers = list(_list_answers([turn_id]))
    answer = next(answer for answer in answers if answer.pk == answer_id)
    return _build_side_job(turn, answer, answer.attempt, answers)


def _list_answers(turn_ids: list[int]) -> QuerySet[Answer]:
    """All answers of the battles of these turns, in order."""
    answers = Answer.objects.select_related("model__endpoint", "turn")
    return answers.filter(turn__battle__turns__in=turn_ids).order_by("turn__number", "side").distinct()


def _load_jobs(claims: dict[int, dict[int, int]]) -> list[TurnJob]:
    wanted = [turn_id for turn_id, claimed in claims.items() if claimed]
    turns = Turn.objects.filter(id__in=wanted).select_related("battle")
    by_battle: dict[object, list[Answer]] = {}
    for answer in _list_answers(wanted):
        by_battle.setdefault(answer.turn.battle_id, []).append(answer)
    return [_build_job(turn, claims[turn.pk], by_battle[turn.battle_id]) for turn in turns]


def _build_job(turn: Turn, claimed: dict[int, int], answers: list[Answer]) -> TurnJob:
    mine = [answer for answer in answers if answer.pk in claimed]
    blind = turn.battle.mode == Battle.Mode.ANONYMOUS
    return TurnJob(
        battle_id=str(turn.battle_id),
        turn_id=turn.pk,
        number=turn.number,
        blind=blind,
        paced=blind and settings.ENVIRONMENT.arena_pace_anonymous,
        replaceable=blind and turn.number == 1,
        stopped=turn.battle.stopped,
        sides=tuple(_build_side_job(turn, answer, claimed[answer.pk], answers) for answer in mine),
    )


def _build_side_job(turn: Turn, answer: Answer, attempt: int, answers: list[Answer]) -> SideJob:
    endpoint = answer.model.endpoint
    return SideJob(
        answer_id=answer.pk,
        attempt=attempt,
        tag=derive_attempt_tag(answer.pk, attempt),
        tries=answer.tries,
        side=answer.side,
        endpoint_id=endpoint.pk,
        kind=endpoint.kind,
        max_concurrency=endpoint.max_concurrency,
        first_token_timeout_s=endpoint.first_token_timeout_s,
        battle_id=str(turn.battle_id),
        shared=turn.battle.mode != Battle.Mode.ANONYMOUS or turn.battle.pool != LIVE_POOL,
        request=build_request(endpoint, (*_build_history(turn, answer.side, answers), Message("user", turn.prompt))),
    )


def _build_history(turn: Turn, side: str, answers: list[Answer]) -> list[Message]:
    """This side's own view of the conversation: the turns that it answered."""
    history = []
    for answer in answers:
        if answer.side == side and answer.turn.number < turn.number and answer.state == Answer.State.FINISHED:
            history += [Message("user", answer.turn.prompt), Message("assistant", answer.text)]
    return history
