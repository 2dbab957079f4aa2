"""A request handler for Django with fewer thread switches, which take longer than most middleware."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from asgiref.sync import SyncToAsync, iscoroutinefunction, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

from core.storage.database import database_sync_to_async

# Under load, requests wait for one of these threads. The connection pool has one connection for each of them, and one
# for each query thread (see `core.storage.database`). With fewer connections, requests would wait for a connection and
# could fail. More threads would serve fewer requests, because they would compete for the interpreter lock.
VIEW_THREADS = ThreadPoolExecutor(4, "view")
View = Callable[..., Any]


class RequestHandler(ASGIHandler):
    """Runs each synchronous view and renders its response in one thread, and then releases the database connection.

    Django creates a thread for each request and switches to it four times. It also cancels the view if the client
    disconnects. In this handler, a disconnect ends only streaming responses.
    """

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        try:
            request, error_response = self.create_request(scope, body_file)
            # Exactly one of the two is None.
            response: Any = await self.run_get_response(request) if request else error_response
            try:
                if response.streaming:
                    await self._stream_response(response, receive, send)
                else:
                    await self.send_response(response, send)
            finally:
                await _close_response(response)
        finally:
            body_file.close()

    async def _stream_response(self, response: StreamingHttpResponse, receive: Any, send: Any) -> None:
        """Send the response until it ends or the client disconnects."""
        send_task = asyncio.create_task(self.send_response(response, send))
        disconnect_task = asyncio.create_task(receive())
        try:
            await asyncio.wait((send_task, disconnect_task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (send_task, disconnect_task):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await send_task

    def make_view_atomic(self, view: View) -> View:
        """Return the view as a coroutine function, which Django calls without starting a thread."""
        view = super().make_view_atomic(view)
        return view if iscoroutinefunction(view) else database_sync_to_async(_render_in_thread(view), VIEW_THREADS)


def _render_in_thread(view: View) -> View:
    """Return a view that also renders its response, because Django would use another thread for that."""

    def render(*arguments: Any, **options: Any) -> Any:
        response = view(*arguments, **options)
        if callable(getattr(response, "render", None)):
            response = response.render()
            response.render = None  # otherwise, Django would render the response again
        return response

    return render


async def _close_response(response: HttpResponseBase) -> None:
    """Close the response in the thread that the request used, because that thread might hold a database connection."""
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context in SyncToAsync.context_to_thread_executor:
        await sync_to_async(response.close)()
    else:
        response.close()
