"""Deletes old data in small batches: old battles, idle voters, expired reviews and hashes of networks."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from arena.battles import deletion, review_queue
from arena.identity import network_hashes
from arena.models import ApiKey, Battle, Vote, Voter
from catalog.importers import submissions

BATTLE_BATCH_SIZE = 200  # per transaction: the same worker computes boards in between
VOTER_BATCH_SIZE = 5_000
IDLE_VOTER_AGE = timedelta(days=30)


def delete_old_battles() -> int:
    """Delete the next batch of battles older than `ARENA_RETENTION_DAYS`, with their texts. Returns their number.

    Their votes stay, as after a deletion by the voter. Published battles stay as long as they are published.
    """
    days = settings.ENVIRONMENT.arena_retention_days
    if not days:
        return 0
    old = Battle.objects.filter(shared_at=None, created_at__lt=Now() - timedelta(days=days))
    oldest = list(old.order_by("created_at").values_list("pk", flat=True)[:BATTLE_BATCH_SIZE])
    return deletion.delete_battles(old.filter(pk__in=oldest))


def delete_network_hashes() -> int:
    """Delete hashes of networks, reviews and submissions that are older than thirty days. Returns their number."""
    return (
        review_queue.expire_reviews()
        + submissions.expire_submissions(network_hashes.NETWORK_HASH_RETENTION)
        + network_hashes.delete_expired_hashes()
    )


def delete_idle_voters() -> int:
    """Delete voters without an account, a key, a battle or a vote after thirty days. Returns their number."""
    with transaction.atomic():
        # A battle locks its voter before it starts. The second query sees that battle, so its voter stays.
        unlocked_voters = _list_idle_voters().select_for_update(skip_locked=True)
        voter_ids = list(unlocked_voters.values_list("pk", flat=True)[:VOTER_BATCH_SIZE])
        deleted_count, _ = _list_idle_voters().filter(pk__in=voter_ids).delete()
        return deleted_count


def _list_idle_voters() -> QuerySet[Voter]:
    voters = Voter.objects.filter(user=None, created_at__lt=Now() - IDLE_VOTER_AGE)
    battles = Battle.objects.filter(voter=OuterRef("pk"))
    # Only votes of deleted battles matter: the others have a battle. The index excludes imported votes.
    votes = Vote.objects.filter(voter=OuterRef("pk")).exclude(prompt_hash="")
    keys = ApiKey.objects.filter(voter=OuterRef("pk"))
    return voters.exclude(Exists(battles)).exclude(Exists(votes)).exclude(Exists(keys))
