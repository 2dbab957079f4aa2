"""Charges pages and read calls for their CPU time (see `quotas.charge_work`).

Pages from a cache take almost no time and are free. Account forms are charged too, because hashing a password takes a
third of a second. Event streams and submissions charge the part of their work that takes time themselves.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern

from arena.identity import quotas
from core.http.error_pages import render_error_page
from core.http.errors import READ_METHODS, RequestError, build_error_response

View = Callable[..., Any]


def charge_reads(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """Return the URL patterns with views that charge for read requests. Asynchronous views stay free."""
    return [_charge_pattern(pattern, READ_METHODS) for pattern in patterns]


def charge_all(patterns: Iterable[URLPattern]) -> list[URLPattern]:
    """Return the URL patterns with views that charge for read requests and form submissions. See `charge_reads`."""
    return [_charge_pattern(pattern, (*READ_METHODS, "POST")) for pattern in patterns]


def _charge_pattern(pattern: URLPattern, methods: tuple[str, ...]) -> URLPattern:
    if iscoroutinefunction(pattern.callback):
        return pattern
    return URLPattern(pattern.pattern, _wrap_view(pattern.callback, methods), pattern.default_args, pattern.name)


def _wrap_view(view: View, methods: tuple[str, ...]) -> View:
    @wraps(view)
    def charged_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in methods:
            response: HttpResponseBase = view(request, *args, **kwargs)
            return response
        try:
            with quotas.charge_work(request):
                return _render_response(view(request, *args, **kwargs))
        except RequestError as error:
            return _build_error_response(request, error)

    return charged_view


def _render_response(response: HttpResponseBase) -> HttpResponseBase:
    """Render a template response now, so that its CPU time is measured. Django does not render it again."""
    if isinstance(response, SimpleTemplateResponse):
        return response.render()
    return response


def _build_error_response(request: HttpRequest, error: RequestError) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return build_error_response(error)
    return render_error_page(request, error)
