"""Stores the weights of votes: those from the filter, and the exclusions of operators. The tallies change with them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.models import Vote
from ratings.models import FULL_WEIGHT, Exclusion, Pool, VoteWeight
from ratings.pipeline import tallies

REFRESH_LOCK_ID = 7_298_541  # key of the PostgreSQL advisory lock that serializes all changes to tallies and boards

STORE_WEIGHTS_SQL = """
INSERT INTO ratings_voteweight (vote_id, filter_weight, reason, excluded)
SELECT changed.*, FALSE FROM unnest(%s::bigint[], %s::smallint[], %s::varchar[]) AS changed
ON CONFLICT (vote_id) DO UPDATE SET filter_weight = excluded.filter_weight, reason = excluded.reason"""
STORE_EXCLUSIONS_SQL = """
INSERT INTO ratings_voteweight (vote_id, filter_weight, reason, excluded)
SELECT id, %s, '', TRUE FROM unnest(%s::bigint[]) AS changed (id)
ON CONFLICT (vote_id) DO UPDATE SET excluded = TRUE"""


class FilterWeight(NamedTuple):
    """The weight of a vote in 1/256, and the reason for it."""

    weight: int
    reason: str


NO_CHANGE = FilterWeight(FULL_WEIGHT, "")


@contextmanager
def hold_refresh_lock() -> Iterator[None]:
    """Open a transaction that waits until no other process changes tallies or boards."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFRESH_LOCK_ID])
        yield


def store_filter_weights(pool: Pool, weights: Mapping[int, FilterWeight], *, version: str, votes: int) -> int:
    """Replace the filter weights of a pool's votes, all together. Return how many changed.

    weights: by vote id. Votes that are missing get the weight 1.
    votes: the number of votes that the filter has read.
    """
    with hold_refresh_lock():
        rows = VoteWeight.objects.filter(vote__pool=pool.slug, filter_weight__lt=FULL_WEIGHT)
        stored = {
            vote: FilterWeight(weight, reason)
            for vote, weight, reason in rows.values_list("vote", "filter_weight", "reason")
        }
        changed = [vote for vote in stored.keys() | weights.keys() if stored.get(vote) != weights.get(vote)]
        if changed:
            tallies.change_weights(changed, partial(_write_weights, changed, weights))
        Pool.objects.filter(pk=pool.pk).update(filter_version=version, filtered_at=Now(), filtered_votes=votes)
    return len(changed)


def _write_weights(votes: list[int], weights: Mapping[int, FilterWeight]) -> None:
    rows = [weights.get(vote, NO_CHANGE) for vote in votes]
    with connection.cursor() as cursor:
        cursor.execute(STORE_WEIGHTS_SQL, [votes, [row.weight for row in rows], [row.reason for row in rows]])
    _delete_full_weights(votes)


def _delete_full_weights(votes: list[int]) -> None:
    VoteWeight.objects.filter(vote__in=votes, filter_weight=FULL_WEIGHT, excluded=False).delete()


def apply_exclusions() -> int:
    """Apply new exclusions, and take back withdrawn ones. Return how many were applied or taken back."""
    number = 0
    for exclusion in list(_list_pending().values_list("pk", flat=True)):
        with hold_refresh_lock():
            number += _apply_exclusion(exclusion)
    return number


def _list_pending() -> QuerySet[Exclusion]:
    is_new = Q(is_in_force=False, withdrawn_at=None)
    return Exclusion.objects.filter(is_new | Q(is_in_force=True, withdrawn_at__isnull=False)).order_by("pk")


def _apply_exclusion(key: int) -> int:
    exclusion = _list_pending().select_for_update().filter(pk=key).first()
    if exclusion is None:  # another process was faster
        return 0
    if exclusion.is_in_force:
        votes: list[int] = exclusion.votes or []
        tallies.change_weights(votes, partial(_include_votes, exclusion, votes))
    else:
        votes = [vote.pk for vote in select_votes(exclusion).only("pk")]
        tallies.change_weights(votes, partial(_exclude_votes, votes))
        exclusion.votes = votes
    exclusion.is_in_force = not exclusion.is_in_force
    exclusion.save(update_fields=["votes", "is_in_force"])
    return 1


def select_votes(exclusion: Exclusion) -> QuerySet[Vote]:
    """Return the counted votes that meet all conditions of an exclusion."""
    votes = Vote.objects.filter(pool=exclusion.pool.slug, counted=True)
    if exclusion.voter:
        votes = votes.filter(voter=exclusion.voter)
    if exclusion.network:
        votes = votes.filter(battle__network=exclusion.network)
    if exclusion.start:
        votes = votes.filter(created_at__gte=exclusion.start)
    if exclusion.end:
        votes = votes.filter(created_at__lt=exclusion.end)
    return votes.order_by("pk")


def _exclude_votes(votes: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STORE_EXCLUSIONS_SQL, [FULL_WEIGHT, votes])


def _include_votes(exclusion: Exclusion, votes: list[int]) -> None:
    """Count the votes of this exclusion again, unless another one in force has them too."""
    others = Exclusion.objects.filter(pool=exclusion.pool_id, is_in_force=True).exclude(pk=exclusion.pk)
    still_excluded = {vote for excluded in others.values_list("votes", flat=True) for vote in excluded or ()}
    freed = [vote for vote in votes if vote not in still_excluded]
    VoteWeight.objects.filter(vote__in=freed).update(excluded=False)
    _delete_full_weights(freed)
