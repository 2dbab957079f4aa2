"""Requests through the limit on views and Django's own handler."""

import asyncio
import contextvars
import threading

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection, connections
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path, reverse
from rest_framework.decorators import api_view, renderer_classes
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from arena.models import Voter
from config import urls
from config.monitoring.probe_middleware import PROBE_VIEWS
from config.server import view_limit
from config.server.body_limit import BodyLimitMiddleware
from config.server.view_limit import MAX_VIEWS, ViewLimit, build_django_application
from core.http.sse import build_stream_response
from core.storage.database import database_sync_to_async

pytestmark = pytest.mark.django_db(transaction=True)
MAX_BODY_BYTES = 1_000_000
seen = {}
urlpatterns = [*urls.urlpatterns]
handler404 = urls.handler404
variable = contextvars.ContextVar("variable", default="unset")


def view(function):
    urlpatterns.append(path(function.__name__, function))
    return function


class ThreadRenderer(JSONRenderer):
    def render(self, *arguments, **options):
        seen["render"] = threading.current_thread()
        return super().render(*arguments, **options)


@view
def plain(request):
    Voter.objects.count()
    seen["view"] = threading.current_thread()
    return HttpResponse(request.body or b"done")


@view
def broken(request):
    plain(request)
    raise ZeroDivisionError


@api_view()
@renderer_classes([ThreadRenderer])
def rendered(request):
    seen["view"] = threading.current_thread()
    return Response({"done": True})


urlpatterns.append(path("rendered", rendered))


@view
def slow(request):
    seen["began"].release()
    seen["may_end"].wait(10)
    seen["ended"].release()
    return HttpResponse("done")


@view
async def stream(request):
    await database_sync_to_async(Voter.objects.count)()

    async def forever():
        try:
            while True:
                yield b"data: \n\n"
                await asyncio.sleep(0.01)
        finally:
            seen["closed"] = True

    return build_stream_response(forever())


@view
async def finite(request):
    async def three():
        for number in range(3):
            yield b"%d" % number

    return StreamingHttpResponse(three())


@view
def prefixed(request):
    seen["began"].release()
    seen["may_end"].wait(10)
    return HttpResponse(f"{reverse('home')} {variable.get()}")


@pytest.fixture(autouse=True)
def own_views(settings):
    settings.ROOT_URLCONF = __name__
    seen.clear()
    seen.update(began=threading.Semaphore(0), may_end=threading.Event(), ended=threading.Semaphore(0))
    yield
    seen["may_end"].set()


@pytest.fixture
def limit():
    return ViewLimit(build_django_application(), paths_apart=PROBE_VIEWS)


class Client:
    """Requests through `limit`. A request without a complete body waits for the rest of it until `gone`.

    A client that is not `reading` never finishes receiving the body of the response.
    """

    def __init__(self, limit):
        self.application = BodyLimitMiddleware(limit, MAX_BODY_BYTES)
        self.gone = asyncio.Event()
        self.sent = []

    async def ask(self, name, body=b"", *, is_complete=True, is_reading=True, cookie="", root_path=""):
        """Return the body of the response to a request."""
        request = iter([{"type": "http.request", "body": body, "more_body": not is_complete}])

        async def receive():
            if message := next(request, None):
                return message
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            self.sent.append(message)
            if message["type"] == "http.response.body" and not is_reading:
                await self.gone.wait()

        headers = [(b"host", b"localhost"), (b"accept", b"application/json"), (b"cookie", cookie.encode())]
        scope = {"type": "http", "method": "GET", "path": f"{root_path}/{name}", "root_path": root_path}
        scope |= {"query_string": b"", "headers": headers}
        async with asyncio.timeout(30):
            await self.application(scope, receive, send)
        return b"".join(message.get("body", b"") for message in self.sent)

    def start(self, name, **options):
        """Return a task that asks."""
        return asyncio.create_task(self.ask(name, **options))

    @property
    def status(self):
        return self.sent[0]["status"]


async def wait_for(semaphore, times=1):
    for _ in range(times):
        assert await asyncio.to_thread(semaphore.acquire, timeout=10)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def list_open_connections(limit):
    """Return the connections that the threads of the views hold."""
    threads = limit.common_threads.free
    opened = [await asyncio.wrap_future(thread.submit(lambda: connection.connection)) for thread in threads]
    return list(filter(None, opened))


@pytest.mark.parametrize(("name", "status"), [("plain", 200), ("broken", 500)])
async def test_view_runs_in_one_of_our_threads_which_releases_its_connection(limit, name, status):
    client = Client(limit)
    await client.ask(name)

    assert client.status == status
    assert seen["view"].name.startswith("view")
    assert not await list_open_connections(limit)


async def test_response_is_rendered_in_the_thread_of_its_view(limit):
    assert await Client(limit).ask("rendered") == b'{"done":true}'
    assert seen["render"] == seen["view"]


async def test_page_is_handed_over_to_a_thread_once_and_then_once_to_be_closed(limit, monkeypatch):
    """All middleware and its hooks run in the view's thread. Each switch takes as long as a hook."""
    client = Client(limit)
    await client.ask("leaderboard/")
    handed_over, call = [], SyncToAsync.__call__
    monkeypatch.setattr(
        SyncToAsync, "__call__", lambda *args, **options: handed_over.append(len(client.sent)) or call(*args, **options)
    )
    client.sent.clear()
    await client.ask("leaderboard/")

    assert handed_over == [0, 2]  # before the response, and after its start and its body


async def test_body_arrives_whole(limit):
    assert await Client(limit).ask("plain", b"x" * 100_000) == b"x" * 100_000


async def test_stream_is_sent_whole(limit):
    assert await Client(limit).ask("finite") == b"012"


async def test_stream_ends_with_its_client(limit):
    client = Client(limit)
    request = client.start("stream")
    await until(lambda: len(client.sent) > 2)
    client.gone.set()
    await request

    assert seen["closed"]


async def test_view_ends_though_its_client_is_gone(limit):
    """A canceled view could have written a vote, and then neither count it nor answer."""
    client = Client(limit)
    request = client.start("slow")
    await wait_for(seen["began"])
    client.gone.set()
    await asyncio.sleep(0.05)
    assert not request.done()
    seen["may_end"].set()
    await request

    await wait_for(seen["ended"])
    assert client.status == 200


async def test_client_that_leaves_during_its_upload_is_forgotten(limit):
    client = Client(limit)
    request = client.start("plain", is_complete=False)
    client.gone.set()
    await request

    assert "view" not in seen
    assert not client.sent


async def test_only_so_many_views_run_at_once_and_probes_do_not_wait_for_them(limit):
    clients = [Client(limit) for _ in range(MAX_VIEWS + 1)]
    requests = [client.start("slow") for client in clients]
    await wait_for(seen["began"], MAX_VIEWS)
    assert not await asyncio.to_thread(seen["began"].acquire, timeout=0.1)
    for probe in PROBE_VIEWS:
        assert await Client(limit).ask(probe.removeprefix("/"))

    seen["may_end"].set()
    assert await asyncio.gather(*requests) == [b"done"] * (MAX_VIEWS + 1)


@pytest.mark.parametrize(
    ("limits", "waiting"),
    [
        pytest.param({"MAX_WAITING": 1}, 1, id="the line is full"),
        pytest.param({"MAX_WAIT_S": 0.01}, 0, id="the wait is too long"),
    ],
)
async def test_request_that_would_wait_too_long_is_told_so(limit, monkeypatch, limits, waiting):
    requests = [Client(limit).start("slow") for _ in range(MAX_VIEWS + waiting)]
    await wait_for(seen["began"], MAX_VIEWS)
    for name, value in limits.items():
        monkeypatch.setattr(view_limit, name, value)
    late = Client(limit)
    text = await late.ask("plain")

    assert (late.status, text) == (503, b"The server is busy. Try again in a few seconds.\n")
    assert dict(late.sent[0]["headers"])[b"retry-after"] == b"5"

    seen["may_end"].set()
    assert await asyncio.gather(*requests) == [b"done"] * len(requests)
    assert await Client(limit).ask("plain") == b"done"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("plain", {"is_complete": False}, id="stalled uploads"),
        pytest.param("plain", {"is_reading": False}, id="slow readers"),
        pytest.param("stream", {}, id="streams"),
    ],
)
async def test_clients_that_take_their_time_occupy_no_thread(limit, name, options):
    before = threading.active_count()
    clients = [Client(limit) for _ in range(5 * MAX_VIEWS)]
    requests = [client.start(name, **options) for client in clients]
    if options.get("is_complete", True):
        await until(lambda: all(client.sent for client in clients))

    assert await Client(limit).ask("plain") == b"done"
    assert not await list_open_connections(limit)
    assert threading.active_count() <= before + MAX_VIEWS + 6  # six for the queries of asynchronous views

    for client in clients:
        client.gone.set()
    await asyncio.gather(*requests)


async def test_each_request_keeps_its_own_prefix_and_context(limit):
    async def ask(prefix):
        variable.set(prefix)
        return await Client(limit).ask("prefixed", root_path=prefix)

    requests = [asyncio.create_task(ask(prefix)) for prefix in ("/one", "/two")]
    await wait_for(seen["began"], 2)
    seen["may_end"].set()

    assert await asyncio.gather(*requests) == [b"/one/ /one", b"/two/ /two"]
    assert await Client(limit).ask("prefixed") == b"/ unset"


@pytest.mark.parametrize("path", [".well-known/nothing", "nothing"])
async def test_page_of_an_error_releases_its_connection(limit, path, settings):
    """Django renders it in another thread. Each of these took one of the connections for good."""
    await Client(limit).ask(path, cookie=f"{settings.SESSION_COOKIE_NAME}={'a' * 32}")

    opened = await asyncio.to_thread(lambda: [each.connection for each in connections.all(initialized_only=True)])
    assert not any(opened)
    assert not await list_open_connections(limit)
    assert connection.connection is None
