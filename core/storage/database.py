"""Connections of the database: how long one may be held, and those of asynchronous views, which are lent for one look
and given back before anything is sent."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, connections

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
# Threads of their own: Django logs each error in one of the common ones before the request gives its connection back,
# and where looks that wait for a connection held all of those, both would wait for each other.
QUERY_THREADS = ThreadPoolExecutor(6, "look")


def set_timeouts(**milliseconds: int) -> None:
    """Bound all connections that this process makes from now on, by parameters of PostgreSQL."""
    given = [f"-c {name}={value}" for name, value in milliseconds.items()]
    settings.DATABASE_OPTIONS["options"] = " ".join([settings.DATABASE_OPTIONS.get("options", ""), *given]).strip()


def release_connection() -> None:
    """Give this thread's connection to the others before a long wait; within a transaction it stays."""
    if not connection.in_atomic_block:
        connection.close()


def database_sync_to_async(
    look: Callable[Arguments, Result], threads: ThreadPoolExecutor = QUERY_THREADS
) -> Callable[Arguments, Awaitable[Result]]:
    """The same in a thread of its own that keeps no connection: a response may be open for long after the look."""

    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            return look(*arguments, **options)
        finally:
            connections.close_all()

    return sync_to_async(run, thread_sensitive=False, executor=threads)
