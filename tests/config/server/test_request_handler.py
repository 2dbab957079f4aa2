"""Requests through the handler. Each view checks the thread that it runs in."""

import asyncio
import threading

import pytest
from django.db import connection, connections
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from rest_framework.decorators import api_view, renderer_classes
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from arena.models import Voter
from config import urls
from config.server.request_handler import VIEW_THREADS, RequestHandler
from core.http.sse import build_stream_response

pytestmark = pytest.mark.django_db(transaction=True)
seen = {}
urlpatterns = [*urls.urlpatterns]
handler404 = urls.handler404


def view(function):
    urlpatterns.append(path(function.__name__, function))
    return function


class ThreadRenderer(JSONRenderer):
    def render(self, *arguments, **options):
        seen["render"] = threading.current_thread().name
        return super().render(*arguments, **options)


@view
def plain(request):
    Voter.objects.count()
    seen["view"] = threading.current_thread().name
    seen["connection"] = connection
    return HttpResponse("done")


@view
def broken(request):
    Voter.objects.count()
    seen["connection"] = connection
    raise ZeroDivisionError


@api_view()
@renderer_classes([ThreadRenderer])
def rendered(request):
    seen["view"] = threading.current_thread().name
    return Response({"done": True})


urlpatterns.append(path("rendered", rendered))


@view
def slow(request):
    seen["began"].set()
    seen["may_end"].wait(10)
    seen["ended"] = True
    return HttpResponse("done")


@view
async def stream(request):
    async def forever():
        try:
            while True:
                yield b"data: \n\n"
                await asyncio.sleep(0)
        finally:
            seen["closed"] = True

    return build_stream_response(forever())


@view
async def finite(request):
    async def three():
        for number in range(3):
            yield b"%d" % number

    return StreamingHttpResponse(three())


@pytest.fixture(autouse=True)
def own_views(settings):
    settings.ROOT_URLCONF = __name__
    seen.clear()


async def ask(name, disconnect=None, sent=None, cookie=""):
    """Return the body of the response to a GET. The client disconnects when `disconnect` is set."""
    sent = [] if sent is None else sent
    request = iter([{"type": "http.request", "body": b""}])

    async def receive():
        if message := next(request, None):
            return message
        await (disconnect or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"accept", b"application/json"), (b"cookie", cookie.encode())]
    scope = {"type": "http", "method": "GET", "path": f"/{name}", "query_string": b"", "headers": headers}
    async with asyncio.timeout(30):
        await RequestHandler()(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


async def test_view_runs_in_one_of_our_threads_which_releases_its_connection():
    assert await ask("plain") == b"done"
    assert seen["view"].startswith("view")

    opened = await asyncio.wrap_future(VIEW_THREADS.submit(lambda: [each.connection for each in connections.all()]))
    assert opened == [None]


async def test_view_that_fails_releases_its_connection_as_well():
    sent = []
    await ask("broken", sent=sent)

    assert sent[0]["status"] == 500

    opened = await asyncio.wrap_future(VIEW_THREADS.submit(lambda: [each.connection for each in connections.all()]))
    assert opened == [None]


async def test_response_is_rendered_in_the_thread_of_its_view():
    assert await ask("rendered") == b'{"done":true}'
    assert seen["render"] == seen["view"]


async def test_stream_is_sent_whole():
    assert await ask("finite") == b"012"


async def test_stream_ends_with_its_client():
    gone, sent = asyncio.Event(), []
    request = asyncio.create_task(ask("stream", gone, sent))
    async with asyncio.timeout(10):
        while len(sent) < 3:
            await asyncio.sleep(0)
    gone.set()
    await request

    assert seen["closed"]


async def test_view_ends_though_its_client_is_gone():
    seen.update(began=threading.Event(), may_end=threading.Event())
    gone = asyncio.Event()
    request = asyncio.create_task(ask("slow", gone))
    await asyncio.to_thread(seen["began"].wait, 10)
    gone.set()
    seen["may_end"].set()
    await request

    assert seen["ended"]


@pytest.mark.parametrize("path", [".well-known/nothing", "nothing"])
async def test_page_of_an_error_releases_its_connection(path, settings):
    """Each thread that renders such a page took one of the connections for good."""
    await ask(path, cookie=f"{settings.SESSION_COOKIE_NAME}={'a' * 32}")

    opened = await asyncio.to_thread(lambda: [each.connection for each in connections.all(initialized_only=True)])
    assert not any(opened)


async def test_request_without_a_body_is_dropped():
    async def receive():
        return {"type": "http.disconnect"}

    await RequestHandler()({"type": "http", "method": "GET", "path": "/plain", "headers": []}, receive, None)

    assert not seen
