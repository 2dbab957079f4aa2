"""Ties the answer engine to the life of a Celery worker that consumes the queue `answers`."""

from typing import TYPE_CHECKING, Any

from celery import signals

from core.storage import database

if TYPE_CHECKING:
    from arena.answers.engine import Engine

ANSWERS_QUEUE = "answers"
DRAIN_S = 5
IDLE_TRANSACTION_TIMEOUT_MS = 4_000  # well within a lease, so that others can take it over
_engine: "Engine | None" = None


def get_engine() -> "Engine":
    """The engine of this process."""
    global _engine  # noqa: PLW0603  # one per process, started by the worker's own signal
    if _engine is None:
        from arena.answers.engine import Engine  # slow to load, and only this worker needs it

        _engine = Engine()
    return _engine


def connect_signals() -> None:
    signals.celeryd_after_setup.connect(_begin, weak=False)
    signals.worker_shutting_down.connect(_drain_engine, weak=False)


def _begin(instance: Any, **_: Any) -> None:
    """Before the broker is reached: the engine's reaper is needed most when the broker is away."""
    if ANSWERS_QUEUE in instance.app.amqp.queues.consume_from:
        # A worker that is frozen within a transaction would keep others from the rows that it has locked.
        database.set_timeouts(idle_in_transaction_session_timeout=IDLE_TRANSACTION_TIMEOUT_MS)
        get_engine()


def _drain_engine(**_: Any) -> None:
    if _engine is not None:
        _engine.drain(DRAIN_S)
