"""`/healthz`, `/readyz` and `/metrics`: answered before Django looks at the host.

An orchestrator and Prometheus ask a container by its address, which no ALLOWED_HOSTS can list. Nothing in these answers
depends on the host, so the check has nothing to protect here; everywhere else it stays.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from config.monitoring import health, prometheus
from core.http.errors import READS

PROBES: dict[str, Callable[[HttpRequest], Awaitable[HttpResponse]]] = {
    "/healthz": health.alive,
    "/readyz": health.ready,
    "/metrics": prometheus.metrics,
}
Handler = Callable[[HttpRequest], Any]


def middleware(get_response: Handler) -> Handler:
    """In front of all middleware that asks for the host, a session or a cookie."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            if request.path_info in PROBES:
                return await _answer(request)
            response: HttpResponse = await get_response(request)
            return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            return async_to_sync(_answer)(request)
        response: HttpResponse = get_response(request)
        return response

    return synchronous


middleware.sync_capable = middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


async def _answer(request: HttpRequest) -> HttpResponse:
    if request.method not in READS:
        return HttpResponseNotAllowed(READS)
    return await PROBES[request.path_info](request)
