"""Django's middleware whose hooks wait for nothing, called in place by the web process.

Each hook of Django's own is a hop to a thread and back for each request, which costs more than what most of them do.
The settings name Django's, for that is what `check --deploy` looks for.
"""

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


class InlineMiddleware(MiddlewareMixin):
    """For hooks that touch neither database nor files."""

    async def __acall__(self, request: HttpRequest) -> HttpResponse:
        enter, leave = (getattr(self, f"process_{name}", None) for name in ("request", "response"))
        response: HttpResponse | None = enter(request) if enter else None
        if response is None:
            response = await self.get_response(request)  # type: ignore[misc]  # asynchronous here
        return await self.leave(request, response) if leave else response

    async def leave(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        left: HttpResponse = self.process_response(request, response)  # type: ignore[attr-defined]  # asked by the caller
        return left


class InlineSecurityMiddleware(InlineMiddleware, SecurityMiddleware):
    pass


class InlineCspMiddleware(InlineMiddleware, CSPMiddleware):
    pass


class InlineSessionMiddleware(InlineMiddleware, SessionMiddleware):
    async def leave(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A session that has changed is stored, and that waits for the database."""
        if request.session.modified:
            return await sync_to_async(self.process_response)(request, response)
        return await super().leave(request, response)


class InlineCommonMiddleware(InlineMiddleware, CommonMiddleware):
    pass


class InlineCsrfMiddleware(InlineMiddleware, CsrfViewMiddleware):
    async def process_view(  # type: ignore[override]  # Django asks which of both it is
        self, request: HttpRequest, callback: Any, *arguments: Any
    ) -> HttpResponse | None:
        """A form that was sent is read for its token, and that may take its time."""
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
    """The same middleware, with ours where it stands for Django's."""
    return [INLINE_CLASSES.get(name, name) for name in names]
