"""Database connections: their timeouts, and queries of asynchronous views, which release their connection before the
response is sent."""

from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, connections
from django.db.models import Model

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
# Threads of their own. Django logs each error in a shared thread before the request releases its connection. If queries
# that wait for a connection occupied all shared threads, the two would wait for each other.
QUERY_THREADS = ThreadPoolExecutor(6, "query")


def set_timeouts(**milliseconds: int) -> None:
    """Set parameters of PostgreSQL on all connections that this process makes after this call."""
    flags = [f"-c {name}={value}" for name, value in milliseconds.items()]
    settings.DATABASE_OPTIONS["options"] = " ".join([settings.DATABASE_OPTIONS.get("options", ""), *flags]).strip()


def set_prefetched(instance: Model, relation: str, related: Iterable[Model]) -> None:
    """Make `instance.relation.all()` return these objects without a query, as after a prefetch."""
    queryset = getattr(instance, relation).all()
    queryset._result_cache = list(related)  # noqa: SLF001  # Django has no public way
    prefetched = getattr(instance, "_prefetched_objects_cache", {})
    instance._prefetched_objects_cache = {**prefetched, relation: queryset}  # type: ignore[attr-defined]  # noqa: SLF001


def release_connection() -> None:
    """Return the connection of this thread to the pool before a long wait. A transaction keeps its connection."""
    if not connection.in_atomic_block:
        connection.close()


def database_sync_to_async(
    query: Callable[Arguments, Result], threads: ThreadPoolExecutor = QUERY_THREADS
) -> Callable[Arguments, Awaitable[Result]]:
    """The function as a coroutine in a thread that releases its connection: a response may stay open long after."""

    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        try:
            return query(*arguments, **options)
        finally:
            connections.close_all()

    return sync_to_async(run, thread_sensitive=False, executor=threads)
