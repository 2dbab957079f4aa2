"""Django's handler, and a limit on how many requests it handles at once. The others wait in line for its threads."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponseBase

from config.server.body_limit import RequestRejected
from core.http.errors import RequestError

# The pool has a database connection for each of these threads (see `DATABASE_OPTIONS`). Without a limit, requests would
# wait for a connection, and fail after 5 s. Each thread also takes its share of the GIL from the event loop, and thus
# from all streams.
MAX_VIEWS = 4
MAX_WAITING = 500
MAX_WAIT_S = 10.0
BUSY = RequestError("busy", "The server is busy. Try again in a few seconds.", 503, retry_after=5)


def build_django_application() -> Any:
    """Return Django's ASGI application, without hooks that would take a thread switch before each request.

    They would close a broken connection of the thread, but the previous request has already released its connection.
    """
    for receiver in (close_old_connections, reset_queries):
        request_started.disconnect(receiver)
    return SyncHandler()


class SyncHandler(ASGIHandler):
    """Django's ASGI handler with a synchronous chain of middleware and views.

    In Django's asynchronous chain, synchronous middleware waits in its thread while the event loop finds the view, and
    calls each hook of the middleware and the view in that thread again.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's signature
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response)(request)


class ViewLimit:
    """ASGI middleware that passes a request to Django once its body is complete and one of `MAX_VIEWS` threads is free.

    A request occupies its thread until its response starts, so slow clients and streams occupy none. Until then, Django
    does not learn that the client has disconnected, because it would cancel the view, perhaps between two writes.

    The status is 503 if more than `MAX_WAITING` requests wait, or if one has waited for `MAX_WAIT_S`.

    paths_apart: paths with a thread of their own, such as probes, which must not wait for other requests
    """

    def __init__(self, application: Any, paths_apart: Iterable[str] = ()) -> None:
        self.application = application
        self.common_threads = _Threads(MAX_VIEWS)
        self.threads_apart = {path: _Threads(1) for path in paths_apart}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = await _read_body(receive)
        if body is None:
            return
        threads = self.threads_apart.get(scope["path"], self.common_threads)
        thread = await threads.take()
        messages = [{"type": "http.request", "body": body}]
        has_started = asyncio.Event()

        async def receive_whole_body() -> Any:
            if messages:
                return messages.pop()
            await has_started.wait()
            return await receive()

        async def send_and_free_thread(message: Any) -> None:
            has_started.set()
            loan.close()
            await send(message)

        with ExitStack() as loan:  # which ends once: when the response starts, or else here
            loan.callback(threads.give_back, thread)
            async with ThreadSensitiveContext(executor=thread):  # Django then uses this thread for the whole request
                await self.application(scope, receive_whole_body, send_and_free_thread)


class _Threads:
    """Threads that requests borrow, and the line of requests that wait for one."""

    def __init__(self, count: int) -> None:
        self.free = [ThreadPoolExecutor(1, "view") for _ in range(count)]  # each starts when it is first used
        self.free_count = asyncio.Semaphore(count)
        self.waiting = 0

    async def take(self) -> ThreadPoolExecutor:
        """Wait for a free thread. Raises RequestRejected if the line is full, or after `MAX_WAIT_S`."""
        if self.waiting >= MAX_WAITING:
            raise RequestRejected(BUSY)
        self.waiting += 1
        try:
            async with asyncio.timeout(MAX_WAIT_S):
                await self.free_count.acquire()
        except TimeoutError:
            raise RequestRejected(BUSY) from None
        finally:
            self.waiting -= 1
        return self.free.pop()  # the one that was used last

    def give_back(self, thread: ThreadPoolExecutor) -> None:
        self.free.append(thread)
        self.free_count.release()


async def _read_body(receive: Any) -> bytes | None:
    """Return the whole body, or None if the client has disconnected. A stalled upload thus occupies no thread."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
