"""Published battles that wait for an operator: who gets a place, what readers report, and what operators decide.

A battle without a place is published all the same: its link works, and nobody is asked to look at it.
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
ADVISORY_LOCK_ID = 7_298_547  # battles that are published at once are counted one after another
Review = Battle.Review
UNREVIEWED_STATES = ("", Review.WAITING)
DECISIONS = (Review.LISTED, Review.UNLISTED, Review.WITHDRAWN)
NEEDS_REVIEW = Q(review__in=(Review.WAITING, Review.REPORTED))  # for an operator


def lock_queue() -> None:
    """Until the end of the transaction nobody else changes the queue. Taken before any battle is locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK_ID])


def list_waiting() -> QuerySet[Battle]:
    return Battle.objects.filter(IS_SHARED, review=Review.WAITING)


def enqueue_battle(battle: Battle, networks: Sequence[str]) -> None:
    """Give a battle that is published just now a place, if there is one for its voter and network.

    networks: hashes of the publisher's network, the one to store first.
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
    """It is not published any more. What an operator decided, or a reader reported, holds if it is published again."""
    own = Battle.objects.filter(pk=battle.pk)
    own.update(shared_network="")
    own.filter(review=Review.WAITING).update(review="")


def report_battle(battle: Battle, voter_id: UUID) -> None:
    """A reader asks an operator to look. Until then it is listed nowhere; what was looked at stays where it is.

    Raises Refusal 404 if the battle was deleted at this very moment.
    """
    reporter = _reporter(battle, voter_id)
    with transaction.atomic():
        row_locks.lock_battle(battle.pk)
        Report.objects.bulk_create([Report(battle=battle, reporter=reporter)], ignore_conflicts=True)
        Battle.objects.filter(pk=battle.pk, review__in=UNREVIEWED_STATES).update(review=Review.REPORTED)


def has_reported(battle: Battle, voter_id: UUID) -> bool:
    """Whether this reader has reported this battle."""
    return Report.objects.filter(battle=battle, reporter=_reporter(battle, voter_id)).exists()


def _reporter(battle: Battle, voter_id: UUID) -> str:
    return keyed_hash(f"report of {battle.pk}", str(voter_id))


def decide_review(battle_id: UUID, decision: str) -> bool:
    """Store what an operator decided, one of DECISIONS. Returns False for a battle that nobody publishes now."""
    found = Battle.objects.filter(IS_SHARED, pk=battle_id)
    if decision == Review.WITHDRAWN:
        return bool(found.update(review=decision, shared_network="", shared_at=None))
    return bool(_dequeue_battles(found, decision))


def expire_reviews() -> int:
    """Take out of the queue what has waited for thirty days, with the hashes of its networks; returns how many."""
    old = Battle.objects.filter(NEEDS_REVIEW, shared_at__lte=Now() - NETWORK_HASH_RETENTION)
    reported = old.filter(review=Review.REPORTED).exclude(shared_network="").update(shared_network="")
    return reported + _dequeue_battles(old.filter(review=Review.WAITING))
