"""Serves static files in ASGI, before Django. As Django middleware, WhiteNoise would add a thread switch."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from whitenoise import WhiteNoise

IMMUTABLE_MAX_AGE = 365 * 24 * 3600
DEFAULT_MAX_AGE = 60
HASHED_NAME = r"\.[0-9a-f]{12}\.[^/]+$"  # `collectstatic` adds a hash to file names


class StaticFiles:
    """Serves `/static/` from collected files that are hashed and precompressed.

    Passes requests for all other paths to the application.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        # Only WhiteNoise's index of files is used, so it needs no application.
        self.files = WhiteNoise(None, max_age=DEFAULT_MAX_AGE, immutable_file_test=HASHED_NAME)
        self.files.FOREVER = IMMUTABLE_MAX_AGE
        self.files.add_files(str(settings.STATIC_ROOT), prefix=settings.STATIC_URL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(settings.STATIC_URL):
            await self.application(scope, receive, send)
            return
        static_file = self.files.files.get(scope["path"])
        if static_file is None:
            await _send_response(send, 404, [(b"content-type", b"text/plain")], b"No such file.\n")
            return
        environ = {
            f"HTTP_{name.decode('latin1').upper().replace('-', '_')}": value.decode("latin1")
            for name, value in scope["headers"]
        }
        response = static_file.get_response(scope["method"], environ)
        body = await sync_to_async(_read_file, thread_sensitive=False)(response.file) if response.file else b""
        headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in response.headers]
        await _send_response(send, response.status.value, headers, body)


def _read_file(file: Any) -> bytes:
    with file:
        content: bytes = file.read()
    return content


async def _send_response(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
