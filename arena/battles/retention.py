"""Deletes old battles and idle voters in batches, and expires pending reviews, submissions, and network hashes."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from arena.battles import deletion, review_queue
from arena.identity import network_hashes
from arena.models import ApiKey, Battle, Vote, Voter
from catalog.importers import submissions

BATTLE_BATCH_SIZE = 200  # small, because the same worker also computes boards
VOTER_BATCH_SIZE = 5_000
IDLE_VOTER_AGE = timedelta(days=30)


def delete_old_battles() -> int:
    """Delete the next batch of battles older than `ARENA_RETENTION_DAYS`. Return the number of deleted battles.

    Their votes stay, as they do when a voter deletes a battle. Published battles are not deleted.
    """
    days = settings.ENVIRONMENT.arena_retention_days
    if not days:
        return 0
    old_battles = Battle.objects.filter(shared_at=None, created_at__lt=Now() - timedelta(days=days))
    oldest_ids = list(old_battles.order_by("created_at").values_list("pk", flat=True)[:BATTLE_BATCH_SIZE])
    return deletion.delete_battles(old_battles.filter(pk__in=oldest_ids))


def expire_stored_data() -> int:
    """Delete network hashes and pending submissions that are older than 30 days.

    Also remove unreported battles from the review queue after 30 days. Return how many rows were deleted or changed.
    """
    return (
        review_queue.expire_reviews()
        + submissions.expire_submissions(network_hashes.NETWORK_HASH_RETENTION)
        + network_hashes.delete_expired_hashes()
    )


def delete_idle_voters() -> int:
    """Delete voters older than 30 days who have no account, key, battle, or vote. Return how many were deleted."""
    with transaction.atomic():
        # Starting a battle locks its voter. If a battle starts before this lock, the second query below finds it.
        unlocked_voters = _list_idle_voters().select_for_update(skip_locked=True)
        voter_ids = list(unlocked_voters.values_list("pk", flat=True)[:VOTER_BATCH_SIZE])
        deleted_count, _ = _list_idle_voters().filter(pk__in=voter_ids).delete()
        return deleted_count


def _list_idle_voters() -> QuerySet[Voter]:
    voters = Voter.objects.filter(user=None, created_at__lt=Now() - IDLE_VOTER_AGE)
    battles = Battle.objects.filter(voter=OuterRef("pk"))
    # Votes with a battle are covered by `battles`. Excluding the empty hash lets this query use a partial index.
    votes = Vote.objects.filter(voter=OuterRef("pk")).exclude(prompt_hash="")
    keys = ApiKey.objects.filter(voter=OuterRef("pk"))
    return voters.exclude(Exists(battles)).exclude(Exists(votes)).exclude(Exists(keys))
