"""Battles that their voters publish: their texts, and never who asked.

Anyone with the link of one reads it at once. `ARENA_SHARING` says which ones the pages of their models list: none
(`off`, and then nobody reads any), those that an operator has chosen (`moderated`), or all that nobody has reported
(`open`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left, Now
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from arena.answers import battle_view
from arena.battles import review_queue
from arena.models import IS_LISTED, IS_SHARED, SIDES, Answer, Battle, Turn, Vote, row_locks
from core.http.errors import RequestError

MAX_LISTED = 5
MAX_EXCERPT_LENGTH = 600  # characters of a question and of an answer; the page of the battle has all
OFF, MODERATED = "off", "moderated"
LISTED_IF_OPEN = IS_SHARED & Q(review__in=("", Battle.Review.WAITING, Battle.Review.LISTED))


@dataclass(frozen=True)
class SharedAnswer:
    """What one side answered; `html` is sanitised, and empty where there is no answer."""

    side: str
    text: str
    html: SafeString


@dataclass(frozen=True)
class SharedTurn:
    prompt: str
    sides: list[SharedAnswer]


@dataclass(frozen=True)
class SharedBattle:
    """`models` as side → (slug, name); `own`: the side of the model that was asked for; `winner` as in `Vote`.

    Where it is listed, `exchanges` has the first turn alone, cut.
    """

    id: UUID
    shared_at: datetime
    models: dict[str, tuple[str, str]]
    own: str
    winner: str
    turn_count: int
    exchanges: list[SharedTurn]


def is_sharing_on() -> bool:
    return _get_sharing_mode() != OFF


def is_moderated() -> bool:
    """Whether the pages of models list only what an operator has chosen."""
    return _get_sharing_mode() == MODERATED


def _get_sharing_mode() -> str:
    return settings.ENVIRONMENT.arena_sharing


def share_battle(battle: Battle, networks: Sequence[str]) -> None:
    """Let everybody with its link read this battle, and ask an operator to look at it.

    networks: see `arena.identity.network_hashes.compute_network_hashes`. Raises Refusal 403 `sharing_off`, or
    `withdrawn` after an operator took it down; 404; 409 `not_voted` before the vote."""
    if not is_sharing_on():
        raise RequestError("sharing_off", _("Publishing battles is switched off in this arena."), 403)
    if battle.state != Battle.State.VOTED:
        raise RequestError("not_voted", _("A battle can be published after the vote."), 409)
    with transaction.atomic():
        review_queue.lock_queue()
        row_locks.lock_battle(battle.pk)
        row_locks.refresh_battle(battle, fields=["shared_at", "review"])
        if battle.review == Battle.Review.WITHDRAWN:
            raise RequestError("withdrawn", _("An operator took this battle down. It cannot be published again."), 403)
        if battle.shared_at is None:
            _mark_shared(battle, networks)
    row_locks.refresh_battle(battle, fields=["shared_at", "review"])


def _mark_shared(battle: Battle, networks: Sequence[str]) -> None:
    Battle.objects.filter(pk=battle.pk).update(shared_at=Now())
    Vote.objects.filter(battle=battle).update(published=True)
    if not battle.review:
        review_queue.enqueue_battle(battle, networks)


def unshare_battle(battle: Battle) -> None:
    """Let nobody but its voter read this battle. Raises Refusal 404."""
    with transaction.atomic():
        Battle.objects.filter(pk=battle.pk).update(shared_at=None)
        review_queue.remove_battle(battle)
    row_locks.refresh_battle(battle, fields=["shared_at", "review"])


def find_shared_battle(battle_id: UUID) -> Battle | None:
    """A battle that whoever has its link may read, or None."""
    return _query_battles().filter(IS_SHARED, pk=battle_id).first() if is_sharing_on() else None


def load_shared_battle(battle: Battle) -> SharedBattle:
    """All of a published battle."""
    answers = battle_view.load_answers(battle.pk)
    return _build_shared_battle(battle, answers, battle.model_a_id, len({answer.turn for answer in answers}))


def list_shared_battles(key: int) -> list[SharedBattle]:
    """The five that were published last of those that are listed and that this model fought, cut."""
    if not is_sharing_on():
        return []
    listed = IS_LISTED if is_moderated() else LISTED_IF_OPEN
    fought = _query_battles().filter(listed, Q(model_a=key) | Q(model_b=key)).annotate(turn_count=Count("turns"))
    found = fought.order_by("-shared_at", "pk")[:MAX_LISTED]
    answers: dict[UUID, list[Answer]] = defaultdict(list)
    for answer in _load_excerpts(list(found)):
        answers[answer.turn.battle_id].append(answer)
    return [_build_shared_battle(battle, answers[battle.pk], key, battle.turn_count) for battle in found]


def _query_battles() -> QuerySet[Battle]:
    return Battle.objects.select_related("vote", "model_a", "model_b")


def _load_excerpts(battles: Iterable[Battle]) -> Iterable[Answer]:
    """Both answers to the first question of each, cut where they are read: they may be long."""
    first = Answer.objects.filter(turn__battle__in=battles, turn__number=1).select_related("turn__battle")
    starts = {"question": Left("turn__prompt", MAX_EXCERPT_LENGTH + 1), "start": Left("text", MAX_EXCERPT_LENGTH + 1)}
    answers: QuerySet[Any] = first.defer("text", "reasoning", "turn__prompt").annotate(**starts)
    for answer in answers.order_by("side"):
        answer.text = _truncate_text(answer.start)
        answer.turn.prompt = _truncate_text(answer.question)
        yield answer


def _truncate_text(text: str) -> str:
    return text if len(text) <= MAX_EXCERPT_LENGTH else f"{text[:MAX_EXCERPT_LENGTH].rstrip()} …"


def _build_shared_battle(battle: Battle, answers: Iterable[Answer], key: int, turn_count: int) -> SharedBattle:
    sides: dict[Turn, list[SharedAnswer]] = defaultdict(list)
    view = battle_view.build_battle_view(answers)
    for answer in answers:
        html = mark_safe(view.side(answer.turn.number, answer.side).html)  # noqa: S308  # sanitised by arena.answers.markdown
        sides[answer.turn].append(SharedAnswer(answer.side, answer.text, html))
    models = {side: getattr(battle, f"model_{side}") for side in SIDES}
    return SharedBattle(
        id=battle.pk,
        shared_at=battle.shared_at,  # type: ignore[arg-type]  # only published ones come here
        models={side: (model.slug, model.name) for side, model in models.items()},
        own="a" if battle.model_a_id == key else "b",
        winner=battle.vote.winner,
        turn_count=turn_count,
        exchanges=[SharedTurn(turn.prompt, said) for turn, said in sides.items()],
    )


def build_shared_battle_data(shared: SharedBattle) -> dict[str, Any]:
    return {
        "id": shared.id,
        "url": reverse("published-battle", args=[shared.id]),
        "shared_at": shared.shared_at,
        "models": {side: slug for side, (slug, _) in shared.models.items()},
        "winner": shared.winner,
        "turn_count": shared.turn_count,
        "turns": [
            {"prompt": each.prompt, "answers": {said.side: said.text for said in each.sides}}
            for each in shared.exchanges
        ],
    }
