"""Serves `/healthz`, `/readyz`, and `/metrics` before Django checks the host.

Orchestrators and Prometheus address a container by its IP address, which is not in ALLOWED_HOSTS. These responses
do not depend on the host. Django still checks the host for all other paths.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

from config.monitoring import health, prometheus
from core.http.errors import READ_METHODS
from core.http.middleware import Handler

PROBE_VIEWS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": health.report_liveness,
    "/readyz": health.report_readiness,
    "/metrics": prometheus.report_metrics,
}


def probe_middleware(get_response: Handler) -> Handler:
    """Return the middleware. It must come before all middleware that uses the host, sessions, or cookies."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        view = PROBE_VIEWS.get(request.path_info)
        if view is None:
            return get_response(request)
        return view(request) if request.method in READ_METHODS else HttpResponseNotAllowed(READ_METHODS)

    return handle
