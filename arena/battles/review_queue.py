"""The review queue of published battles: its limited places, the reports of readers, and the decisions of operators.

A battle without a place is published all the same: its link works, but no operator is asked to review it.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.identity.network_hashes import NETWORK_HASH_RETENTION
from arena.identity.voters import keyed_hash
from arena.models import IS_SHARED, Battle, Report, row_locks
from core.storage import fair_queue

MAX_PER_VOTER = 3
MAX_PER_NETWORK = 10
MAX_WAITING = 200
ADVISORY_LOCK_ID = 7_298_547  # so that battles published at the same time are counted one after another
Review = Battle.Review
UNREVIEWED_STATES = ("", Review.WAITING)
DECISIONS = (Review.LISTED, Review.UNLISTED, Review.WITHDRAWN)
NEEDS_REVIEW = Q(review__in=(Review.WAITING, Review.REPORTED))


def lock_queue() -> None:
    """Lock the queue until the end of the transaction. Call this before any battle is locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK_ID])


def list_waiting() -> QuerySet[Battle]:
    return Battle.objects.filter(IS_SHARED, review=Review.WAITING)


def enqueue_battle(battle: Battle, networks: Sequence[str]) -> None:
    """Give a newly published battle a place, if one is free for its voter and network.

    networks: hashes of the publisher's network; the first one is stored.
    """
    if list_waiting().filter(voter=battle.voter_id).count() >= MAX_PER_VOTER:
        return
    if list_waiting().filter(shared_network__in=networks).count() >= MAX_PER_NETWORK:
        return
    if list_waiting().count() >= MAX_WAITING:
        evicted = fair_queue.choose_evicted(list_waiting(), "shared_network", "shared_at", networks)
        if evicted is None:
            return
        _dequeue_battles(Battle.objects.filter(pk=evicted.pk))
    Battle.objects.filter(pk=battle.pk).update(review=Review.WAITING, shared_network=networks[0])


def _dequeue_battles(battles: QuerySet[Battle], review: str = "") -> int:
    return battles.update(review=review, shared_network="")


def remove_battle(battle: Battle) -> None:
    """Remove a battle that is no longer published. Decisions and reports still apply if it is published again."""
    row = Battle.objects.filter(pk=battle.pk)
    row.update(shared_network="")
    row.filter(review=Review.WAITING).update(review="")


def report_battle(battle: Battle, voter_id: UUID) -> None:
    """Report a battle to the operators. It is listed nowhere until they decide, unless they have reviewed it already.

    Raises RequestError 404 if the battle is deleted at the same time.
    """
    reporter = _hash_reporter(battle, voter_id)
    with transaction.atomic():
        row_locks.lock_battle(battle.pk)
        Report.objects.bulk_create([Report(battle=battle, reporter=reporter)], ignore_conflicts=True)
        Battle.objects.filter(pk=battle.pk, review__in=UNREVIEWED_STATES).update(review=Review.REPORTED)


def has_reported(battle: Battle, voter_id: UUID) -> bool:
    """Whether this reader has reported this battle."""
    return Report.objects.filter(battle=battle, reporter=_hash_reporter(battle, voter_id)).exists()


def _hash_reporter(battle: Battle, voter_id: UUID) -> str:
    return keyed_hash(f"report of {battle.pk}", str(voter_id))


def decide_review(battle_id: UUID, decision: str) -> bool:
    """Store the decision of an operator, one of `DECISIONS`. Returns False if the battle is not published now."""
    shared_battle = Battle.objects.filter(IS_SHARED, pk=battle_id)
    if decision == Review.WITHDRAWN:
        return bool(shared_battle.update(review=decision, shared_network="", shared_at=None))
    return bool(_dequeue_battles(shared_battle, decision))


def expire_reviews() -> int:
    """Delete the hashes of networks of battles that have waited for thirty days. Returns the number of battles.

    Reported ones stay in the queue; the others leave it.
    """
    old = Battle.objects.filter(NEEDS_REVIEW, shared_at__lte=Now() - NETWORK_HASH_RETENTION)
    reported = old.filter(review=Review.REPORTED).exclude(shared_network="").update(shared_network="")
    return reported + _dequeue_battles(old.filter(review=Review.WAITING))
