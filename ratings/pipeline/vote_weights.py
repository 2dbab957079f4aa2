"""Stores the weights of votes, from the filter and from operators' exclusions, and updates the tallies.

The filter weighs votes in epochs (see `ratings.statistics.vote_filter.records`).
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from arena.models import Pool, Vote
from core.storage.database import fetch_rows
from ratings.models import FULL_WEIGHT, Exclusion, PoolCounts, VoteWeight
from ratings.pipeline import refresh_lease, tallies
from ratings.pipeline.vote_columns import IS_PERSON_SQL
from ratings.statistics.vote_arrays import Indices
from ratings.statistics.vote_filter import crowds

CROWD = "crowd"  # the reason for a lower weight if too many new voters voted in the same hour
MAX_DRAINED_VOTES = 5_000  # per transaction, which must be short
NEW_VOTER_AGE = timedelta(days=1)  # a voter is new for this long after their first battle

WAITING_SQL = """
SELECT vote.id, vote.pool_id, counts.open_limit, vote.created_at
FROM ratings_outbox JOIN arena_vote AS vote ON vote.id = vote_id JOIN ratings_poolcounts AS counts USING (pool_id)
ORDER BY vote_id LIMIT %s"""

# New voters' votes, with their times and networks. The last column is true if a vote already has weight,
# because it has left the outbox.
NEW_VOTES_SQL = f"""
SELECT vote.id, EXTRACT(EPOCH FROM vote.created_at)::float8, vote.network,
    NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
FROM arena_vote AS vote
WHERE vote.pool_id = %(pool)s AND vote.counted AND vote.draw_table_id IS NOT NULL AND vote.voter IS NOT NULL
    AND vote.created_at > %(start)s AND {IS_PERSON_SQL}
    AND NOT EXISTS (SELECT FROM ratings_voteweight AS weight WHERE weight.vote_id = vote.id)
    AND NOT EXISTS (
        SELECT FROM arena_battle AS earlier
        WHERE earlier.voter_id = vote.voter AND earlier.created_at <= vote.created_at - make_interval(secs => %(age)s)
    )
ORDER BY vote.created_at, vote.id"""  # noqa: S608  # our own constant

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


class WaitingVote(NamedTuple):
    """The id of a vote in the outbox, the key of its pool and that pool's limit on new voters, and its time."""

    id: int
    pool: int
    limit: float | None
    time: datetime | None


UNFILTERED = FilterWeight(FULL_WEIGHT, "")
HELD_BACK = FilterWeight(0, CROWD)  # until the vote's epoch closes


class _Outdated(Exception):
    """Raised if the stored weights changed while new ones were being prepared."""


def list_waiting_votes() -> list[WaitingVote]:
    """Return the oldest waiting votes, at most `MAX_DRAINED_VOTES`."""
    return [WaitingVote(*row) for row in fetch_rows(WAITING_SQL, [MAX_DRAINED_VOTES])]


def hold_back_crowds(waiting: Iterable[WaitingVote]) -> None:
    """Give weight 0 to new voters' waiting votes that exceed the limit.

    The first run of the filter after a vote's epoch has closed replaces this weight. Call this in a transaction that
    holds the lease or the lock (see `refresh_lease`).
    """
    if not settings.ENVIRONMENT.arena_vote_filter:
        return
    times: dict[tuple[int, float], list[datetime]] = {}
    for vote in waiting:
        if vote.limit is not None and vote.time is not None:
            times.setdefault((vote.pool, vote.limit), []).append(vote.time)
    for (pool, limit), moments in times.items():
        _hold_back(pool, limit, min(moments) - timedelta(seconds=crowds.HOUR_S))


def _hold_back(pool: int, limit: float, start: datetime) -> None:
    rows = fetch_rows(NEW_VOTES_SQL, {"pool": pool, "start": start, "age": NEW_VOTER_AGE.total_seconds()})
    over_limit = crowds.mark_votes_over_limit([row[1:] for row in rows], limit)
    VoteWeight.objects.bulk_create(
        VoteWeight(vote_id=vote, filter_weight=HELD_BACK.weight, reason=HELD_BACK.reason)
        for (vote, *_), must_wait in zip(rows, over_limit, strict=True)
        if must_wait
    )


def store_filter_weights(
    pool: Pool,
    weights: Mapping[int, FilterWeight],
    *,
    version: str,
    votes: int,
    closed: Indices | None = None,
    open_limit: float | None = None,
) -> int:
    """Replace the filter weights of a pool's votes, all at once. Return how many changed.

    weights: the weights by vote id. Votes that are missing here get weight 1.
    votes: the number of votes that the filter has read.
    closed: the ids of the votes in closed epochs. Other votes that are held back keep weight 0. None means all votes.
    open_limit: the limit on new voters' votes from now on.

    This prepares everything before it takes the lock, so that votes and exclusions do not have to wait long.
    """
    counts_fields = {"filter_version": version, "filtered_votes": votes, "open_limit": open_limit}
    while True:
        with suppress(_Outdated), transaction.atomic():
            return _store_filter_weights(pool, weights, closed, counts_fields)


def _store_filter_weights(
    pool: Pool, weights: Mapping[int, FilterWeight], closed: Indices | None, counts_fields: Mapping[str, Any]
) -> int:
    revision = _read_weight_mark(pool)
    rows = VoteWeight.objects.filter(vote__pool=pool, filter_weight__lt=FULL_WEIGHT)
    stored = {
        vote: FilterWeight(weight, reason)
        for vote, weight, reason in rows.values_list("vote", "filter_weight", "reason")
    }
    if closed is not None:
        held_back = np.array([vote for vote, row in stored.items() if row == HELD_BACK], dtype=np.intp)
        for vote in held_back[~np.isin(held_back, closed)].tolist():
            del stored[vote]
    changed = [vote for vote in stored.keys() | weights.keys() if stored.get(vote) != weights.get(vote)]
    if changed:
        new = [weights.get(vote, UNFILTERED) for vote in changed]
        tallies.stage_weights(changed, [row.weight for row in new], [row.reason for row in new])
    refresh_lease.wait_for_lock()
    if _read_weight_mark(pool) != revision:
        raise _Outdated
    if changed:
        _apply_staged()
    PoolCounts.objects.filter(pool=pool).update(filtered_at=Now(), **counts_fields)
    return len(changed)


def _read_weight_mark(pool: Pool) -> list[object]:
    """Return a value that changes whenever weights change: the time of the last run, and the exclusions in force."""
    in_force = Exclusion.objects.filter(pool=pool, is_in_force=True).order_by("pk").values_list("pk", flat=True)
    return [PoolCounts.objects.values_list("filtered_at", flat=True).get(pool=pool), *in_force]


def _apply_staged() -> None:
    """Store the prepared weights, and update the tallies."""
    tallies.apply_staged_weights()
    with connection.cursor() as cursor:
        cursor.execute(WRITE_STAGED_SQL, [FULL_WEIGHT])
        cursor.execute(DELETE_FULL_SQL, [FULL_WEIGHT])


def apply_exclusions() -> int:
    """Apply new exclusions, and undo withdrawn ones. Return how many were applied or undone."""
    count = 0
    for exclusion_id in list(_list_pending().values_list("pk", flat=True)):
        with refresh_lease.lock_tallies():
            count += _apply_exclusion(exclusion_id)
    return count


def _list_pending() -> QuerySet[Exclusion]:
    """Return the exclusions to apply or to undo."""
    is_new = Q(is_in_force=False, withdrawn_at=None)
    return Exclusion.objects.filter(is_new | Q(is_in_force=True, withdrawn_at__isnull=False)).order_by("pk")


def _apply_exclusion(exclusion_id: int) -> int:
    exclusion = _list_pending().select_for_update().filter(pk=exclusion_id).first()
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
    votes = Vote.objects.filter(pool=exclusion.pool_id, counted=True)
    if exclusion.voter:
        votes = votes.filter(voter=exclusion.voter)
    if exclusion.network:
        votes = votes.filter(network=exclusion.network)
    if exclusion.start:
        votes = votes.filter(created_at__gte=exclusion.start)
    if exclusion.end:
        votes = votes.filter(created_at__lt=exclusion.end)
    return votes.order_by("pk")


def _list_freed_votes(exclusion: Exclusion) -> list[int]:
    """Return the ids of the votes that only this exclusion excludes."""
    others = Exclusion.objects.filter(pool=exclusion.pool_id, is_in_force=True).exclude(pk=exclusion.pk)
    still_excluded = {vote for excluded in others.values_list("votes", flat=True) for vote in excluded or ()}
    return [vote for vote in exclusion.votes or () if vote not in still_excluded]
