"""CPU time quotas for pages and read calls, per address and network, or per voter (see `quotas.is_only_voter_charged`).

After a page is rendered, the visitor is charged for the CPU time that it took. Pages from a cache take almost no time
and are free. Fixed prices would be wrong on most sites, because the cost of a page depends on its URL and on the
number of models, votes, and battles. Account forms are charged too, because hashing a password takes a third of a
second.
"""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _

from arena.identity import quotas
from core.http import rate_limit
from core.http.errors import READ_METHODS, RequestError, build_error_response, render_error_page
from core.http.rate_limit import Bucket

UNIT_S = 0.01  # CPU seconds per unit; requests that take less are free
# An address can use a fifth of one process, with bursts of six seconds. This is enough for about eighty pages of 75 ms,
# and then two or three pages per second. Larger networks can use two or four times as much.
UNITS_PER_HOUR = 72_000
BURST_UNITS = 600
View = Callable[..., Any]


def charge_reads(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """Return the URL patterns with views that charge for read requests. Asynchronous views stay free."""
    return _charge_patterns(patterns, READ_METHODS)


def charge_all(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """Return the URL patterns with views that charge for read requests and form submissions. See `charge_reads`."""
    return _charge_patterns(patterns, (*READ_METHODS, "POST"))


def _charge_patterns(patterns: Iterable[URLPattern], methods: tuple[str, ...]) -> list[URLPattern]:
    charged_patterns = list(patterns)
    for pattern in charged_patterns:
        if not iscoroutinefunction(pattern.callback):
            pattern.callback = _wrap_view(pattern.callback, methods)
    return charged_patterns


def _wrap_view(view: View, methods: tuple[str, ...]) -> View:
    @wraps(view)
    def charged_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in methods:
            response: HttpResponseBase = view(request, *args, **kwargs)
            return response
        buckets = _build_buckets(request)
        if wait := rate_limit.charge_buckets(buckets, 0):
            reason = _("You or other people on your network sent too many requests at once.")
            return _build_error_response(request, quotas.quota_error(wait, reason))
        start = time.thread_time()
        try:
            return _render_response(view(request, *args, **kwargs))
        finally:
            if units := int((time.thread_time() - start) / UNIT_S):
                rate_limit.overdraw_buckets(buckets, units)

    return charged_view


def _render_response(response: HttpResponseBase) -> HttpResponseBase:
    """Render a template response now, so that its CPU time is measured. Django does not render it again."""
    if isinstance(response, SimpleTemplateResponse):
        return response.render()
    return response


def _build_buckets(request: HttpRequest) -> list[Bucket]:
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return []
    if quotas.is_only_voter_charged(request):
        return [Bucket(f"work:{quotas.get_charged_voter(request)}", UNITS_PER_HOUR, BURST_UNITS)]
    return [
        Bucket(f"work:{network.key}", UNITS_PER_HOUR * network.factor, BURST_UNITS * network.factor)
        for network in quotas.list_charged_networks(request)
    ]


def _build_error_response(request: HttpRequest, error: RequestError) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return build_error_response(error)
    return render_error_page(request, error)
