"""Runs the database calls of a worker process in one thread. Calls within a few milliseconds share a transaction.

If each call had its own transaction, hundreds of claims, heartbeats, and saves would wait for the disk.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

BATCH_WINDOW_S = 0.01
MAX_TRANSACTION_TRIES = 5  # after deadlocks
RETRY_DELAY_S = 0.5
Argument = TypeVar("Argument")
Result = TypeVar("Result")
BatchOperation = Callable[[Sequence[Argument]], Sequence[Result]]
logger = logging.getLogger(__name__)


class DatabaseUnreachable(Exception):
    """The database is unavailable. Unless the connection broke during the commit, nothing was written."""


@dataclass(frozen=True)
class BatchCall:
    operation: BatchOperation[Any, Any]
    argument: Any
    future: "asyncio.Future[Any]"


class DatabaseBatcher:
    """Runs batch operations for the coroutines of one event loop.

    A batch operation takes the arguments of all waiting calls, and returns one result per call, in the same order.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.calls: queue.SimpleQueue[BatchCall] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="db-batcher", daemon=True).start()

    async def call(self, operation: BatchOperation[Argument, Result], argument: Argument) -> Result:
        """Return the operation's result for this argument after the transaction has committed.

        Raises DatabaseUnreachable if the database is unavailable, or else the operation's error.
        """
        future: asyncio.Future[Result] = self.loop.create_future()
        self.calls.put(BatchCall(operation, argument, future))
        return await future

    def call_later(self, operation: BatchOperation[Argument, Result], argument: Argument) -> None:
        """Like `call`, but do not wait for the result. Errors are only logged."""
        task = asyncio.ensure_future(self.call(operation, argument))
        # Reading the exception keeps asyncio from logging it. The batcher has logged it already.
        task.add_done_callback(lambda finished_task: finished_task.cancelled() or finished_task.exception())

    async def call_until_ok(self, operation: BatchOperation[Argument, Result], argument: Argument) -> Result:
        """Like `call`, but try again until the database answers."""
        while True:
            try:
                return await self.call(operation, argument)
            except DatabaseUnreachable:
                await asyncio.sleep(RETRY_DELAY_S)

    def _run(self) -> None:
        while True:
            calls = [self.calls.get()]
            time.sleep(BATCH_WINDOW_S)
            while not self.calls.empty():
                calls.append(self.calls.get())
            self._run_batch(calls)

    def _run_batch(self, calls: list[BatchCall]) -> None:
        """Run calls in one transaction. If one of them fails, run each call in its own transaction."""
        try:
            results = _transact(calls)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            logger.warning("The database is unavailable: %s", str(error).strip().partition("\n")[0])
            self._deliver([(call, DatabaseUnreachable()) for call in calls])
        except Exception as error:
            if len(calls) == 1:
                logger.exception("A database operation failed")
                self._deliver([(calls[0], error)])
                return
            for call in calls:
                self._run_batch([call])
        else:
            self._deliver(results)

    def _deliver(self, results: list[tuple[BatchCall, Any]]) -> None:
        self.loop.call_soon_threadsafe(_resolve_futures, results)


def _transact(calls: list[BatchCall], tries: int = MAX_TRANSACTION_TRIES) -> list[tuple[BatchCall, Any]]:
    """Run calls in one transaction. After a deadlock, try again, up to `tries` times in total."""
    groups: dict[BatchOperation[Any, Any], list[BatchCall]] = {}
    for call in calls:
        groups.setdefault(call.operation, []).append(call)
    results: list[tuple[BatchCall, Any]] = []
    try:
        with transaction.atomic():
            for operation, group in groups.items():
                results += zip(group, operation([call.argument for call in group]), strict=True)
    except OperationalError as error:
        if tries > 1 and isinstance(error.__cause__, DeadlockDetected):
            return _transact(calls, tries - 1)
        raise
    return results


def _resolve_futures(results: list[tuple[BatchCall, Any]]) -> None:
    for call, result in results:
        if call.future.done():
            continue
        if isinstance(result, Exception):
            call.future.set_exception(result)
        else:
            call.future.set_result(result)
