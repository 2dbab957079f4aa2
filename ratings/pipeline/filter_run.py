"""Runs the vote filter on a pool's votes, and stores the weights.

A run reads all votes in the pool, so it has its own process. The filter weighs votes in epochs (see
`ratings.statistics.vote_filter.records`). Weights change only after an epoch has closed, and all at once.
"""

import logging
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from arena.models import DrawTable, Pool, Vote
from core.process import LOWEST_PRIORITY
from core.storage.binary_copy import build_row_dtype, iter_rows
from ratings.models import FULL_WEIGHT
from ratings.pipeline.vote_columns import IS_PERSON_SQL
from ratings.pipeline.vote_weights import CROWD, NEW_VOTER_AGE, FilterWeight, store_filter_weights
from ratings.statistics import vote_filter
from ratings.statistics.vote_arrays import Flags, Floats
from ratings.statistics.vote_filter import crowds
from ratings.statistics.vote_filter.records import EPOCH_VOTES, MIN_EPOCH_VOTES

FILTERED_KINDS = (Pool.Kind.LIVE, Pool.Kind.API)
TIMEOUT_S = 3600

# Votes without a draw table were imported, so the filter does not read them. A vote without a voter counts as a vote
# from a separate voter. Votes in the outbox wait for the next run, because it is not decided yet whether they count.
VOTES_SQL = f"""
SELECT vote.id, COALESCE(uuid_hash_extended(voter, 0), -vote.id), contestant_a_id, contestant_b_id,
    (CASE winner WHEN 'a' THEN 0 WHEN 'b' THEN 1 WHEN 'tie' THEN 2 ELSE 3 END)::smallint,
    EXTRACT(EPOCH FROM created_at)::float8 / 86400, draw_table_id
FROM arena_vote AS vote
WHERE pool_id = %(pool)s AND counted AND draw_table_id IS NOT NULL AND created_at IS NOT NULL AND {IS_PERSON_SQL}
    AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
ORDER BY created_at, vote.id"""  # noqa: S608  # our own constant
ROW_DTYPE = build_row_dtype(
    [
        ("id", ">i8"), ("voter", ">i8"), ("a", ">i8"), ("b", ">i8"), ("outcome", ">i2"), ("time", ">f8"),
        ("draw", ">i8"),
    ]
)  # fmt: skip
NEW_VOTES_SQL = f"""
SELECT vote.id, uuid_hash_extended(vote.voter, 0), hashtextextended(vote.network, 0),
    floor(EXTRACT(EPOCH FROM vote.created_at) / 3600)::bigint
FROM arena_vote AS vote
WHERE vote.pool_id = %(pool)s AND vote.counted AND vote.draw_table_id IS NOT NULL AND vote.created_at > %(start)s
    AND vote.voter IS NOT NULL AND {IS_PERSON_SQL} AND NOT EXISTS (
    SELECT FROM arena_battle AS earlier WHERE earlier.voter_id = vote.voter AND earlier.created_at <= %(start)s
)"""  # noqa: S608  # our own constant
NEW_ROW_DTYPE = build_row_dtype([("id", ">i8"), ("voter", ">i8"), ("network", ">i8"), ("hour", ">i8")])
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FilterRun:
    """The result of a run.

    votes: the number of votes that the filter read.
    reduced: the number of votes with a weight below 1.
    changed: the number of weights that changed.
    """

    votes: int
    reduced: int
    changed: int


def run_due_filters() -> list[str]:
    """Run the filter for each pool that is due, one after another, each in its own process. Return the pools' slugs."""
    due = [
        pool
        for pool in Pool.objects.filter(kind__in=FILTERED_KINDS).select_related("counts").order_by("pk")
        if is_due(pool)
    ]
    for pool in due:
        command = [*LOWEST_PRIORITY, sys.executable, "manage.py", "filter_votes", "--pool", pool.slug]
        options: dict[str, Any] = {"cwd": settings.BASE_DIR, "timeout": TIMEOUT_S, "capture_output": True, "text": True}
        process = subprocess.run(command, check=False, **options)  # noqa: S603  # our own command
        if process.returncode:
            logger.error("Filtering the votes of %s failed: %s", pool.slug, process.stderr.strip()[-500:])
    return [pool.slug for pool in due]


def is_due(pool: Pool) -> bool:
    """Return whether an epoch of the pool may have closed since the last run.

    If the filter is off, return whether the pool still has weights from an earlier run.
    """
    if not settings.ENVIRONMENT.arena_vote_filter:
        return bool(pool.counts.filter_version)
    votes = Vote.objects.filter(pool=pool, counted=True, draw_table__isnull=False)
    new_votes = votes.count() - pool.counts.filtered_votes
    if new_votes >= EPOCH_VOTES or pool.counts.filtered_at is None:
        return new_votes >= MIN_EPOCH_VOTES
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    is_first_run_today = pool.counts.filtered_at < midnight and votes.filter(created_at__gte=midnight).exists()
    return is_first_run_today and new_votes >= MIN_EPOCH_VOTES


def filter_pool(pool: Pool) -> FilterRun:
    """Compute and store the filter weights of a pool's votes. If the filter is off, all votes get weight 1."""
    if not settings.ENVIRONMENT.arena_vote_filter:
        return FilterRun(0, 0, store_filter_weights(pool, {}, version="", votes=0))
    votes = load_rows(VOTES_SQL, ROW_DTYPE, pool=pool.pk)
    weights, reasons, is_closed = _compute_weights(votes)
    open_limit = _limit_crowds(pool, votes["id"], weights, reasons, is_closed)
    stored = np.floor(weights * FULL_WEIGHT).astype(int)
    reduced = np.flatnonzero(stored < FULL_WEIGHT).tolist()
    filter_weights = {
        int(votes["id"][position]): FilterWeight(int(stored[position]), str(reasons[position])) for position in reduced
    }
    changed = store_filter_weights(
        pool,
        filter_weights,
        version=str(vote_filter.VERSION),
        votes=len(votes),
        closed=votes["id"][is_closed],
        open_limit=open_limit,
    )
    return FilterRun(len(votes), len(filter_weights), changed)


def _compute_weights(votes: NDArray[Any]) -> tuple[Floats, NDArray[Any], Flags]:
    """Return each vote's weight, the reason for it, and whether the vote's epoch is closed."""
    if not len(votes):
        return np.ones(0), np.empty(0, dtype=object), np.empty(0, dtype=bool)
    tables, draw = np.unique(votes["draw"], return_inverse=True)
    models, positions = np.unique(np.concatenate((votes["a"], votes["b"])), return_inverse=True)
    shares = load_shares(tables.tolist(), models.tolist())
    a, b = positions[: len(votes)], positions[len(votes) :]
    weights = vote_filter.weigh(
        votes["voter"].astype("i8"), a, b, votes["outcome"].astype("i8"), votes["time"].astype("f8"), draw, shares
    )
    return weights.weight, weights.reason.astype(object), weights.is_closed


def load_shares(tables: list[int], judged: list[int]) -> Floats:
    """Return the probability that each model is in the pair, under each of these draw tables (D, M).

    The columns are the judged models, followed by all others.
    """
    stored = DrawTable.objects.in_bulk(tables)
    columns = {key: position for position, key in enumerate(judged)}
    for table in stored.values():
        for key in table.keys:
            columns.setdefault(key, len(columns))
    shares = np.zeros((len(tables), len(columns)))
    for position, table_id in enumerate(tables):
        table = stored[table_id]
        shares[position, [columns[key] for key in table.keys]] = table.shares
    return shares


def _limit_crowds(
    pool: Pool, ids: NDArray[Any], weights: Floats, reasons: NDArray[Any], is_closed: Flags
) -> float | None:
    """Lower the weights of new voters' votes, in place, in the hours when the total weight of these votes is too large.

    Return the limit for votes in the open epoch. If the total weight of established voters' votes is below
    `crowds.MIN_ESTABLISHED_WEIGHT`, there are no limits: the weights stay the same, and the result is None.
    """
    new_votes = load_rows(NEW_VOTES_SQL, NEW_ROW_DTYPE, pool=pool.pk, start=datetime.now(UTC) - NEW_VOTER_AGE)
    position_by_id = {int(vote): index for index, vote in enumerate(ids.tolist())}
    rows = np.array([position_by_id.get(vote, -1) for vote in new_votes["id"].tolist()], dtype=int)
    has_weight = rows >= 0
    new_votes = new_votes[has_weight]
    rows = rows[has_weight]
    old_weight = float(weights.sum() - weights[rows].sum())
    if old_weight < crowds.MIN_ESTABLISHED_WEIGHT:
        return None
    is_in_closed_epoch = is_closed[rows]
    new_votes = new_votes[is_in_closed_epoch]
    rows = rows[is_in_closed_epoch]
    limit = crowds.compute_hourly_limit(old_weight)
    hour, network, voter = (new_votes[name].astype("i8") for name in ("hour", "network", "voter"))
    factor = crowds.limit_crowds(hour, network, voter, weights[rows], limit)
    weights[rows] *= factor
    reasons[rows[factor < 1]] = CROWD
    return crowds.compute_open_limit(old_weight)


def load_rows(query: str, dtype: np.dtype[Any], **parameters: Any) -> NDArray[Any]:
    """Return all rows of a query as one array (see `core.storage.binary_copy.iter_rows`)."""
    with connection.cursor() as cursor:
        batches = list(iter_rows(cursor.cursor, query, parameters, dtype))
    return np.concatenate(batches) if batches else np.empty(0, dtype)
