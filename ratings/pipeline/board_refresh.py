"""Boards kept up to date: waiting votes are folded, then the boards that they change are fitted and published.

Each board is published by itself, as soon as it is fitted, those with most votes first; a board that has been folded
into and not published is marked, so that whoever comes next does what somebody left half done. One that cannot be
fitted stays marked and is tried again after a minute.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from arena.models import LIVE_POOL
from catalog.models import LanguageModel
from ratings.boards import pair_tables
from ratings.boards.snapshots import BRADLEY_TERRY
from ratings.models import OVERALL_CATEGORY, RETRY_DELAY, Board, Pool, Snapshot, build_due_filter
from ratings.pipeline import announcements, board_fits, pool_state, standings, tallies
from ratings.pipeline.pool_state import PoolState

REFRESH_LOCK_ID = 7_298_541  # the key under which one fold at a time holds PostgreSQL's advisory lock
# A board under style control waits this long for its turn: 200 times what its last fit took, between these two, for
# meanwhile no other board is published.
STYLE_INTERVAL_RANGE_S = (10.0, 50.0)
STYLE_INTERVAL_FACTOR = 200
MAX_PARALLEL_FITS = 2  # boards that are fitted while others are written; a fit leaves Python alone for most of its time
BOARDS_PER_FOLD = 3  # boards between two folds
logger = logging.getLogger(__name__)
_style_fit_seconds: dict[int, float] = {}  # plain board → seconds that its last fit under style control took


def refresh() -> list[Snapshot]:
    """Fold what is waiting and publish the boards that are due; nothing if somebody else is doing it.

    Sets of visitors come last, for there may be many.
    """
    if not _query_value("SELECT pg_try_advisory_lock(%s)", REFRESH_LOCK_ID):
        return []
    try:
        published = [*_refresh_live_pool()]
        for pool in sorted(_list_due_pools().exclude(slug=LIVE_POOL), key=lambda pool: (pool.is_set, pool.pk)):
            published += [*_refresh_pool(pool, _apply_outbox()), *_refresh_live_pool()]
        pair_tables.write_pending_tables(everything=not published)
        return published
    finally:
        _query_value("SELECT pg_advisory_unlock(%s)", REFRESH_LOCK_ID)


def _list_due_pools() -> QuerySet[Pool]:
    """Pools with boards to publish."""
    return Pool.objects.filter(Exists(Board.objects.filter(build_due_filter(), pool=OuterRef("pk"))))


def _apply_outbox() -> datetime:
    with _atomic_with_reset():
        cutoff = _read_database_clock()
        for pool, folded in tallies.apply_outbox().items():
            pool_state.apply_changes(pool, folded)
        return cutoff


def _refresh_live_pool() -> Iterator[Snapshot]:
    """The board of people waits for one other pool at most, however many are behind."""
    cutoff = _apply_outbox()
    for pool in _list_due_pools().filter(slug=LIVE_POOL):
        yield from _refresh_pool(pool, cutoff)


def _refresh_pool(pool: Pool, cutoff: datetime) -> Iterator[Snapshot]:
    """Publish each board of a pool that is due once; what its battles should be about comes last.

    Some boards at a time, and what has come meanwhile is folded before the next: no vote waits for all of them twice.
    """
    done: set[int] = set()
    while boards := _list_next_boards(pool, done):
        counted = pool_state.get_pool_state(boards[0].pool)
        fit = partial(_fit_board_or_skip, counted=counted, models=_load_models(counted))
        with ThreadPoolExecutor(MAX_PARALLEL_FITS) as fitters:
            for board, drafts in zip(boards, fitters.map(fit, boards), strict=True):
                with _atomic_with_reset():
                    _publish_snapshots(drafts, cutoff, [board])
                yield from drafts
        done |= {board.pk for board in boards}
        cutoff = _apply_outbox()
    pool.refresh_from_db()
    _try_update_pair_weights(pool, pool_state.get_pool_state(pool))


def _fit_board_or_skip(board: Board, counted: PoolState, models: board_fits.ModelsByKey) -> list[Snapshot]:
    """What is to be published of a board; nothing where it cannot be fitted, which holds up no other board."""
    try:
        return board_fits.fit_board(board, counted, models)
    except Exception:
        logger.exception("%s/%s keeps its last ratings", board.pool.slug, board.category.slug)
        return []


def _try_update_pair_weights(pool: Pool, counted: PoolState) -> None:
    """Where that fails, battles are drawn by the last weights, and it is tried again with the overall board."""
    try:
        standings.update_pair_weights(pool, counted)
    except Error:
        raise
    except Exception:
        logger.exception("%s keeps its last chances of pairs", pool.slug)
        overall = Board.objects.filter(pool=pool, category__slug=OVERALL_CATEGORY, style_control=False)
        overall.update(behind=True, failed_at=Now())


def _list_next_boards(pool: Pool, done: set[int]) -> list[Board]:
    """The next boards of a pool that are due: those with most votes first."""
    due = [*Board.objects.filter(build_due_filter(), pool=pool).exclude(pk__in=done).select_related("pool", "category")]
    if due:
        counted = pool_state.get_pool_state(due[0].pool)
        due.sort(key=lambda board: counted.number(board.category.slug), reverse=True)
    return due[:BOARDS_PER_FOLD]


def recompute_boards(pools: Sequence[Pool], *, from_scratch: bool) -> list[Snapshot]:
    """Publish every board of these pools anew, after a new count of all their votes if that is wanted.

    Not those of reference pools, which were published elsewhere: no votes are here that could be fitted.
    """
    pools = [pool for pool in pools if pool.kind != Pool.Kind.REFERENCE]
    with _atomic_with_reset():
        _query_value("SELECT pg_advisory_xact_lock(%s)", REFRESH_LOCK_ID)
        cutoff = _read_database_clock()
        changed = tallies.apply_outbox()
        if from_scratch:
            for pool in pools:
                tallies.recount_tallies(pool)
        published: list[Snapshot] = []
        all_boards: list[Board] = []
        weighed: list[tuple[Pool, PoolState]] = []
        for pool in Pool.objects.filter(pk__in={pool.pk for pool in (*pools, *changed)}):
            boards = Board.objects.filter(pool=pool, style_control=False).select_related("pool", "category")
            counted = pool_state.get_pool_state(pool)
            models = _load_models(counted)
            published += [snapshot for board in boards for snapshot in _fit_board_or_skip(board, counted, models)]
            weighed.append((pool, counted))
            all_boards += boards
        _publish_snapshots(published, cutoff, all_boards)
        for pool, counted in weighed:
            _try_update_pair_weights(pool, counted)
        pair_tables.write_pending_tables(
            everything=True
        )  # this process may end now, and imported votes have no next one
    return published


def refresh_style_board() -> bool:
    """Publish the board under style control that is most behind; gives whether there was one."""
    with _atomic_with_reset():
        if not _query_value("SELECT pg_try_advisory_xact_lock(%s)", REFRESH_LOCK_ID):
            return False
        behind = _find_stalest_board()
        if behind is None:
            return False
        plain, cutoff = behind
        board, _ = Board.objects.get_or_create(pool=plain.pool, category=plain.category, style_control=True)
        board.last_vote_id = plain.last_vote_id
        pool = pool_state.get_pool_state(plain.pool)
        started = time.monotonic()
        published = _fit_style_board_or_skip(board, pool, _load_models(pool))
        _style_fit_seconds[plain.pk] = time.monotonic() - started
        _publish_snapshots(published, cutoff, [board])
    return True


def _fit_style_board_or_skip(board: Board, counted: PoolState, models: board_fits.ModelsByKey) -> list[Snapshot]:
    try:
        return [board_fits.fit_style_board(board, counted, models)]
    except Exception:
        logger.exception("%s/%s under style control keeps its last ratings", board.pool.slug, board.category.slug)
        return []


def _find_stalest_board() -> tuple[Board, datetime] | None:
    """A plain board with votes that its counterpart under style control has not, and since when.

    Sets of visitors have none.
    """
    newest = Snapshot.objects.filter(board=OuterRef("pk"), method=BRADLEY_TERRY).order_by("-computed_at")
    boards = Board.objects.filter(pool__ordered=True).exclude(pool__kind=Pool.Kind.SHORTLIST)
    boards = boards.annotate(at=Subquery(newest.values("computed_at")[:1]))
    plain, styled = (
        {(board.pool_id, board.category_id): board for board in boards.filter(style_control=style)}
        for style in (False, True)
    )
    now, due = _read_database_clock(), []
    for key, board in plain.items():
        counterpart = styled.get(key)
        had = (counterpart and counterpart.at) or datetime.min.replace(tzinfo=UTC)
        failed = counterpart and counterpart.failed_at
        if board.at is None or (failed and failed > now - RETRY_DELAY):
            continue
        if had < board.at and had < now - _compute_style_interval(board.pk):
            due.append((had, board.pk, board.at))
    if not due:
        return None
    _, board_id, at = min(due)
    return Board.objects.select_related("pool", "category").get(pk=board_id), at


def _compute_style_interval(board_id: int) -> timedelta:
    least, most = STYLE_INTERVAL_RANGE_S
    return timedelta(seconds=min(max(least, STYLE_INTERVAL_FACTOR * _style_fit_seconds.get(board_id, 0.0)), most))


@contextmanager
def _atomic_with_reset() -> Iterator[None]:
    """What is kept in memory must not outlive a transaction that failed."""
    try:
        with transaction.atomic():
            yield
    except BaseException:
        pool_state.clear_pool_states()
        raise


def _read_database_clock() -> datetime:
    """By the database's clock, not the start of the transaction: whatever was committed before is in the boards."""
    now: datetime = _query_value("SELECT clock_timestamp()")
    return now


def _query_value(question: str, *parameters: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchone()[0]


def _load_models(pool: PoolState) -> dict[int, LanguageModel]:
    return LanguageModel.objects.select_related("organization", "license").in_bulk(pool.places)


def _publish_snapshots(snapshots: Sequence[Snapshot], cutoff: datetime, boards: Sequence[Board]) -> None:
    """Save these; those of the boards that have none could not be fitted, and are tried again later."""
    for snapshot in snapshots:
        snapshot.computed_at = cutoff
    Snapshot.objects.bulk_create(snapshots)
    pair_tables.save_pair_tables(snapshots)
    fitted = {snapshot.board_id for snapshot in snapshots}
    Board.objects.filter(pk__in=fitted).update(behind=False, failed_at=None)
    if failed := {board.pk for board in boards} - fitted:
        Board.objects.filter(pk__in=failed).update(failed_at=Now())
        Board.objects.filter(pk__in=failed, style_control=False).update(behind=True)
    standings.write(snapshots)
    if snapshots:
        transaction.on_commit(lambda: announcements.announce_boards(snapshots), robust=True)
