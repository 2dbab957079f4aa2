"""The one database thread of a worker process: what is due within a few milliseconds shares a transaction.

One by one, hundreds of claims, heartbeats and saves would each wait for the disk.
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
MAX_TRANSACTION_TRIES = 5  # of a transaction that deadlocks end
Argument = TypeVar("Argument")
Answer = TypeVar("Answer")
BatchOperation = Callable[[Sequence[Argument]], Sequence[Answer]]
logger = logging.getLogger(__name__)


class DatabaseUnreachable(Exception):
    """The database did not answer; nothing was written."""


@dataclass(frozen=True)
class BatchCall:
    operation: BatchOperation[Any, Any]
    argument: Any
    future: "asyncio.Future[Any]"


class DatabaseBatcher:
    """Runs batch operations (see `arena.answers.leases`) for the coroutines of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.calls: queue.SimpleQueue[BatchCall] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="ledger", daemon=True).start()

    async def call(self, operation: BatchOperation[Argument, Answer], argument: Argument) -> Answer:
        """The operation's result for this argument, once its transaction has committed; else Unreachable."""
        future: asyncio.Future[Answer] = self.loop.create_future()
        self.calls.put(BatchCall(operation, argument, future))
        return await future

    async def insist(self, operation: BatchOperation[Argument, Answer], argument: Argument) -> Answer:
        """Like `call`, again and again until the database answers."""
        while True:
            try:
                return await self.call(operation, argument)
            except DatabaseUnreachable:
                await asyncio.sleep(0.5)

    def _run(self) -> None:
        while True:
            calls = [self.calls.get()]
            time.sleep(BATCH_WINDOW_S)
            while not self.calls.empty():
                calls.append(self.calls.get())
            self._batch(calls)

    def _batch(self, calls: list[BatchCall]) -> None:
        try:
            results = _transact_with_retries(calls)
        except (OperationalError, InterfaceError) as error:
            connection.close()
            logger.warning("the database is away: %s", str(error).strip().partition("\n")[0])
            self._deliver([(call, DatabaseUnreachable()) for call in calls])
        except Exception as error:
            if len(calls) == 1:
                logger.exception("a database operation failed")
                self._deliver([(calls[0], error)])
                return
            for call in calls:
                self._batch([call])
        else:
            self._deliver(results)

    def _deliver(self, results: list[tuple[BatchCall, Any]]) -> None:
        self.loop.call_soon_threadsafe(_resolve_futures, results)


def _transact_with_retries(calls: list[BatchCall]) -> list[tuple[BatchCall, Any]]:
    """Like `_transact`; one that PostgreSQL ended in favor of another worker is tried again, TRIES times in all."""
    for _ in range(MAX_TRANSACTION_TRIES - 1):
        try:
            return _transact(calls)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return _transact(calls)


def _transact(calls: list[BatchCall]) -> list[tuple[BatchCall, Any]]:
    groups: dict[BatchOperation[Any, Any], list[BatchCall]] = {}
    for call in calls:
        groups.setdefault(call.operation, []).append(call)
    results: list[tuple[BatchCall, Any]] = []
    with transaction.atomic():
        for operation, group in groups.items():
            results += zip(group, operation([call.argument for call in group]), strict=True)
    return results


def _resolve_futures(results: list[tuple[BatchCall, Any]]) -> None:
    for call, result in results:
        if call.future.done():
            continue
        if isinstance(result, Exception):
            call.future.set_exception(result)
        else:
            call.future.set_result(result)
