"""Published battles that wait for an operator: who gets a place, what readers report, and what operators decide.

A battle without a place is published all the same: its link works, and nobody is asked to look at it.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.identity.network_hashes import KEPT
from arena.identity.voters import keyed_hash
from arena.models import SHARED, Battle, Report, row_locks
from core.storage import fair_queue

MOST_OF_VOTER = 3
MOST_OF_NETWORK = 10
MOST = 200
LOCK = 7_298_547  # battles that are published at once are counted one after another
Review = Battle.Review
NOT_LOOKED_AT = ("", Review.WAITING)
DECISIONS = (Review.LISTED, Review.UNLISTED, Review.WITHDRAWN)
OPEN = Q(review__in=(Review.WAITING, Review.REPORTED))  # for an operator


def wait_for_turn() -> None:
    """Until the end of the transaction nobody else changes the queue. Taken before any battle is locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def waiting() -> QuerySet[Battle]:
    return Battle.objects.filter(SHARED, review=Review.WAITING)


def add(battle: Battle, networks: Sequence[str]) -> None:
    """Give a battle that is published just now a place, if there is one for its voter and network.

    networks: hashes of the publisher's network, the one to store first.
    """
    if waiting().filter(voter=battle.voter_id).count() >= MOST_OF_VOTER:
        return
    if waiting().filter(shared_network__in=networks).count() >= MOST_OF_NETWORK:
        return
    if waiting().count() >= MOST:
        evicted = fair_queue.choose_evicted(waiting(), "shared_network", "shared_at", networks)
        if evicted is None:
            return
        _leave(Battle.objects.filter(pk=evicted.pk))
    Battle.objects.filter(pk=battle.pk).update(review=Review.WAITING, shared_network=networks[0])


def _leave(battles: QuerySet[Battle], review: str = "") -> int:
    return battles.update(review=review, shared_network="")


def remove(battle: Battle) -> None:
    """It is not published any more. What an operator decided, or a reader reported, holds if it is published again."""
    own = Battle.objects.filter(pk=battle.pk)
    own.update(shared_network="")
    own.filter(review=Review.WAITING).update(review="")


def report(battle: Battle, voter_id: UUID) -> None:
    """A reader asks an operator to look. Until then it is listed nowhere; what was looked at stays where it is.

    Raises Refusal 404 if the battle was deleted at this very moment.
    """
    reporter = _reporter(battle, voter_id)
    with transaction.atomic():
        row_locks.battle(battle.pk)
        Report.objects.bulk_create([Report(battle=battle, reporter=reporter)], ignore_conflicts=True)
        Battle.objects.filter(pk=battle.pk, review__in=NOT_LOOKED_AT).update(review=Review.REPORTED)


def has_reported(battle: Battle, voter_id: UUID) -> bool:
    """Whether this reader has reported this battle."""
    return Report.objects.filter(battle=battle, reporter=_reporter(battle, voter_id)).exists()


def _reporter(battle: Battle, voter_id: UUID) -> str:
    return keyed_hash(f"report of {battle.pk}", str(voter_id))


def decide(battle_id: UUID, decision: str) -> bool:
    """Store what an operator decided, one of DECISIONS. Returns False for a battle that nobody publishes now."""
    found = Battle.objects.filter(SHARED, pk=battle_id)
    if decision == Review.WITHDRAWN:
        return bool(found.update(review=decision, shared_network="", shared_at=None))
    return bool(_leave(found, decision))


def expire() -> int:
    """Take out of the queue what has waited for thirty days, with the hashes of its networks; returns how many."""
    old = Battle.objects.filter(OPEN, shared_at__lte=Now() - KEPT)
    reported = old.filter(review=Review.REPORTED).exclude(shared_network="").update(shared_network="")
    return reported + _leave(old.filter(review=Review.WAITING))
