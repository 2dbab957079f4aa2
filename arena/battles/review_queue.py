"""The review queue of published battles, with readers' reports and operators' decisions.

The queue is limited. A battle that does not fit is still published and its link works, but operators do not see it in
their queue.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.identity.network_hashes import NETWORK_HASH_RETENTION
from arena.identity.voters import keyed_hash
from arena.models import IS_SHARED, Battle, Report, row_locks
from core.storage import fair_queue
from core.storage.advisory_locks import AdvisoryLock, acquire_lock

MAX_PER_VOTER = 3
MAX_PER_NETWORK = 10
MAX_WAITING = 200
Review = Battle.Review
UNREVIEWED_STATES = ("", Review.WAITING)
DECISIONS = (Review.LISTED, Review.UNLISTED, Review.WITHDRAWN)
NEEDS_REVIEW = Q(review__in=(Review.WAITING, Review.REPORTED))


def lock_queue() -> None:
    """Lock the queue until the end of the transaction. Call this before you lock a battle."""
    acquire_lock(AdvisoryLock.PUBLICATIONS)


def list_waiting() -> QuerySet[Battle]:
    return Battle.objects.filter(IS_SHARED, review=Review.WAITING)


def enqueue_battle(battle: Battle, networks: Sequence[str]) -> None:
    """Queue a newly published battle for review, unless its voter or network already has too many battles waiting.

    If the queue is full, the newest battle of the network with the most battles is removed, or this one is not queued.

    networks: hashes of the voter's network, this week's first. The first one is stored.
    """
    if list_waiting().filter(voter=battle.voter_id).count() >= MAX_PER_VOTER:
        return
    if list_waiting().filter(shared_network__in=networks).count() >= MAX_PER_NETWORK:
        return
    if list_waiting().count() >= MAX_WAITING:
        evicted_battle = fair_queue.choose_row_to_evict(list_waiting(), "shared_network", "shared_at", networks)
        if evicted_battle is None:
            return
        _dequeue_battles(Battle.objects.filter(pk=evicted_battle.pk))
    Battle.objects.filter(pk=battle.pk).update(review=Review.WAITING, shared_network=networks[0])


def _dequeue_battles(battles: QuerySet[Battle], review: str = "") -> int:
    return battles.update(review=review, shared_network="")


def remove_battle(battle: Battle) -> None:
    """Remove an unpublished battle from the queue. Earlier decisions and reports apply if it is published again."""
    row = Battle.objects.filter(pk=battle.pk)
    row.update(shared_network="")
    row.filter(review=Review.WAITING).update(review="")


def report_battle(battle: Battle, voter_id: UUID) -> None:
    """Report a battle to the operators.

    If no operator has reviewed the battle yet, it is not listed until one does. Raises RequestError 404 if the battle
    is deleted at the same time.
    """
    reporter = _hash_reporter(battle, voter_id)
    with transaction.atomic():
        row_locks.lock_battle(battle.pk)
        Report.objects.bulk_create([Report(battle=battle, reporter=reporter)], ignore_conflicts=True)
        Battle.objects.filter(pk=battle.pk, review__in=UNREVIEWED_STATES).update(review=Review.REPORTED)


def has_reported(battle: Battle, voter_id: UUID) -> bool:
    """Return whether this reader has reported this battle."""
    return Report.objects.filter(battle=battle, reporter=_hash_reporter(battle, voter_id)).exists()


def _hash_reporter(battle: Battle, voter_id: UUID) -> str:
    return keyed_hash(f"report of {battle.pk}", str(voter_id))


def record_decision(battle_id: UUID, decision: str) -> bool:
    """Store an operator's decision, one of `DECISIONS`. Return False if the battle is not published."""
    shared_battle = Battle.objects.filter(IS_SHARED, pk=battle_id)
    if decision == Review.WITHDRAWN:
        return bool(shared_battle.update(review=decision, shared_network="", shared_at=None))
    return bool(_dequeue_battles(shared_battle, decision))


def expire_reviews() -> int:
    """Delete the network hashes of battles that have waited for `NETWORK_HASH_RETENTION`.

    Return the number of changed battles. Reported battles stay in the queue. The other battles are removed from it.
    """
    old_battles = Battle.objects.filter(NEEDS_REVIEW, shared_at__lte=Now() - NETWORK_HASH_RETENTION)
    reported_count = old_battles.filter(review=Review.REPORTED).exclude(shared_network="").update(shared_network="")
    return reported_count + _dequeue_battles(old_battles.filter(review=Review.WAITING))
