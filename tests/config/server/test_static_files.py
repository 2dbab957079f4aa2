"""Static files are served before Django."""

import gzip
import re

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile

from config.server.static_files import DEFAULT_MAX_AGE, HASHED_NAME, IMMUTABLE_MAX_AGE, StaticFiles

CSS = b"body { color: red }\n" * 50
UNHASHED = ["mark.svg", "css/base.css", "css/0123456789ab.css", "css/base.0123456789abc.css", "css/base.012345.css"]


@pytest.fixture
def files(settings, tmp_path):
    """Create files as `collectstatic` does: hashed, with compressed copies."""
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "base.0123456789ab.css").write_bytes(CSS)
    (tmp_path / "css" / "base.0123456789ab.css.gz").write_bytes(gzip.compress(CSS))
    for name in UNHASHED:
        (tmp_path / name).write_bytes(b"<svg/>")
    (tmp_path.parent / "secret.txt").write_text("secret")
    settings.STATIC_ROOT = tmp_path
    return StaticFiles(_django)


async def _django(scope, receive, send):
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": f"Django at {scope['path']}".encode()})


async def ask(application, path, method="GET", **headers):
    """Return the status, headers, and body of one request."""
    sent = []

    async def send(message):
        sent.append(message)

    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await application({"type": "http", "method": method, "path": path, "headers": names}, None, send)
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


async def test_static_file_comes_whole_and_may_be_kept_for_a_year(files):
    status, headers, body = await ask(files, "/static/css/base.0123456789ab.css")

    assert (status, body) == (200, CSS)
    assert headers["content-type"] == 'text/css; charset="utf-8"'
    assert headers["cache-control"] == f"max-age={IMMUTABLE_MAX_AGE}, public, immutable"
    assert headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", UNHASHED)
async def test_static_file_without_a_hash_in_its_name_is_soon_asked_for_again(files, name):
    _, headers, _ = await ask(files, f"/static/{name}")

    assert headers["cache-control"] == f"max-age={DEFAULT_MAX_AGE}, public"


@pytest.mark.parametrize("name", ["x.css", "js/a.min.js", "vendor/font.woff2", "js/map.js.map"])
def test_names_that_collectstatic_makes_are_taken_for_hashed(name, tmp_path):
    storage = ManifestStaticFilesStorage(location=tmp_path, base_url="/static/")

    assert re.search(HASHED_NAME, storage.hashed_name(name, ContentFile(CSS)))


async def test_static_file_comes_compressed_to_whom_takes_that(files):
    _, headers, body = await ask(files, "/static/css/base.0123456789ab.css", accept_encoding="br, gzip")

    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body) < len(CSS)
    assert gzip.decompress(body) == CSS


async def test_static_file_that_is_known_already_does_not_come_again(files):
    _, headers, _ = await ask(files, "/static/mark.svg")

    status, _, body = await ask(files, "/static/mark.svg", if_none_match=headers["etag"])

    assert (status, body) == (304, b"")


async def test_static_file_comes_in_parts(files):
    status, headers, body = await ask(files, "/static/mark.svg", range="bytes=1-3")

    assert (status, headers["content-range"], body) == (206, "bytes 1-3/6", b"svg")


async def test_static_file_has_a_head(files):
    status, headers, body = await ask(files, "/static/mark.svg", "HEAD")

    assert (status, headers["content-length"], body) == (200, "6", b"")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_static_file_can_only_be_read(files, method):
    assert (await ask(files, "/static/mark.svg", method))[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/none.css",
        "/static/css",
        "/static/css/",
        "/static/../secret.txt",
        "/static/css/../../../secret.txt",
        "/static//etc/passwd",
        "/static/mark.svg\x00",
        "/static/css/base.0123456789ab.css.gz",
    ],
)
async def test_static_file_that_is_none_is_not_found(files, path):
    status, headers, body = await ask(files, path)

    assert (status, headers["content-type"], body) == (404, "text/plain", b"No such file.\n")


@pytest.mark.parametrize("path", ["/", "/staticx", "/leaderboard/", "/battles/static/"])
async def test_everything_else_goes_to_django(files, path):
    assert await ask(files, path) == (299, {}, f"Django at {path}".encode())


async def test_what_is_no_request_goes_to_django(files):
    seen = []

    async def django(scope, receive, send):
        seen.append(scope["type"])

    await StaticFiles(django)({"type": "lifespan"}, None, None)

    assert seen == ["lifespan"]
