"""Limits on the number of battles in progress per voter and per network.

PostgreSQL can count a voter's battles in progress, but it does not store voters' addresses. Redis therefore stores the
ids of the battles that each network has started. A script adds the id of a new battle if the network is below its
limit. If a network reaches its limit, the ids of battles that have ended according to PostgreSQL are removed. Nothing
has to be released when a battle ends, so a worker that dies cannot reduce a network's limit permanently.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from arena.identity.limits import LIMITS
from arena.models import Battle
from core.http.errors import RequestError
from core.storage import shared_slots
from core.storage.redis_clients import redis_circuit

if TYPE_CHECKING:
    from arena.identity.limits import Slots

RETRY_AFTER_S = 5
# A battle younger than this counts even if PostgreSQL does not have it, because it might not be committed yet.
COMMIT_GRACE_S = 3
LIMIT = cast("Slots", LIMITS["running"])


def check_voter_limit(voter_id: UUID) -> None:
    """Raise RequestError 429 `too_many_running` if the voter has too many battles in progress.

    Call this in the transaction that starts the answers, after locking the voter's row. The lock lets concurrent
    requests see each other's battles. Does nothing if battles per hour are not limited.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour:
        return
    maximum = cast("int", LIMIT.per_voter)
    if Battle.objects.filter(voter=voter_id, state=Battle.State.ANSWERING).count() >= maximum:
        detail = _("You have %(limit)s battles in progress. Wait until one of them finishes, then try again.")
        raise _too_many_running_error(detail % {"limit": maximum})


def reserve_battle(maximums: Mapping[str, int], battle_id: UUID) -> None:
    """Count a battle for its networks and its account. Raises RequestError 429 `too_many_running` if one is full.

    While Redis is down, battles are not counted, and only the voter's limit and the hourly limits apply.

    maximums: the maximum number of battles, keyed by network and account
    """
    if not redis_circuit.run(lambda: _reserve(maximums, battle_id), lambda: True):
        raise _too_many_running_error(
            _("Too many battles from your account or your network are in progress. Wait a few seconds, then try again.")
        )


def release_battle(clients: Iterable[str], battle_id: UUID) -> None:
    """Undo `reserve_battle` for a battle that was not started."""
    limits = [_name_limit(client) for client in clients]
    redis_circuit.run(lambda: shared_slots.remove_slots([(str(battle_id), limits)]), lambda: None)


def _name_limit(client: str) -> str:
    return f"{LIMIT.name}:{client}"


def _reserve(maximums: Mapping[str, int], battle_id: UUID) -> bool:
    """Return whether all clients have room for the battle."""
    limits = {_name_limit(client): maximum for client, maximum in maximums.items()}
    for _attempt in range(len(limits) + 1):  # all attempts but the last make room for a client that has none
        reached = shared_slots.take_slot(str(battle_id), limits, LIMIT.ttl_s)
        if reached is None:
            return True
        if not _remove_ended_battles(reached.name):
            break
    return False


def _remove_ended_battles(limit: str) -> int:
    """Remove the battles that are no longer in progress. Return how many were removed."""
    battle_ids = shared_slots.list_slots(limit, LIMIT.ttl_s - COMMIT_GRACE_S)
    answering = Battle.objects.filter(pk__in=battle_ids, state=Battle.State.ANSWERING).values_list("pk", flat=True)
    ended = battle_ids - set(map(str, answering))
    shared_slots.remove_slots((battle_id, [limit]) for battle_id in ended)
    return len(ended)


def _too_many_running_error(detail: str) -> RequestError:
    return RequestError("too_many_running", detail, 429, retry_after=RETRY_AFTER_S)
