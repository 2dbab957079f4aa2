"""What Celery runs on the queue `ratings`, and how a vote asks for it."""

import logging
import time
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from arena.models import Vote, Voter
from ratings.boards import snapshots
from ratings.models import Board, Outbox, Pool, build_due_filter

INTERVAL_S = 0.8
EXPIRES_S = 60
logger = logging.getLogger(__name__)
_asked_for = _done = 0


@shared_task(name="ratings.refresh", ignore_result=True)
def refresh(tick: int = 0) -> None:
    """Fold and publish, once per tick; whoever then sees votes waiting, for whatever reason, asks for the next one."""
    global _done  # noqa: PLW0603  # several processes may have asked for the same tick
    tick = tick or int(time.time() / INTERVAL_S)
    if tick != _done:
        from ratings.pipeline import board_refresh  # scipy is slow to load, and only this worker needs it

        board_refresh.refresh()
        _done = tick
    if Outbox.objects.exists() or Board.objects.filter(build_due_filter()).exists():
        schedule()


@shared_task(name="ratings.refresh_style", ignore_result=True)
def refresh_style() -> None:
    """One board at a time, so that the others need not wait for long."""
    from ratings.pipeline import board_refresh

    if board_refresh.refresh_style_board():
        refresh_style.apply_async(expires=EXPIRES_S)


@shared_task(name="ratings.thin_snapshots", ignore_result=True)
def thin_snapshots() -> None:
    from ratings.boards import pair_tables

    snapshots.thin_snapshots()
    pair_tables.thin_pair_tables()


@shared_task(name="ratings.tidy_sets", ignore_result=True)
def tidy_sets() -> None:
    from ratings.pipeline import idle_sets

    snapshots.thin_snapshots(of_sets=True)
    idle_sets.delete_idle_sets()


@shared_task(name="ratings.count_figures", ignore_result=True)
def count_figures() -> None:
    from ratings.pipeline import pool_figures  # see above

    pool_figures.update_pool_figures()


def schedule() -> None:
    """Ask for a refresh at the next tick of the clock.

    All processes share the ticks, so many votes are one refit; a lost message costs a few seconds, until
    the next vote or beat.
    """
    global _asked_for  # noqa: PLW0603  # a process asks once per tick
    now = time.time()
    tick = int(now / INTERVAL_S) + 1
    if tick == _asked_for:
        return
    _asked_for = tick
    try:
        refresh.apply_async((tick,), countdown=tick * INTERVAL_S - now, expires=EXPIRES_S)
    except OperationalError as error:
        logger.warning("the broker is away, so the boards are late: %s", error)


def remember(sender: type[Vote], vote: Vote, **_: Any) -> None:
    """Put a new vote among those to be folded; runs in the vote's own transaction."""
    if vote.counted:
        Outbox.objects.create(vote=vote)
        transaction.on_commit(schedule, robust=True)


def forget(sender: type[Voter], pools: set[str], **_: Any) -> None:
    """Votes have another voter now, so what a worker keeps of these pools in its memory is not what is stored."""
    Pool.objects.filter(slug__in=pools).update(revision=F("revision") + 1)
