"""Refreshes boards: applies waiting votes to the tallies, then fits and publishes the boards that changed.

The boards with the most votes come first. In a large pool, each board is published as soon as it is fitted. In a small
pool, several boards are published in one transaction. A board whose tallies have changed is marked as behind until it
is published, so if a refresh is interrupted, the next one publishes the remaining boards. A board that cannot be fitted
stays marked and is tried again after a minute.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

from django.db import Error, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from arena.models import LIVE_POOL, Contestant, Pool
from core.storage.compiled_queries import CompiledQuery
from core.storage.database import fetch_rows
from ratings.boards import board_events, pair_tables
from ratings.boards.snapshots import select_newest_fit
from ratings.models import OVERALL_CATEGORY, RETRY_DELAY, Board, Snapshot, build_due_filter
from ratings.pipeline import board_fits, pool_state, refresh_lease, standings, tallies
from ratings.pipeline.pool_state import PoolState
from ratings.pipeline.vote_weights import MAX_DRAINED_VOTES, hold_back_crowds, list_waiting_votes

# The interval between two fits of a board under style control is 200 times the duration of the last fit, within this
# range. No other board is published during a fit, so fits must not be too frequent.
STYLE_INTERVAL_RANGE_S = (10.0, 50.0)
STYLE_INTERVAL_FACTOR = 200
# In a smaller pool, a fit takes a few milliseconds, so separate statements and threads would cost more than the fit.
LARGE_POOL_VOTES = 50_000
MAX_PARALLEL_FITS = 2  # in a large pool, fits run in threads, because they release the GIL most of the time
# The number of boards published between two reads of the outbox.
BOARDS_PER_BATCH = 3
BOARDS_PER_LATER_BATCH = 12  # in a small pool, after the boards with the most votes
DUE_POOLS = CompiledQuery(
    lambda: Pool.objects.filter(Exists(Board.objects.filter(build_due_filter(), pool=OuterRef("pk"))))
)
DUE_BOARDS_OF_POOL = CompiledQuery(
    lambda pool: Board.objects.filter(build_due_filter(), pool=pool).select_related("pool__counts", "category")
)
logger = logging.getLogger(__name__)
FitBoard = Callable[[Board], list[Snapshot]]  # returns unsaved snapshots, or an empty list if the fit fails
_style_fit_seconds: dict[int, float] = {}  # id of the board without style control → duration of the last style fit


def refresh() -> list[Snapshot]:
    """Apply waiting votes, publish the boards that are due, and return their snapshots.

    The list is empty if another process refreshes the boards.
    """
    published: list[Snapshot] = []
    with refresh_lease.hold_lease(waits=False) as is_holder:
        if not is_holder:
            return []
        try:
            published += _refresh_pool(LIVE_POOL)
            due_pools = [pool for pool in DUE_POOLS.load() if pool.pk != LIVE_POOL]
            for pool in sorted(due_pools, key=lambda pool: pool.pk):
                published += [*_refresh_pool(pool.pk), *_refresh_pool(LIVE_POOL)]
            pair_tables.write_pending_tables(include_all_large=not published)
        except refresh_lease.LeaseLost:
            logger.warning("Another process refreshes the boards, because this one has not renewed its lease in time")
    return published


def _apply_outbox() -> tuple[datetime, set[int]]:
    """Apply waiting votes to the tallies. Return the cutoff and the keys of the pools that changed.

    The tallies include all votes that were committed before the cutoff.
    """
    changed: set[int] = set()
    has_more = True
    while has_more:
        with _fenced():
            cutoff = _read_database_clock()
            waiting = list_waiting_votes()
            has_more = len(waiting) == MAX_DRAINED_VOTES
            hold_back_crowds(waiting)
            changes_by_pool = tallies.apply_outbox([vote.id for vote in waiting])
        for pool, changes in changes_by_pool.items():
            pool_state.apply_changes(pool, changes)
        changed |= {pool.pk for pool in changes_by_pool}
    return cutoff, changed


def _refresh_pool(pool: int) -> list[Snapshot]:
    """Apply waiting votes, publish each due board in a pool once, then update the pool's pair weights.

    Return the published snapshots.

    Boards are published in small batches, and new votes are applied between two batches, so a new vote does not have to
    wait until all boards are published. The live pool is refreshed after each of the other pools, so live boards wait
    for at most one pool.
    """
    cutoff, _ = _apply_outbox()
    boards = _list_due_boards(pool, excluded_ids=())
    published: list[Snapshot] = []
    refreshed_ids: set[int] = set()
    contestants: dict[int, Contestant] = {}
    while boards:
        state = pool_state.get_pool_state(boards[0].pool)
        if not contestants.keys() >= state.positions.keys():
            contestants = _load_contestants(state)
        is_large = len(state.votes) >= LARGE_POOL_VOTES
        batch_size = BOARDS_PER_LATER_BATCH if refreshed_ids and not is_large else BOARDS_PER_BATCH
        batch = boards[:batch_size]
        fit = partial(_fit_board_or_skip, state=state, contestants=contestants)
        publish = _publish_one_by_one if is_large else _publish_together
        published += publish(batch, fit, cutoff)
        refreshed_ids |= {board.pk for board in batch}
        boards = boards[batch_size:]
        if boards:
            cutoff, changed = _apply_outbox()
            if pool in changed:
                boards = _list_due_boards(pool, refreshed_ids)
    if refreshed_ids:
        _try_update_pair_weights(batch[0].pool, state)
    return published


def _publish_one_by_one(boards: Sequence[Board], fit: FitBoard, cutoff: datetime) -> list[Snapshot]:
    """Publish each board while the next ones are fitted. Return their snapshots."""
    published = []
    with ThreadPoolExecutor(MAX_PARALLEL_FITS) as fitters:
        for board, drafts in zip(boards, fitters.map(fit, boards), strict=True):
            with _fenced():
                _publish_snapshots(drafts, cutoff, [board])
            published += drafts
    return published


def _publish_together(boards: Sequence[Board], fit: FitBoard, cutoff: datetime) -> list[Snapshot]:
    """Fit all these boards, then publish them in one transaction. Return their snapshots."""
    drafts = [snapshot for board in boards for snapshot in fit(board)]
    with _fenced():
        _publish_snapshots(drafts, cutoff, boards)
    return drafts


def _fit_board_or_skip(board: Board, state: PoolState, contestants: board_fits.ContestantsByKey) -> list[Snapshot]:
    """Return a board's unsaved snapshots.

    If the board cannot be fitted, log the error and return an empty list, so that other boards are published anyway.
    """
    try:
        if board.style_control:
            return [board_fits.fit_style_board(board, state, contestants)]
        return board_fits.fit_board(board, state, contestants)
    except Exception:
        style = " under style control" if board.style_control else ""
        logger.exception(
            "%s/%s%s could not be fitted; its previous ratings stay published",
            board.pool.slug,
            board.category.slug,
            style,
        )
        return []


def _try_update_pair_weights(pool: Pool, state: PoolState) -> None:
    """Update the pair weights.

    If they cannot be computed, log the error, keep the previous weights, and mark the overall board for another
    attempt. Database errors are raised, because the transaction cannot continue after them.
    """
    try:
        with _fenced():
            standings.update_pair_weights(pool, state)
    except (Error, refresh_lease.LeaseLost):
        raise
    except Exception:
        logger.exception("The pair weights of %s could not be updated; the previous weights stay in use", pool.slug)
        overall = Board.objects.filter(pool=pool, category__slug=OVERALL_CATEGORY, style_control=False)
        overall.update(behind=True, failed_at=Now())


def _list_due_boards(pool: int, excluded_ids: Collection[int]) -> list[Board]:
    """Return the due boards in a pool, except those with `excluded_ids`. Boards with more votes come first."""
    boards = [board for board in DUE_BOARDS_OF_POOL.load(pool) if board.pk not in excluded_ids]
    if boards:
        state = pool_state.get_pool_state(boards[0].pool)
        boards.sort(key=lambda board: state.count_votes(board.category.slug), reverse=True)
    return boards


def recompute_boards(pools: Sequence[Pool], *, from_scratch: bool) -> list[Snapshot]:
    """Republish all boards without style control in these pools, and return the published snapshots.

    from_scratch: first count all votes in these pools again.

    Waiting votes are applied first, so the boards of all pools with waiting votes are published too. Reference pools
    are excluded, because their boards were published elsewhere and have no votes to fit.
    """
    pools = [pool for pool in pools if pool.kind != Pool.Kind.REFERENCE]
    with refresh_lease.hold_lease(waits=True):
        cutoff, changed = _apply_outbox()
        if from_scratch:
            with _fenced():
                for pool in pools:
                    tallies.recount_tallies(pool)
        published: list[Snapshot] = []
        all_boards: list[Board] = []
        states: list[tuple[Pool, PoolState]] = []
        for pool in Pool.objects.filter(pk__in=changed | {pool.pk for pool in pools}).select_related("counts"):
            boards = Board.objects.filter(pool=pool, style_control=False).select_related("pool__counts", "category")
            state = pool_state.get_pool_state(pool)
            contestants = _load_contestants(state)
            for board in boards:
                refresh_lease.fence()  # an import's transaction must not be idle for long
                published += _fit_board_or_skip(board, state, contestants)
            states.append((pool, state))
            all_boards += boards
        with _fenced():
            _publish_snapshots(published, cutoff, all_boards)
            # The process might end before another refresh writes the pending tables.
            pair_tables.write_pending_tables(include_all_large=True)
        for pool, state in states:
            _try_update_pair_weights(pool, state)
    return published


def refresh_style_board() -> bool:
    """Publish the most outdated board under style control. Return whether there was one."""
    with refresh_lease.hold_lease(waits=False) as is_holder:
        outdated = _find_most_outdated_style() if is_holder else None
        if outdated is None:
            return False
        plain, styled = outdated
        board = styled or Board.objects.create(pool=plain.pool, category=plain.category, style_control=True)
        board.last_vote_id = plain.last_vote_id
        state = pool_state.get_pool_state(plain.pool)
        started = time.monotonic()
        snapshots = _fit_board_or_skip(board, state, _load_contestants(state))
        _style_fit_seconds[plain.pk] = time.monotonic() - started
        with _fenced():
            _publish_snapshots(snapshots, plain.published_at, [board])
    return True


def _find_most_outdated_style() -> tuple[Any, Any] | None:
    """Return the board whose style-controlled counterpart is most outdated, and the counterpart (None if it is new).

    Return None if no board is due. The boards have the attribute `published_at`.
    """
    boards = (
        Board.objects.filter(pool__ordered=True)
        .select_related("pool__counts", "category")
        .annotate(published_at=select_newest_fit("computed_at"))
    )
    by_style: dict[bool, dict[tuple[int, int], Any]] = {False: {}, True: {}}
    for board in boards:
        by_style[board.style_control][board.pool_id, board.category_id] = board
    now = _read_database_clock()
    due = []
    for key, board in by_style[False].items():
        styled = by_style[True].get(key)
        styled_at = (styled and styled.published_at) or datetime.min.replace(tzinfo=UTC)
        failed_at = styled and styled.failed_at
        if board.published_at is None or (failed_at and failed_at > now - RETRY_DELAY):
            continue
        if styled_at < board.published_at and styled_at < now - _compute_style_interval(board.pk):
            due.append((styled_at, board.pk, board, styled))
    return min(due)[2:] if due else None


def _compute_style_interval(board_id: int) -> timedelta:
    """Return the minimum time between two fits of this board under style control."""
    shortest, longest = STYLE_INTERVAL_RANGE_S
    seconds = STYLE_INTERVAL_FACTOR * _style_fit_seconds.get(board_id, 0.0)
    return timedelta(seconds=min(max(shortest, seconds), longest))


@contextmanager
def _fenced() -> Iterator[None]:
    """Open a transaction, which fails if this process has lost its lease. Afterwards, the whole lease is left."""
    with transaction.atomic():
        refresh_lease.fence()
        started = time.monotonic()
        yield
        if time.monotonic() - started > refresh_lease.HEARTBEAT_S:  # nobody could renew the lease, which is locked
            refresh_lease.fence()


def _read_database_clock() -> datetime:
    """Return the database's current time.

    The start of the transaction would be too early, because the boards include votes that were committed after it.
    """
    ((now,),) = fetch_rows("SELECT clock_timestamp()", ())
    return cast("datetime", now)


def _load_contestants(state: PoolState) -> dict[int, Contestant]:
    return Contestant.objects.select_related("model__organization", "model__license").in_bulk(state.positions)


def _publish_snapshots(snapshots: Sequence[Snapshot], cutoff: datetime, boards: Sequence[Board]) -> None:
    """Save snapshots with the cutoff as their time, and announce them when the transaction commits.

    Boards without a snapshot could not be fitted, so they are marked for another attempt.
    """
    for snapshot in snapshots:
        snapshot.computed_at = cutoff
    Snapshot.objects.bulk_create(snapshots)
    pair_tables.save_pair_tables(snapshots)
    fitted = {snapshot.board_id for snapshot in snapshots}
    Board.objects.filter(pk__in=fitted).update(behind=False, failed_at=None)
    if failed := {board.pk for board in boards} - fitted:
        Board.objects.filter(pk__in=failed).update(failed_at=Now())
        Board.objects.filter(pk__in=failed, style_control=False).update(behind=True)
    standings.store_standings(snapshots)
    if snapshots:
        transaction.on_commit(lambda: board_events.announce_boards(snapshots), robust=True)
