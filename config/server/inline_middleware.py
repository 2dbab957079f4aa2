"""Variants of Django's middleware that run non-blocking hooks directly in the event loop.

Django runs each hook in a thread, and the thread switch takes longer than most hooks. The settings use the names of
Django's own classes, because `check --deploy` looks for them.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from asgiref.sync import sync_to_async
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # the methods that CsrfViewMiddleware does not check


class InlineMiddleware(MiddlewareMixin):
    """Calls its hooks directly. Hooks must not access the database or files.

    This overrides `__acall__`, a private method of Django. Check it when Django is updated.
    """

    async def __acall__(self, request: HttpRequest) -> HttpResponse:
        process_request = getattr(self, "process_request", None)
        response: HttpResponse | None = process_request(request) if process_request else None
        if response is None:
            response = await self.get_response(request)  # type: ignore[misc]  # get_response is async here
        if hasattr(self, "process_response"):
            response = await self.run_process_response(request, response)
        return response

    async def run_process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        processed: HttpResponse = self.process_response(request, response)  # type: ignore[attr-defined]  # defined by the Django class
        return processed


class InlineSecurityMiddleware(InlineMiddleware, SecurityMiddleware):
    pass


class InlineCspMiddleware(InlineMiddleware, CSPMiddleware):
    """Builds the policy once, because building it for each request took 20% of the request's time.

    The policy has no nonces and does not depend on the request.
    """

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        parts = self.get_policy_parts(HttpRequest(), HttpResponse())
        self.policy = build_policy(**{field.name: getattr(parts, field.name) for field in fields(parts)})

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # type: ignore[override]  # the two base classes declare different signatures
        if settings.DEBUG:
            return super().process_response(request, response)  # type: ignore[return-value]  # returns the response that it was given
        response.headers.setdefault(HEADER, self.policy)
        return response


class InlineSessionMiddleware(InlineMiddleware, SessionMiddleware):
    async def run_process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save a changed session in a thread, because saving waits for the database."""
        if request.session.modified:
            return await sync_to_async(self.process_response)(request, response)
        return await super().run_process_response(request, response)


class InlineCommonMiddleware(InlineMiddleware, CommonMiddleware):
    pass


class InlineCsrfMiddleware(InlineMiddleware, CsrfViewMiddleware):
    async def process_view(  # type: ignore[override]  # Django checks whether it is async
        self, request: HttpRequest, callback: Any, *arguments: Any
    ) -> HttpResponse | None:
        """Run the check in a thread if it has to read the token from the form, because reading the form can block."""
        check = super().process_view
        if request.method in SAFE_METHODS or getattr(callback, "csrf_exempt", False):
            return check(request, callback, *arguments)
        return await sync_to_async(check)(request, callback, *arguments)


class InlineAuthenticationMiddleware(InlineMiddleware, AuthenticationMiddleware):
    pass


class InlineXFrameMiddleware(InlineMiddleware, XFrameOptionsMiddleware):
    pass


INLINE_CLASSES = {
    "django.middleware.security.SecurityMiddleware": f"{__name__}.InlineSecurityMiddleware",
    "csp.middleware.CSPMiddleware": f"{__name__}.InlineCspMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware": f"{__name__}.InlineSessionMiddleware",
    "django.middleware.common.CommonMiddleware": f"{__name__}.InlineCommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware": f"{__name__}.InlineCsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware": f"{__name__}.InlineAuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware": f"{__name__}.InlineXFrameMiddleware",
}


def use_inline_classes(names: Iterable[str]) -> list[str]:
    """Return the class names, each replaced with the name of its inline variant if there is one."""
    return [INLINE_CLASSES.get(name, name) for name in names]
