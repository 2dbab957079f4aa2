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

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class InPlace(MiddlewareMixin):
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


class Security(InPlace, SecurityMiddleware):
    pass


class ContentPolicy(InPlace, CSPMiddleware):
    pass


class Sessions(InPlace, SessionMiddleware):
    async def leave(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A session that has changed is stored, and that waits for the database."""
        if request.session.modified:
            return await sync_to_async(self.process_response)(request, response)
        return await super().leave(request, response)


class Common(InPlace, CommonMiddleware):
    pass


class Csrf(InPlace, CsrfViewMiddleware):
    async def process_view(  # type: ignore[override]  # Django asks which of both it is
        self, request: HttpRequest, callback: Any, *arguments: Any
    ) -> HttpResponse | None:
        """A form that was sent is read for its token, and that may take its time."""
        check = super().process_view
        if request.method in SAFE or getattr(callback, "csrf_exempt", False):
            return check(request, callback, *arguments)
        return await sync_to_async(check)(request, callback, *arguments)


class Authentication(InPlace, AuthenticationMiddleware):
    pass


class Frames(InPlace, XFrameOptionsMiddleware):
    pass


OURS = {
    "django.middleware.security.SecurityMiddleware": "config.server.inline_middleware.Security",
    "csp.middleware.CSPMiddleware": "config.server.inline_middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware": "config.server.inline_middleware.Sessions",
    "django.middleware.common.CommonMiddleware": "config.server.inline_middleware.Common",
    "django.middleware.csrf.CsrfViewMiddleware": "config.server.inline_middleware.Csrf",
    "django.contrib.auth.middleware.AuthenticationMiddleware": "config.server.inline_middleware.Authentication",
    "django.middleware.clickjacking.XFrameOptionsMiddleware": "config.server.inline_middleware.Frames",
}


def in_place(names: Iterable[str]) -> list[str]:
    """The same middleware, with ours where it stands for Django's."""
    return [OURS.get(name, name) for name in names]
