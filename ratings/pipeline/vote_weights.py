"""Stores the weights of votes, from the filter and from operators' exclusions, and updates the tallies."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.models import Vote
from ratings.models import FULL_WEIGHT, Exclusion, Pool, VoteWeight
from ratings.pipeline import tallies

REFRESH_LOCK_ID = 7_298_541  # key of the PostgreSQL advisory lock that serializes all changes to tallies and boards

WRITE_STAGED_SQL = """
INSERT INTO ratings_voteweight (vote_id, filter_weight, reason, excluded)
SELECT vote_id, COALESCE(changed.filter_weight, stored.filter_weight, %s),
    COALESCE(changed.reason, stored.reason, ''), COALESCE(changed.excluded, stored.excluded, FALSE)
FROM changed_weight AS changed LEFT JOIN ratings_voteweight AS stored USING (vote_id)
ON CONFLICT (vote_id) DO UPDATE
SET filter_weight = excluded.filter_weight, reason = excluded.reason, excluded = excluded.excluded"""
DELETE_FULL_SQL = """
DELETE FROM ratings_voteweight AS stored USING changed_weight AS changed
WHERE stored.vote_id = changed.vote_id AND stored.filter_weight = %s AND NOT stored.excluded"""


class FilterWeight(NamedTuple):
    """The weight of a vote in 1/256, and the reason for it."""

    weight: int
    reason: str


NO_CHANGE = FilterWeight(FULL_WEIGHT, "")


class _Outdated(Exception):
    """Raised if the weights have changed while new ones were prepared."""


@contextmanager
def hold_refresh_lock() -> Iterator[None]:
    """Open a transaction that waits until no other process changes tallies or boards."""
    with transaction.atomic():
        _take_refresh_lock()
        yield


def _take_refresh_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFRESH_LOCK_ID])


def store_filter_weights(pool: Pool, weights: Mapping[int, FilterWeight], *, version: str, votes: int) -> int:
    """Replace the filter weights of a pool's votes, all at once. Return how many changed.

    weights: by vote id. Votes that are missing get weight 1.
    votes: the number of votes that the filter has read.

    This prepares everything before it takes the lock, so that votes and exclusions do not have to wait.
    """
    while True:
        with suppress(_Outdated), transaction.atomic():
            return _store_filter_weights(pool, weights, version=version, votes=votes)


def _store_filter_weights(pool: Pool, weights: Mapping[int, FilterWeight], *, version: str, votes: int) -> int:
    known = _read_revision(pool)
    rows = VoteWeight.objects.filter(vote__pool=pool.slug, filter_weight__lt=FULL_WEIGHT)
    stored = {
        vote: FilterWeight(weight, reason)
        for vote, weight, reason in rows.values_list("vote", "filter_weight", "reason")
    }
    changed = [vote for vote in stored.keys() | weights.keys() if stored.get(vote) != weights.get(vote)]
    if changed:
        new = [weights.get(vote, NO_CHANGE) for vote in changed]
        tallies.stage_weights(changed, [row.weight for row in new], [row.reason for row in new])
    _take_refresh_lock()
    if _read_revision(pool) != known:
        raise _Outdated
    if changed:
        _apply_staged()
    Pool.objects.filter(pk=pool.pk).update(filter_version=version, filtered_at=Now(), filtered_votes=votes)
    return len(changed)


def _read_revision(pool: Pool) -> list[object]:
    """Return a value that changes whenever weights change: the time of the last run, and the exclusions in force."""
    in_force = Exclusion.objects.filter(pool=pool, is_in_force=True).order_by("pk").values_list("pk", flat=True)
    return [Pool.objects.values_list("filtered_at", flat=True).get(pk=pool.pk), *in_force]


def _apply_staged() -> None:
    """Store the prepared weights, and change the tallies."""
    tallies.apply_staged_weights()
    with connection.cursor() as cursor:
        cursor.execute(WRITE_STAGED_SQL, [FULL_WEIGHT])
        cursor.execute(DELETE_FULL_SQL, [FULL_WEIGHT])


def apply_exclusions() -> int:
    """Apply new exclusions, and undo withdrawn ones. Return how many were applied or undone."""
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
    if exclusion is None:  # another process has already applied it
        return 0
    if exclusion.is_in_force:
        tallies.stage_weights(_list_freed_votes(exclusion), excluded=False)
    else:
        votes = [vote.pk for vote in select_votes(exclusion).only("pk")]
        tallies.stage_weights(votes, excluded=True)
        exclusion.votes = votes
    _apply_staged()
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


def _list_freed_votes(exclusion: Exclusion) -> list[int]:
    """Return the votes of this exclusion that no other exclusion in force contains."""
    others = Exclusion.objects.filter(pool=exclusion.pool_id, is_in_force=True).exclude(pk=exclusion.pk)
    still_excluded = {vote for excluded in others.values_list("votes", flat=True) for vote in excluded or ()}
    return [vote for vote in exclusion.votes or () if vote not in still_excluded]
