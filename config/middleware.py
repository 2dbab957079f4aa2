"""Django's middleware whose hooks wait for nothing, called in place.

By default each hook of each request is a hop to a thread and back, which costs more than what most of them do. Those
that `check --deploy` looks for by their names stay as they are.
"""

from asgiref.sync import sync_to_async
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.utils.deprecation import MiddlewareMixin


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


class Authentication(InPlace, AuthenticationMiddleware):
    pass
