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

from arena.models import LIVE
from catalog.models import LanguageModel
from ratings.boards import pair_tables
from ratings.boards.snapshots import BRADLEY_TERRY
from ratings.models import OVERALL, RETRY, Board, Pool, Snapshot, is_due
from ratings.pipeline import announcements, board_fits, pool_state, standings, tallies
from ratings.pipeline.pool_state import Kept

LOCK = 7_298_541  # the key under which one fold at a time holds PostgreSQL's advisory lock
# A board under style control waits this long for its turn: 200 times what its last fit took, between these two, for
# meanwhile no other board is published.
STYLE_INTERVAL_S = (10.0, 50.0)
STYLE_SHARE = 200
AT_ONCE = 2  # boards that are fitted while others are written; a fit leaves Python alone for most of its time
AT_A_TIME = 3  # boards between two folds
logger = logging.getLogger(__name__)
_style_took: dict[int, float] = {}  # plain board → seconds that its last fit under style control took


def refresh() -> list[Snapshot]:
    """Fold what is waiting and publish the boards that are due; nothing if somebody else is doing it.

    Sets of visitors come last, for there may be many.
    """
    if not _ask("SELECT pg_try_advisory_lock(%s)", LOCK):
        return []
    try:
        published = [*_catch_up_live()]
        for pool in sorted(_due().exclude(slug=LIVE), key=lambda pool: (pool.is_set, pool.pk)):
            published += [*_catch_up(pool, _fold()), *_catch_up_live()]
        pair_tables.write_due(everything=not published)
        return published
    finally:
        _ask("SELECT pg_advisory_unlock(%s)", LOCK)


def _due() -> QuerySet[Pool]:
    """Pools with boards to publish."""
    return Pool.objects.filter(Exists(Board.objects.filter(is_due(), pool=OuterRef("pk"))))


def _fold() -> datetime:
    with _transaction():
        cutoff = _now()
        for pool, folded in tallies.fold().items():
            pool_state.follow(pool, folded)
        return cutoff


def _catch_up_live() -> Iterator[Snapshot]:
    """The board of people waits for one other pool at most, however many are behind."""
    cutoff = _fold()
    for pool in _due().filter(slug=LIVE):
        yield from _catch_up(pool, cutoff)


def _catch_up(pool: Pool, cutoff: datetime) -> Iterator[Snapshot]:
    """Publish each board of a pool that is due once; what its battles should be about comes last.

    Some boards at a time, and what has come meanwhile is folded before the next: no vote waits for all of them twice.
    """
    done: set[int] = set()
    while boards := _largest(pool, done):
        counted = pool_state.of_pool(boards[0].pool)
        fit = partial(_fitted, counted=counted, models=_models(counted))
        with ThreadPoolExecutor(AT_ONCE) as fitters:
            for board, drafts in zip(boards, fitters.map(fit, boards), strict=True):
                with _transaction():
                    _publish(drafts, cutoff, [board])
                yield from drafts
        done |= {board.pk for board in boards}
        cutoff = _fold()
    pool.refresh_from_db()
    _weigh(pool, pool_state.of_pool(pool))


def _fitted(board: Board, counted: Kept, models: board_fits.Models) -> list[Snapshot]:
    """What is to be published of a board; nothing where it cannot be fitted, which holds up no other board."""
    try:
        return board_fits.drafts(board, counted, models)
    except Exception:
        logger.exception("%s/%s keeps its last ratings", board.pool.slug, board.category.slug)
        return []


def _weigh(pool: Pool, counted: Kept) -> None:
    """Where that fails, battles are drawn by the last weights, and it is tried again with the overall board."""
    try:
        standings.weigh(pool, counted)
    except Error:
        raise
    except Exception:
        logger.exception("%s keeps its last chances of pairs", pool.slug)
        overall = Board.objects.filter(pool=pool, category__slug=OVERALL, style_control=False)
        overall.update(behind=True, failed_at=Now())


def _largest(pool: Pool, done: set[int]) -> list[Board]:
    """The next boards of a pool that are due: those with most votes first."""
    due = [*Board.objects.filter(is_due(), pool=pool).exclude(pk__in=done).select_related("pool", "category")]
    if due:
        counted = pool_state.of_pool(due[0].pool)
        due.sort(key=lambda board: counted.number(board.category.slug), reverse=True)
    return due[:AT_A_TIME]


def recompute(pools: Sequence[Pool], *, from_scratch: bool) -> list[Snapshot]:
    """Publish every board of these pools anew, after a new count of all their votes if that is wanted.

    Not those of reference pools, which were published elsewhere: no votes are here that could be fitted.
    """
    pools = [pool for pool in pools if pool.kind != Pool.Kind.REFERENCE]
    with _transaction():
        _ask("SELECT pg_advisory_xact_lock(%s)", LOCK)
        cutoff = _now()
        changed = tallies.fold()
        if from_scratch:
            for pool in pools:
                tallies.recount(pool)
        published: list[Snapshot] = []
        all_boards: list[Board] = []
        weighed: list[tuple[Pool, Kept]] = []
        for pool in Pool.objects.filter(pk__in={pool.pk for pool in (*pools, *changed)}):
            boards = Board.objects.filter(pool=pool, style_control=False).select_related("pool", "category")
            counted = pool_state.of_pool(pool)
            models = _models(counted)
            published += [snapshot for board in boards for snapshot in _fitted(board, counted, models)]
            weighed.append((pool, counted))
            all_boards += boards
        _publish(published, cutoff, all_boards)
        for pool, counted in weighed:
            _weigh(pool, counted)
        pair_tables.write_due(everything=True)  # this process may end now, and imported votes have no next one
    return published


def refresh_style() -> bool:
    """Publish the board under style control that is most behind; gives whether there was one."""
    with _transaction():
        if not _ask("SELECT pg_try_advisory_xact_lock(%s)", LOCK):
            return False
        behind = _most_behind()
        if behind is None:
            return False
        plain, cutoff = behind
        board, _ = Board.objects.get_or_create(pool=plain.pool, category=plain.category, style_control=True)
        board.last_vote_id = plain.last_vote_id
        pool = pool_state.of_pool(plain.pool)
        started = time.monotonic()
        published = _styled(board, pool, _models(pool))
        _style_took[plain.pk] = time.monotonic() - started
        _publish(published, cutoff, [board])
    return True


def _styled(board: Board, counted: Kept, models: board_fits.Models) -> list[Snapshot]:
    try:
        return [board_fits.styled(board, counted, models)]
    except Exception:
        logger.exception("%s/%s under style control keeps its last ratings", board.pool.slug, board.category.slug)
        return []


def _most_behind() -> tuple[Board, datetime] | None:
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
    now, due = _now(), []
    for key, board in plain.items():
        counterpart = styled.get(key)
        had = (counterpart and counterpart.at) or datetime.min.replace(tzinfo=UTC)
        failed = counterpart and counterpart.failed_at
        if board.at is None or (failed and failed > now - RETRY):
            continue
        if had < board.at and had < now - _style_interval(board.pk):
            due.append((had, board.pk, board.at))
    if not due:
        return None
    _, board_id, at = min(due)
    return Board.objects.select_related("pool", "category").get(pk=board_id), at


def _style_interval(board_id: int) -> timedelta:
    least, most = STYLE_INTERVAL_S
    return timedelta(seconds=min(max(least, STYLE_SHARE * _style_took.get(board_id, 0.0)), most))


@contextmanager
def _transaction() -> Iterator[None]:
    """What is kept in memory must not outlive a transaction that failed."""
    try:
        with transaction.atomic():
            yield
    except BaseException:
        pool_state.forget()
        raise


def _now() -> datetime:
    """By the database's clock, not the start of the transaction: whatever was committed before is in the boards."""
    now: datetime = _ask("SELECT clock_timestamp()")
    return now


def _ask(question: str, *parameters: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchone()[0]


def _models(pool: Kept) -> dict[int, LanguageModel]:
    return LanguageModel.objects.select_related("organization", "license").in_bulk(pool.places)


def _publish(snapshots: Sequence[Snapshot], cutoff: datetime, boards: Sequence[Board]) -> None:
    """Save these; those of the boards that have none could not be fitted, and are tried again later."""
    for snapshot in snapshots:
        snapshot.computed_at = cutoff
    Snapshot.objects.bulk_create(snapshots)
    pair_tables.write(snapshots)
    fitted = {snapshot.board_id for snapshot in snapshots}
    Board.objects.filter(pk__in=fitted).update(behind=False, failed_at=None)
    if failed := {board.pk for board in boards} - fitted:
        Board.objects.filter(pk__in=failed).update(failed_at=Now())
        Board.objects.filter(pk__in=failed, style_control=False).update(behind=True)
    standings.write(snapshots)
    if snapshots:
        transaction.on_commit(lambda: announcements.announce(snapshots), robust=True)
