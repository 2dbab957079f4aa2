"""Finds and draws ready pairs. A ready pair is a published battle or a pair that ships with Arena."""

import random
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Left
from django.utils.translation import gettext as _

from arena.battles import sharing
from arena.battles.sharing import SharedBattle
from arena.identity.voters import keyed_hash
from arena.models import Battle, Turn, Vote
from arena.ready import shipped_pairs
from core.http.errors import RequestError
from core.storage.ttl_cache import TtlCache

MAX_CANDIDATES = 200
CACHE_S = 30
PROMPT_PREVIEW_LENGTH = 300
MAX_SHIPPED_CANDIDATES = 2  # more than one, so that not all new visitors judge the same pair


@dataclass(frozen=True)
class DrawablePair:
    """A pair that can be drawn.

    prompt: the question, of which only the start is loaded for a published battle
    owner: the voter of a published battle, or None for a shipped pair
    """

    id: UUID
    prompt: str
    owner: UUID | None = None


listed_cache: TtlCache[list[DrawablePair]] = TtlCache(max_size=1, seconds=CACHE_S)


@dataclass(frozen=True)
class ReadyPair:
    """A pair that a visitor can judge.

    content: the questions and answers, with the models and the vote of a published battle
    battle: the published battle, or None for a shipped pair
    """

    content: SharedBattle
    battle: Battle | None = None

    @property
    def id(self) -> UUID:
        return self.content.id

    @property
    def hides_names(self) -> bool:
        """Whether the pair's page hides the models until the reader has judged."""
        return self.battle is None or self.battle.hide_names


def parse_id(text: str) -> UUID | None:
    """Return the id in a query parameter, or None if the text is not an id."""
    try:
        return UUID(text)
    except ValueError:
        return None


def get_pair(pair_id: UUID) -> ReadyPair:
    """Return the shipped pair or published battle with this id. Raises RequestError 404 if there is none."""
    if shipped := shipped_pairs.load_pairs().get(pair_id):
        return ReadyPair(shipped_pairs.build_shared_battle(shipped))
    battle = sharing.find_shared_battle(pair_id)
    if battle is None:
        raise not_published_error()
    return ReadyPair(sharing.load_shared_battle(battle), battle)


def not_published_error() -> RequestError:
    return RequestError("not_found", _("This battle was never published, or is no longer published."), 404)


def find_prompt(pair_id: UUID) -> str:
    """Return the first question of a pair, or "" if there is no such pair."""
    if shipped := shipped_pairs.load_pairs().get(pair_id):
        return shipped.prompt
    if sharing.find_shared_battle(pair_id) is None:
        return ""
    return Turn.objects.filter(battle=pair_id, number=1).values_list("prompt", flat=True).first() or ""


def draw_pair(voter_id: UUID, skipped: UUID | None = None) -> DrawablePair | None:
    """Return a random pair that the voter has not judged, or None if there is none.

    Listed battles with one turn come first. If none is left, the draw is among the first `MAX_SHIPPED_CANDIDATES`
    remaining pairs in the file of shipped pairs, which begins with pairs whose answers are short and similar in length.
    The voter's own battles, battles that show the names, and battles whose original vote does not count are not drawn.
    The skipped pair is drawn only if no other is left.
    """
    listed = [pair for pair in listed_cache.get_or_compute("listed", _load_listed_pairs) if pair.owner != voter_id]
    shipped = _list_shipped_pairs()
    items = {pair.id: hash_item(pair.id) for pair in listed + shipped}
    votes = Vote.objects.filter(voter=voter_id, item__in=items.values())
    judged = set(votes.values_list("item", flat=True))
    remaining = [[pair for pair in group if items[pair.id] not in judged] for group in (listed, shipped)]
    for group, max_candidates in zip(remaining, (MAX_CANDIDATES, MAX_SHIPPED_CANDIDATES), strict=True):
        if others := [pair for pair in group if pair.id != skipped]:
            return random.choice(others[:max_candidates])  # noqa: S311  # not a secret
    return next((pair for group in remaining for pair in group), None)


def _load_listed_pairs() -> list[DrawablePair]:
    """Return the newest listed battles that can be drawn."""
    battles = sharing.query_listed_battles().filter(vote__counted=True, hide_names=True)
    newest = battles.annotate(turn_count=Count("turns")).filter(turn_count=1).order_by("-shared_at")[:MAX_CANDIDATES]
    first_turn = Turn.objects.filter(battle=OuterRef("pk"), number=1)
    preview = Subquery(first_turn.values(start=Left("prompt", PROMPT_PREVIEW_LENGTH)))
    rows = newest.annotate(prompt=preview).values_list("pk", "prompt", "voter_id")
    return [DrawablePair(*row) for row in rows]


@cache
def _list_shipped_pairs() -> list[DrawablePair]:
    return [DrawablePair(pair.id, pair.prompt) for pair in shipped_pairs.load_pairs().values()]


def hash_item(pair_id: UUID) -> UUID:
    """Return the `item` of votes on this pair. It identifies the pair even after its battle is deleted."""
    return UUID(keyed_hash("ready", str(pair_id))[:32])
