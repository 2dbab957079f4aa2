"""What pages, and calls that only read, may take of a web process: seconds of work, by address and network.

A page that comes from a cache takes next to nothing and is free. One that has to be worked out is charged for the
processor time that it took, once that is known: what a page costs depends on how many models, votes and battles there
are, and on the address that is asked for, so that a price for each would be wrong on most arenas. What is sent to the
pages of accounts is charged too: a third of a second goes into the hash of a password, right or wrong.
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
from arena.identity.voters import get_voter_id
from core.http import rate_limit
from core.http.errors import SAFE_METHODS, RequestError, build_error_response, render_error_page
from core.http.rate_limit import Bucket

UNIT_S = 0.01  # what takes less is free
# Of an hour an address may have a fifth of one process, and of that six seconds at once: some eighty pages of 75 ms,
# then two or three a second. Its networks may have twice and four times as much.
UNITS_PER_HOUR = 72_000
BURST_UNITS = 600
View = Callable[..., Any]


def charge_reads(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """The same addresses, where whoever reads pays for the work; views that run in the loop are left as they are."""
    return _charge_patterns(patterns, SAFE_METHODS)


def charge_all(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """The same, where whoever sends a form pays too."""
    return _charge_patterns(patterns, (*SAFE_METHODS, "POST"))


def _charge_patterns(patterns: Iterable[URLPattern], methods: tuple[str, ...]) -> list[URLPattern]:
    charged = list(patterns)
    for pattern in charged:
        if not iscoroutinefunction(pattern.callback):
            pattern.callback = _wrap_view(pattern.callback, methods)
    return charged


def _wrap_view(view: View, methods: tuple[str, ...]) -> View:
    @wraps(view)
    def charged(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        if request.method not in methods:
            response: HttpResponseBase = view(request, *arguments, **named)
            return response
        buckets = _build_buckets(request)
        if wait := rate_limit.charge_buckets(buckets, 0):
            too_much = _("You or your network asked for too much at once.")
            return _build_error_response(request, quotas.build_quota_error(wait, too_much))
        began = time.thread_time()
        try:
            return _render_response(view(request, *arguments, **named))
        finally:
            if units := int((time.thread_time() - began) / UNIT_S):
                rate_limit.overdraw_buckets(buckets, units)

    return charged


def _render_response(response: HttpResponseBase) -> HttpResponseBase:
    """Django would render it after the view, when nobody counts any more; a second time it does not."""
    return response.render() if isinstance(response, SimpleTemplateResponse) else response


def _build_buckets(request: HttpRequest) -> list[Bucket]:
    if not settings.ENVIRONMENT.arena_battles_per_hour_address:
        return []
    if quotas.is_charged_alone(request):
        return [Bucket(f"work:{get_voter_id(request)}", UNITS_PER_HOUR, BURST_UNITS)]
    return [
        Bucket(f"work:{each.key}", UNITS_PER_HOUR * each.factor, BURST_UNITS * each.factor)
        for each in quotas.list_charged_networks(request)
    ]


def _build_error_response(request: HttpRequest, error: RequestError) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return build_error_response(error)
    return render_error_page(request, error)
