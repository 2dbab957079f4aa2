"""Bodies over the limit are rejected, whatever size they declare."""

import asyncio
import json

import pytest
from django.urls import reverse

from catalog.importers.submissions import MAX_FILE_BYTES
from config.server.body_limit import LARGE_BODY_BYTES, MAX_LARGE_BODIES, BodyLimitMiddleware

K = 1000
MOST = 100 * K


class Application:
    """Reads the whole body first, as Django does. `read` contains the body."""

    def __init__(self):
        self.read = None

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.read = body
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def ask(application, *parts, path="/api/v1/battles/", announced=None, larger=None):
    """Return the status, headers, and body of the response, and the number of parts that were read."""
    waiting, sent = list(parts), []

    async def receive():
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    await BodyLimitMiddleware(application, MOST, larger)(
        {"type": "http", "path": path, "headers": headers}, receive, send
    )
    start, *bodies = sent
    body = b"".join(each["body"] for each in bodies)
    return start["status"], dict(start["headers"]), body, len(parts) - len(waiting)


@pytest.mark.parametrize("parts", [(b"x" * 100 * K,), (b"x" * 50 * K, b"x" * 50 * K), (b"",)])
async def test_body_within_the_limit_goes_through(parts):
    application = Application()

    status, _, body, _ = await ask(application, *parts)

    assert (status, body, application.read) == (200, b"ok", b"".join(parts))


@pytest.mark.parametrize("parts", [(b"x" * 101 * K,), (b"x" * 100 * K, b"x"), (b"x" * K,) * 101])
async def test_body_that_grows_too_large_is_refused_before_anything_is_done(parts):
    application = Application()

    status, headers, body, _ = await ask(application, *parts)

    assert (status, application.read) == (413, None)
    assert json.loads(body) == {"error": {"code": "too_large", "detail": "The body is larger than 100 kB."}}
    assert headers[b"content-length"] == str(len(body)).encode()


async def test_rest_is_thrown_away_so_that_the_answer_arrives_but_not_without_end():
    *_, all_of_it = await ask(Application(), *[b"x" * 60 * K] * 10)
    *_, a_part = await ask(Application(), *[b"x" * 60 * K] * 1000)

    assert (all_of_it, a_part) == (10, 2 + 17)


async def test_body_that_announces_too_much_never_comes_to_the_application():
    application = Application()

    status, _, _, _ = await ask(application, b"x", announced=101 * K)

    assert (status, application.read) == (413, None)


async def test_page_says_it_in_words():
    status, headers, body, _ = await ask(Application(), b"x" * 101 * K, path="/")

    assert (status, headers[b"content-type"]) == (413, b"text/plain; charset=utf-8")
    assert body == b"The body is larger than 100 kB.\n"


@pytest.mark.parametrize("announced", [str(MOST).encode(), None])
async def test_unfinished_large_bodies_are_few_and_others_go_on(announced):
    limited = BodyLimitMiddleware(Application(), MOST)
    statuses, end = [], asyncio.Event()

    async def upload(size):
        parts = [{"type": "http.request", "body": b"x" * size, "more_body": True}]

        async def receive():
            if not parts:
                await end.wait()
            return parts.pop() if parts else {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        headers = [(b"content-length", announced)] if announced and size > LARGE_BODY_BYTES else []
        await limited({"type": "http", "path": "/", "headers": headers}, receive, send)

    async with asyncio.TaskGroup() as uploads, asyncio.timeout(10):
        for size in [LARGE_BODY_BYTES + 1] * 3 * MAX_LARGE_BODIES + [K] * 5:
            uploads.create_task(upload(size))
        while len(statuses) < 2 * MAX_LARGE_BODIES:
            await asyncio.sleep(0)
        assert statuses == [503] * 2 * MAX_LARGE_BODIES
        end.set()
    assert sorted(statuses[2 * MAX_LARGE_BODIES :]) == [200] * (MAX_LARGE_BODIES + 5)
    assert limited.large_bodies == 0


async def test_other_scopes_pass():
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["type"])

    await BodyLimitMiddleware(application, MOST)({"type": "lifespan"}, None, None)

    assert seen == ["lifespan"]


async def test_some_paths_take_more_and_say_how_much():
    larger = {"/large/": 200_000}
    accepted, *_ = await ask(Application(), b"x" * 200_000, path="/large/", larger=larger)
    rejected, _, body, _ = await ask(Application(), b"x" * 200_001, path="/large/", larger=larger)
    elsewhere, *_ = await ask(Application(), b"x" * 101 * K, path="/other/", larger=larger)

    assert (accepted, rejected, elsewhere) == (200, 413, 413)
    assert body == b"The body is larger than 200 kB.\n"


def test_paths_that_take_more_are_those_of_files_of_scores(settings):
    room = {path: most - MAX_FILE_BYTES for path, most in settings.BODY_LIMITS_BY_PATH.items()}

    assert room.keys() == {reverse("submit"), reverse("submission-list")}
    assert min(room.values()) > 10_000
