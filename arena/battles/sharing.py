"""Publishes battles at the request of their voters. Readers see the conversation but not the voter.

Anyone with the link can read a published battle immediately. `ARENA_SHARING` controls which published battles the model
pages list:

- `moderated`: those that an operator has chosen
- `open`: all except those that readers have reported or an operator has removed from the pages
- `off`: none, and the links do not work either

A battle that hides its models' names is never listed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left, Now
from django.urls import reverse
from django.utils.translation import gettext as _

from arena.answers import battle_view
from arena.battles import review_queue
from arena.battles.transcript import Transcript, TranscriptTurn, hide_contestants
from arena.models import IS_LISTED, IS_SHARED, Answer, Battle, Contestant, Visibility, Vote, row_locks
from core.http.errors import RequestError

MAX_LISTED = 5
MAX_EXCERPT_LENGTH = 600  # characters of each question or answer in a list
LISTED_IF_OPEN = IS_SHARED & Q(review__in=("", Battle.Review.WAITING, Battle.Review.LISTED))


@dataclass(frozen=True)
class SharedBattle:
    """A published battle as readers see it.

    contestants: both contestants, keyed by side
    page_side: the side of the contestant whose page lists the battle
    winner: the vote of the person who asked, as a value of `Vote.Winner`, or "" for a pair that ships with Arena
    reasons: the reasons for the vote, keyed by side
    turns: all turns; in a list of battles, only the first turn, shortened
    """

    id: UUID
    shared_at: datetime
    contestants: dict[str, Contestant]
    page_side: str
    winner: str
    reasons: dict[str, list[str]]
    turn_count: int
    turns: list[TranscriptTurn]

    def mask(self, visibility: Visibility) -> Self:
        """Return the battle without its contestants if the reader may not see them."""
        return self if visibility.names else replace(self, contestants={}, turns=hide_contestants(self.turns))

    @property
    def url(self) -> str:
        return reverse("published-battle", args=[self.id])


def is_sharing_on() -> bool:
    return bool(settings.ENVIRONMENT.arena_sharing != "off")


def is_moderated() -> bool:
    """Return whether model pages list only battles chosen by an operator."""
    return bool(settings.ENVIRONMENT.arena_sharing == "moderated")


def share_battle(battle: Battle, networks: Sequence[str], *, hide_names: bool = False) -> None:
    """Publish this battle, and queue it for review. If it is already published, only set `hide_names`.

    hide_names: hide the models' names on the battle's page until the reader has judged the answers
    networks: see `arena.identity.network_hashes.compute_network_hashes`

    Raises RequestError 403 `sharing_off`; 403 `withdrawn` if an operator has taken the battle down; 404 if it is
    deleted at the same time; and 409 `not_voted` before the vote.
    """
    if not is_sharing_on():
        raise RequestError("sharing_off", _("Publishing is disabled on this site."), 403)
    if battle.state != Battle.State.VOTED:
        raise RequestError("not_voted", _("You can publish a battle after you vote."), 409)
    with transaction.atomic():
        review_queue.lock_queue()
        row_locks.lock_battle(battle.pk)
        row_locks.refresh_battle(battle, fields=["shared_at", "review"])
        if battle.review == Battle.Review.WITHDRAWN:
            detail = _("An operator took this battle down, so you cannot publish it again.")
            raise RequestError("withdrawn", detail, 403)
        Battle.objects.filter(pk=battle.pk).update(hide_names=hide_names)
        if battle.shared_at is None:
            Battle.objects.filter(pk=battle.pk).update(shared_at=Now())
            Vote.objects.filter(battle=battle).update(published=True)
            if not battle.review:
                review_queue.enqueue_battle(battle, networks)
    row_locks.refresh_battle(battle, fields=["shared_at", "review", "hide_names"])


def unshare_battle(battle: Battle) -> None:
    """Unpublish this battle, so that only its voter can read it. Raises RequestError 404 if it has been deleted."""
    with transaction.atomic():
        Battle.objects.filter(pk=battle.pk).update(shared_at=None)
        review_queue.remove_battle(battle)
    row_locks.refresh_battle(battle, fields=["shared_at", "review"])


def find_shared_battle(battle_id: UUID) -> Battle | None:
    """Return the published battle with this id, or None."""
    if not is_sharing_on():
        return None
    return _query_battles().filter(IS_SHARED, pk=battle_id).first()


def load_shared_battle(battle: Battle) -> SharedBattle:
    """Return a published battle with all of its turns."""
    answers = battle_view.load_answers(battle.pk)
    return _build_shared_battle(battle, answers, battle.contestant_a_id, len({answer.turn for answer in answers}))


def list_shared_battles(contestant: Contestant) -> list[SharedBattle]:
    """Return excerpts from a contestant's listed battles, most recently published first, at most `MAX_LISTED`."""
    if contestant.pk is None:  # it has neither an endpoint nor a vote
        return []
    is_in_battle = Q(contestant_a=contestant.pk) | Q(contestant_b=contestant.pk)
    battles = query_listed_battles().filter(is_in_battle, hide_names=False).annotate(turn_count=Count("turns"))
    latest_battles = list(battles.order_by("-shared_at", "pk")[:MAX_LISTED])
    answers: dict[UUID, list[Answer]] = defaultdict(list)
    for answer in _load_excerpts(latest_battles):
        answers[answer.turn.battle_id].append(answer)
    return [
        _build_shared_battle(battle, answers[battle.pk], contestant.pk, battle.turn_count) for battle in latest_battles
    ]


def query_listed_battles() -> QuerySet[Battle]:
    """Return the published battles that other pages may show, in no particular order."""
    if not is_sharing_on():
        return Battle.objects.none()
    return _query_battles().filter(IS_LISTED if is_moderated() else LISTED_IF_OPEN)


def _query_battles() -> QuerySet[Battle]:
    return Battle.objects.select_related("vote", "contestant_a", "contestant_b")


def _load_excerpts(battles: Iterable[Battle]) -> Iterable[Answer]:
    """Yield the answers to the first question in each battle. The database shortens their text, which can be long."""
    first_answers = Answer.objects.filter(turn__battle__in=battles, turn__number=1).select_related("turn__battle")
    excerpts = {
        "prompt_start": Left("turn__prompt", MAX_EXCERPT_LENGTH + 1),
        "text_start": Left("text", MAX_EXCERPT_LENGTH + 1),
    }
    answers: QuerySet[Any] = first_answers.defer("text", "reasoning", "turn__prompt").annotate(**excerpts)
    for answer in answers.order_by("side"):
        answer.text = _truncate_text(answer.text_start)
        answer.turn.prompt = _truncate_text(answer.prompt_start)
        yield answer


def _truncate_text(text: str) -> str:
    return text if len(text) <= MAX_EXCERPT_LENGTH else f"{text[:MAX_EXCERPT_LENGTH].rstrip()} …"


def _build_shared_battle(
    battle: Battle, answers: Iterable[Answer], page_contestant: int, turn_count: int
) -> SharedBattle:
    transcript = Transcript.build(battle, answers, Visibility.of_reader(hides_names=False, has_judged=False))
    return SharedBattle(
        id=battle.pk,
        shared_at=battle.shared_at,  # type: ignore[arg-type]  # all callers pass published battles
        contestants=transcript.contestants,
        page_side="a" if battle.contestant_a_id == page_contestant else "b",
        winner=battle.vote.winner,
        reasons=battle.vote.reasons,
        turn_count=turn_count,
        turns=transcript.turns,
    )
