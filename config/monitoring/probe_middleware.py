"""Serves `/healthz`, `/readyz`, and `/metrics` before Django checks the host.

Orchestrators and Prometheus address a container by its IP address, which is not in ALLOWED_HOSTS. These responses
do not depend on the host. Django still checks the host for all other paths.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.decorators import sync_and_async_middleware

from config.monitoring import health, prometheus
from core.http.errors import READ_METHODS

PROBE_VIEWS: dict[str, Callable[[HttpRequest], Awaitable[HttpResponse]]] = {
    "/healthz": health.report_liveness,
    "/readyz": health.report_readiness,
    "/metrics": prometheus.report_metrics,
}
Handler = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def probe_middleware(get_response: Handler) -> Handler:
    """Return the middleware. It must come before all middleware that uses the host, sessions, or cookies."""
    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> HttpResponse:
            if request.path_info in PROBE_VIEWS:
                return await _call_view(request)
            response: HttpResponse = await get_response(request)
            return response

        return handle_async

    def handle_sync(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBE_VIEWS:
            return async_to_sync(_call_view)(request)
        response: HttpResponse = get_response(request)
        return response

    return handle_sync


async def _call_view(request: HttpRequest) -> HttpResponse:
    if request.method not in READ_METHODS:
        return HttpResponseNotAllowed(READ_METHODS)
    return await PROBE_VIEWS[request.path_info](request)
