"""Middleware in place: the same headers as Django's own, and no hop to a thread but for a session that has changed."""

import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpResponse
from django.test import AsyncRequestFactory, override_settings

from config.middleware import Authentication, Common, ContentPolicy, Sessions

PLAIN = {
    ContentPolicy: "csp.middleware.CSPMiddleware",
    Sessions: "django.contrib.sessions.middleware.SessionMiddleware",
    Common: "django.middleware.common.CommonMiddleware",
    Authentication: "django.contrib.auth.middleware.AuthenticationMiddleware",
}
OURS = "config.middleware."


async def test_every_middleware_in_place_is_in_the_settings(settings):
    names = {name.removeprefix(OURS) for name in settings.MIDDLEWARE if name.startswith(OURS)}
    assert names == {kind.__name__ for kind in PLAIN}


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/nowhere", "/leaderboard"])
@pytest.mark.django_db(transaction=True)
async def test_answers_are_those_of_djangos_own(async_client, settings, path):
    ours = await async_client.get(path)
    plain = {f"{OURS}{kind.__name__}": name for kind, name in PLAIN.items()}
    with override_settings(MIDDLEWARE=[plain.get(name, name) for name in settings.MIDDLEWARE]):
        theirs = await type(async_client)().get(path)
    assert ours.status_code == theirs.status_code
    assert {**ours.headers, "Set-Cookie": ""}.keys() == {**theirs.headers, "Set-Cookie": ""}.keys()
    for name in ("Content-Security-Policy", "Vary", "Location"):
        assert ours.headers.get(name) == theirs.headers.get(name)


def hooks(kind):
    """The threads in which the hooks of a middleware ran."""
    seen = []

    class Seen(kind):
        def process_response(self, request, response):
            seen.append(threading.get_ident())
            return super().process_response(request, response)

    return Seen, seen


@pytest.mark.parametrize(("changed", "in_place"), [(False, True), (True, False)])
@pytest.mark.django_db(transaction=True)
async def test_session_leaves_the_loop_only_to_be_stored(changed, in_place):
    kind, seen = hooks(Sessions)

    async def view(request):
        if changed:
            request.session["x"] = 1
        return HttpResponse()

    response = await kind(view)(AsyncRequestFactory().get("/"))
    await sync_to_async(connections.close_all)()

    assert ([threading.get_ident()] == seen) == in_place
    assert ("sessionid" in response.cookies) == changed


async def test_hook_that_answers_by_itself_ends_the_request():
    class Closed(Common):
        def process_request(self, request):
            return HttpResponse(status=418)

    async def view(request):
        raise AssertionError

    assert (await Closed(view)(AsyncRequestFactory().get("/"))).status_code == 418
