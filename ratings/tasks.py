"""Celery tasks for the `ratings` queue, and the receivers of signals about new or moved votes."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

from celery import shared_task
from django.db import connections, transaction
from django.db.models import F
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from arena.models import Pool, Vote, Voter
from arena.signals import vote_cast, votes_moved
from core.admin import audit
from core.process import return_freed_memory
from core.storage.compiled_queries import CompiledQuery
from ratings.boards import snapshots
from ratings.models import Board, Outbox, PoolCounts, build_due_filter

INTERVAL_S = 0.8  # from one tick to the next
QUIET_TICKS = 12  # without new votes, before freed memory is returned
EXPIRES_S = 60  # a task that has not started after this time is dropped
STYLE_TASK_S = 0.1  # no new fit starts after this time
WAITING_VOTE = CompiledQuery(lambda: Outbox.objects.all()[:1])
DUE_BOARD = CompiledQuery(lambda: Board.objects.filter(build_due_filter())[:1])
logger = logging.getLogger(__name__)
_sender = ThreadPoolExecutor(1, "send")
_scheduled_tick = 0
_finished_tick = 0
_filter_thread: Thread | None = None


@shared_task(name="ratings.refresh", ignore_result=True)
def refresh(tick: int = 0) -> None:
    """Refresh boards once per tick.

    tick: the tick at which the task should run. Celery beat sends 0, which means the current tick.

    If nothing was published although votes or boards are waiting, this schedules the next refresh. Votes that arrive
    during a refresh schedule the next one themselves.
    """
    from ratings.boards import pair_tables  # loads scipy, which is slow to import
    from ratings.pipeline import board_refresh

    global _finished_tick  # noqa: PLW0603  # skips ticks that several processes have scheduled
    tick = tick or int(time.time() / INTERVAL_S)
    if not _is_refresh_due():
        pair_tables.write_pending_tables(include_all_large=True)
        if tick - _finished_tick > QUIET_TICKS:
            return_freed_memory()
        return
    if tick != _finished_tick:
        has_published = bool(board_refresh.refresh())
        _finished_tick = tick
        if has_published:
            return
    if _is_refresh_due():
        schedule_refresh()


def _is_refresh_due() -> bool:
    """Return whether votes or boards are waiting."""
    return bool(WAITING_VOTE.load() or DUE_BOARD.load())


@shared_task(name="ratings.refresh_style", ignore_result=True)
def refresh_style() -> None:
    """Refresh style-controlled boards. If more of them are due after `STYLE_TASK_S`, queue the task again.

    Each run is short, so it hardly delays other boards.
    """
    from ratings.pipeline import board_refresh  # loads scipy, which is slow to import

    deadline = time.monotonic() + STYLE_TASK_S
    while board_refresh.refresh_style_board():
        if time.monotonic() >= deadline:
            refresh_style.apply_async(expires=EXPIRES_S)
            return


@shared_task(name="ratings.thin_snapshots", ignore_result=True)
def thin_snapshots() -> None:
    """Thin out old pair tables and old snapshots."""
    from ratings.boards import pair_tables  # loads scipy, which is slow to import

    snapshots.thin_snapshots()
    pair_tables.thin_pair_tables()


@shared_task(name="ratings.apply_exclusions", ignore_result=True)
def apply_exclusions() -> None:
    """Apply the exclusions that operators have added, undo those that they have withdrawn, and refresh the boards."""
    from ratings.pipeline import vote_weights  # loads NumPy, which is slow to import

    if vote_weights.apply_exclusions():
        refresh()


@shared_task(name="ratings.filter_votes", ignore_result=True)
def filter_votes() -> None:
    """Run the vote filter on the pools for which a run is due.

    A separate thread starts the filter's processes and waits for them, so that boards are not delayed.
    """
    global _filter_thread  # noqa: PLW0603  # one run at a time
    if _filter_thread is None or not _filter_thread.is_alive():
        _filter_thread = Thread(target=_filter_votes, name="filter", daemon=True)
        _filter_thread.start()


def _filter_votes() -> None:
    from ratings.pipeline import filter_run  # loads scipy, which is slow to import

    try:
        if filter_run.run_due_filters():
            schedule_refresh()
    finally:
        connections.close_all()


@shared_task(name="ratings.update_figures", ignore_result=True)
def update_figures() -> None:
    """Update the figures on the method page."""
    from ratings.pipeline import pool_figures  # loads scipy, which is slow to import

    pool_figures.update_pool_figures()


@shared_task(name="ratings.certify", ignore_result=True)
def certify() -> None:
    """Update the certificates of a few boards. Each run is short, so it hardly delays other tasks."""
    from ratings.pipeline import certificates  # loads scipy, which is slow to import

    certificates.update_certificates()


@shared_task(name="ratings.recompute", ignore_result=True)
def recompute(slug: str, username: str, *, from_scratch: bool) -> None:
    """Recompute the boards of a pool for an operator. The result is written to the audit log."""
    from ratings.pipeline import board_refresh  # loads scipy, which is slow to import

    pool = Pool.objects.get(slug=slug)
    published = board_refresh.recompute_boards([pool], from_scratch=from_scratch)
    audit.record_change(username, "recomputed", pool, after={"boards": len(published)})


@shared_task(name="ratings.verify", ignore_result=True)
def verify(slug: str, username: str) -> None:
    """Verify the tallies for an operator in a separate thread, because this can take minutes and must not delay boards.

    The result is written to the audit log.
    """
    Thread(target=_run_verification, args=(slug, username), name="verify", daemon=True).start()


def _run_verification(slug: str, username: str) -> None:
    try:
        pool = Pool.objects.get(slug=slug)
        audit.record_change(username, "verified", pool, after=_compare_with_votes(pool))
    finally:
        connections.close_all()


def _compare_with_votes(pool: Pool) -> dict[str, object]:
    from ratings.pipeline import verification

    if pool.kind == Pool.Kind.REFERENCE:
        return {"result": "a reference pool has no votes to verify"}
    try:
        return {"matches": True, "result": str(verification.verify_tallies([pool]))}
    except verification.TallyMismatch as mismatch:
        return {"matches": False, "result": str(mismatch)}


def schedule_refresh() -> None:
    """Schedule a refresh for the next tick of the clock.

    All processes share the same ticks, so many votes cause only one refresh. A separate thread sends the message,
    because a Redis that hangs must not delay the vote. If the message is lost, the next vote or Celery beat schedules a
    refresh a few seconds later.
    """
    global _scheduled_tick  # noqa: PLW0603  # each process schedules a tick only once
    tick = int(time.time() / INTERVAL_S) + 1
    if tick == _scheduled_tick:
        return
    _scheduled_tick = tick
    _sender.submit(_send_refresh, tick)


def _send_refresh(tick: int) -> None:
    wait = tick * INTERVAL_S - time.time()
    if wait < -INTERVAL_S:  # Redis hangs, and a later tick follows
        return
    try:
        refresh.apply_async((tick,), countdown=max(0.0, wait), expires=EXPIRES_S)
    except OperationalError as error:
        logger.warning("The Celery broker is unreachable, so boards will be refreshed later: %s", error)
    except Exception:
        logger.exception("No refresh was scheduled.")


@receiver(vote_cast)
def add_to_outbox(sender: type[Vote], vote: Vote, **_: Any) -> None:
    """Add a new vote to the outbox in the vote's own transaction, and schedule a refresh."""
    if vote.counted:
        Outbox.objects.create(vote=vote)
        transaction.on_commit(schedule_refresh, robust=True)


@receiver(votes_moved)
def invalidate_pools(sender: type[Voter], pools: set[int], **_: Any) -> None:
    """Make workers reload these pools, because some of their votes now belong to another voter."""
    PoolCounts.objects.filter(pool__in=pools).update(revision=F("revision") + 1)
