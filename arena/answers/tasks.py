"""The Celery tasks that answer turns and questions, and the answer engine in the workers that consume their queue."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from celery import shared_task, signals
from django.conf import settings
from kombu.exceptions import OperationalError

from arena.answers.leases import QUEUE_TIMEOUT_S
from core.storage import database

if TYPE_CHECKING:
    from arena.answers.engine import Engine

logger = logging.getLogger(__name__)
ANSWERS_QUEUE = "answers"
IDLE_TRANSACTION_TIMEOUT_MS = 4_000  # shorter than a lease, so that a frozen worker loses its locks before its leases
_sender = ThreadPoolExecutor(1, "send")
_engine: "Engine | None" = None


@shared_task(name="arena.answer_turn", ignore_result=True)
def answer_turn(turn_id: int) -> None:
    get_engine().submit(turn_id)


@shared_task(name="arena.answer_singles", ignore_result=True)
def answer_singles() -> None:
    get_engine().look_for_singles()


def enqueue_turn(turn_id: int) -> None:
    """Queue a turn for a worker. A separate thread sends it, because a Redis that hangs must not delay the request.

    If Redis is down, a worker finds the turn in the database.
    """
    _sender.submit(_send, answer_turn, [turn_id], f"turn {turn_id}", time.monotonic() + QUEUE_TIMEOUT_S)


def enqueue_singles() -> None:
    """Wake a worker, so that it need not find the single answers that wait by itself."""
    _sender.submit(_send, answer_singles, [], "single answers", time.monotonic() + QUEUE_TIMEOUT_S)


def _send(task: Any, arguments: list[int], subject: str, deadline: float) -> None:
    if time.monotonic() > deadline:  # by now, workers take the work from the database
        return
    try:
        task.delay(*arguments)
    except OperationalError as error:
        logger.warning("The Celery broker is unreachable, so %s will be answered later: %s", subject, error)
    except Exception:
        logger.exception("The task for %s was not queued, so it will be answered later.", subject)


def get_engine() -> "Engine":
    """Return this process's engine. The first call starts it. Only the main thread of a worker calls this."""
    global _engine  # noqa: PLW0603  # one per process, started by the worker's own signal
    if _engine is None:
        from arena.answers.engine import Engine  # slow to load, and only answer workers need it

        _engine = Engine()
    return _engine


@signals.celeryd_after_setup.connect
def _start_engine(instance: Any, **_: Any) -> None:
    """Start the engine before the worker connects to the broker, so that turns can be taken over without a broker."""
    if ANSWERS_QUEUE in instance.app.amqp.queues.consume_from:
        database.set_parameters(
            # A worker that freezes within a transaction would block other workers with its row locks.
            idle_in_transaction_session_timeout=IDLE_TRANSACTION_TIMEOUT_MS,
            # PostgreSQL would plan a statement with arrays anew each time, which takes longer than executing it.
            plan_cache_mode="force_generic_plan",
        )
        get_engine()


@signals.worker_shutting_down.connect
def _drain_engine(**_: Any) -> None:
    """Wait for running answers. A second signal, which interrupts the wait, hands them on at once."""
    if _engine is not None:
        _engine.drain(0 if _engine.draining else settings.ENVIRONMENT.arena_drain_s)
