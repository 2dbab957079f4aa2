"""What goes by itself, a little at a time: old texts, voters who left nothing, and what waited for too long."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from arena.battles import deletion, review_queue
from arena.identity import network_hashes
from arena.models import ApiKey, Battle, Vote, Voter
from catalog.importers import submissions

BATTLE_BATCH_SIZE = 200  # battles in one transaction; the worker that does it computes boards in between
VOTER_BATCH_SIZE = 5_000
IDLE_VOTER_AGE = timedelta(days=30)


def delete_old_battles() -> int:
    """Delete the next battles that are older than `ARENA_RETENTION_DAYS`, with their texts; returns how many.

    Their votes stay, as after a deletion by their voters. A published battle stays as long as it is published.
    """
    days = settings.ENVIRONMENT.arena_retention_days
    if not days:
        return 0
    old = Battle.objects.filter(shared_at=None, created_at__lt=Now() - timedelta(days=days))
    oldest = list(old.order_by("created_at").values_list("pk", flat=True)[:BATTLE_BATCH_SIZE])
    return deletion.delete_battles(old.filter(pk__in=oldest))


def delete_network_hashes() -> int:
    """Delete the hashes of networks, and what has waited for an operator, after thirty days; returns how many."""
    return (
        review_queue.expire_reviews()
        + submissions.expire_submissions(network_hashes.NETWORK_HASH_RETENTION)
        + network_hashes.delete_expired_hashes()
    )


def delete_idle_voters() -> int:
    """Delete voters without an account, a key, a battle or a vote after thirty days; returns how many."""
    with transaction.atomic():
        # Whoever starts a battle locks the voter first: afterwards it is seen, and the voter stays.
        locked = list(
            _list_idle_voters().select_for_update(skip_locked=True).values_list("pk", flat=True)[:VOTER_BATCH_SIZE]
        )
        return _list_idle_voters().filter(pk__in=locked).delete()[0]


def _list_idle_voters() -> QuerySet[Voter]:
    voters = Voter.objects.filter(user=None, created_at__lt=Now() - IDLE_VOTER_AGE)
    battles = Battle.objects.filter(voter=OuterRef("pk"))
    # Those of deleted battles; the others come with a battle. By an index, which has no imported votes.
    votes = Vote.objects.filter(voter=OuterRef("pk")).exclude(prompt_hash="")
    keys = ApiKey.objects.filter(voter=OuterRef("pk"))
    return voters.exclude(Exists(battles)).exclude(Exists(votes)).exclude(Exists(keys))
