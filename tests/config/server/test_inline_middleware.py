"""Inline middleware sets the same headers as Django's own, and uses a thread only for work that may block."""

import threading

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as configured
from django.db import connections
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import AsyncClient, AsyncRequestFactory, override_settings
from django.utils.module_loading import import_string

from config.server.inline_middleware import (
    INLINE_CLASSES,
    InlineCommonMiddleware,
    InlineCsrfMiddleware,
    InlineSessionMiddleware,
    use_inline_classes,
)

in_place_of_djangos = override_settings(MIDDLEWARE=use_inline_classes(configured.MIDDLEWARE))


@pytest.mark.parametrize(("theirs", "ours"), INLINE_CLASSES.items())
def test_each_stands_for_the_one_that_it_extends(theirs, ours):
    assert issubclass(import_string(ours), import_string(theirs))


def test_web_process_has_all_of_the_settings_and_each_in_its_place(settings):
    ours = use_inline_classes(settings.MIDDLEWARE)

    assert set(INLINE_CLASSES) <= set(settings.MIDDLEWARE)
    assert [INLINE_CLASSES.get(name, name) for name in settings.MIDDLEWARE] == ours
    assert not [name for name in ours if name.startswith(("django.", "csp."))]


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/nowhere", "/leaderboard"])
@pytest.mark.django_db(transaction=True)
async def test_answers_are_those_of_djangos_own(async_client, path):
    theirs = await async_client.get(path)
    with in_place_of_djangos:
        ours = await type(async_client)().get(path)
    assert ours.status_code == theirs.status_code
    of_the_moment = {"Set-Cookie": "", "Expires": ""}
    assert {**ours.headers, **of_the_moment} == {**theirs.headers, **of_the_moment}
    assert ours.cookies.keys() == theirs.cookies.keys()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/appearance/", 302), ("/api/v1/battles/", 415)],
    ids=["page", "call, which looks at the token itself"],
)
@pytest.mark.django_db(transaction=True)
async def test_form_of_another_page_is_refused(path, status):
    """With the token from the cookie, the same form is accepted."""
    with in_place_of_djangos:
        client = AsyncClient(enforce_csrf_checks=True)
        await client.get("/accounts/login/")
        assert (await client.post(path, {"scheme": "dark"})).status_code == 403
        token = client.cookies["csrftoken"].value
        assert (await client.post(path, {"scheme": "dark"}, headers={"X-CSRFToken": token})).status_code == status


@pytest.mark.parametrize(("changed", "in_place"), [(False, True), (True, False)])
@pytest.mark.django_db(transaction=True)
async def test_session_leaves_the_loop_only_to_be_stored(changed, in_place):
    ran_in = []

    class Seen(InlineSessionMiddleware):
        def process_response(self, request, response):
            ran_in.append(threading.get_ident())
            return super().process_response(request, response)

    async def view(request):
        if changed:
            request.session["x"] = 1
        return HttpResponse()

    response = await Seen(view)(AsyncRequestFactory().get("/"))
    await sync_to_async(connections.close_all)()

    assert (ran_in == [threading.get_ident()]) == in_place
    assert ("sessionid" in response.cookies) == changed


@pytest.mark.parametrize(
    ("method", "exempt", "in_place"),
    [("GET", False, True), ("HEAD", False, True), ("POST", True, True), ("POST", False, False), ("PUT", False, False)],
)
async def test_form_is_read_for_its_token_in_a_thread(monkeypatch, method, exempt, in_place):
    ran_in, check = [], CsrfViewMiddleware.process_view

    def seen(self, *arguments):
        ran_in.append(threading.get_ident())
        return check(self, *arguments)

    monkeypatch.setattr(CsrfViewMiddleware, "process_view", seen)

    async def view(request):
        return HttpResponse()

    view.csrf_exempt = exempt
    request = AsyncRequestFactory().generic(method, "/")
    rejection = await InlineCsrfMiddleware(view).process_view(request, view, (), {})

    assert (ran_in == [threading.get_ident()]) == in_place
    assert (rejection is not None) == (not in_place)


async def test_hook_that_answers_by_itself_ends_the_request():
    class Closed(InlineCommonMiddleware):
        def process_request(self, request):
            return HttpResponse(status=418)

    async def view(request):
        raise AssertionError

    assert (await Closed(view)(AsyncRequestFactory().get("/"))).status_code == 418
