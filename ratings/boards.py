"""Boards kept up to date: waiting votes are folded, changed boards fitted and published, all or nothing."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from catalog.models import LanguageModel
from ratings import fitting, folding, kept, live, standings
from ratings.kept import Kept
from ratings.models import Board, Pool, Snapshot
from ratings.snapshots import BRADLEY_TERRY

LOCK = 7_298_541  # the key under which one fold at a time holds PostgreSQL's advisory lock
# A board under style control waits this long for its turn: 200 times what its last fit took, between these two, for
# meanwhile no other board is published.
STYLE_INTERVAL_S = (10.0, 50.0)
STYLE_SHARE = 200
_style_took: dict[int, float] = {}  # plain board → seconds that its last fit under style control took


def refresh() -> list[Snapshot]:
    """Fold what is waiting and publish the boards that it changes; nothing if somebody else is doing it."""
    with _transaction():
        if not _ask("SELECT pg_try_advisory_xact_lock(%s)", LOCK):
            return []
        cutoff = _now()
        published: list[Snapshot] = []
        for pool, folded in folding.fold().items():
            published += _drafts(pool, kept.of_pool(pool, folded), folded.boards)
        _publish(published, cutoff)
    return published


def recompute(pools: Sequence[Pool], *, from_scratch: bool) -> list[Snapshot]:
    """Publish every board of these pools anew, after a new count of all their votes if that is wanted."""
    with _transaction():
        _ask("SELECT pg_advisory_xact_lock(%s)", LOCK)
        cutoff = _now()
        changed = folding.fold()
        if from_scratch:
            for pool in pools:
                folding.recount(pool)
        published: list[Snapshot] = []
        for pool in Pool.objects.filter(pk__in={pool.pk for pool in (*pools, *changed)}):
            boards = Board.objects.filter(pool=pool, style_control=False).select_related("pool", "category")
            published += _drafts(pool, kept.of_pool(pool), boards)
        _publish(published, cutoff)
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
        pool = kept.of_pool(plain.pool)
        started = time.monotonic()
        published = [fitting.styled(board, pool, _models(pool))]
        _style_took[plain.pk] = time.monotonic() - started
        _publish(published, cutoff)
    return True


def _most_behind() -> tuple[Board, datetime] | None:
    """A plain board with votes that its counterpart under style control has not, and since when."""
    newest = Snapshot.objects.filter(board=OuterRef("pk"), method=BRADLEY_TERRY).order_by("-computed_at")
    boards = Board.objects.filter(pool__ordered=True).annotate(at=Subquery(newest.values("computed_at")[:1]))
    plain, styled = (
        {(board.pool_id, board.category_id): board for board in boards.filter(style_control=style, at__isnull=False)}
        for style in (False, True)
    )
    now, due = _now(), []
    for key, board in plain.items():
        had = styled[key].at if key in styled else datetime.min.replace(tzinfo=UTC)
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
        kept.forget()
        raise


def _now() -> datetime:
    """By the database's clock, not the start of the transaction: whatever was committed before is in the boards."""
    now: datetime = _ask("SELECT clock_timestamp()")
    return now


def _ask(question: str, *parameters: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return cursor.fetchone()[0]


def _drafts(pool: Pool, counted: Kept, boards: Iterable[Board]) -> list[Snapshot]:
    standings.weigh(pool, counted)
    models = _models(counted)
    return [snapshot for board in boards for snapshot in fitting.plain(board, counted, models)]


def _models(pool: Kept) -> dict[int, LanguageModel]:
    return LanguageModel.objects.select_related("organization", "license").in_bulk(pool.places)


def _publish(snapshots: Sequence[Snapshot], cutoff: datetime) -> None:
    for snapshot in snapshots:
        snapshot.computed_at = cutoff
    Snapshot.objects.bulk_create(snapshots)
    standings.write(snapshots)
    if snapshots:
        transaction.on_commit(lambda: live.announce(snapshots), robust=True)
