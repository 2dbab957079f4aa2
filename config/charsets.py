"""Forms come in UTF-8. A request may name any codec of Python's, and Django tries some that are none of texts."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase

OURS = "utf-8"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
Handler = Callable[[HttpRequest], Any]


def middleware(get_response: Handler) -> Handler:
    """Refuses forms of other charsets, for they would be read as something else; JSON has no other."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            _check(request)
            response: HttpResponseBase = await get_response(request)
            return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        _check(request)
        response: HttpResponseBase = get_response(request)
        return response

    return synchronous


middleware.sync_capable = middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


def _check(request: HttpRequest) -> None:
    charset = (request.content_params or {}).get("charset", OURS)
    if charset.lower() != OURS and request.content_type in FORMS and request.method == "POST":
        raise BadRequest("A form must be UTF-8.")
