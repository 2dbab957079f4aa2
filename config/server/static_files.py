"""Static files by ASGI, before Django: whitenoise's own middleware would cost every request a thread hop."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from whitenoise import WhiteNoise

IMMUTABLE_MAX_AGE = 365 * 24 * 3600
DEFAULT_MAX_AGE = 60
HASHED_NAME = r"\.[0-9a-f]{12}\.[^/]+$"  # what `collectstatic` puts into a name


def _never_called(environ: Any, start_response: Any) -> list[bytes]:
    raise NotImplementedError


class StaticFiles:
    """Serves `/static/` from the collected, hashed and precompressed files; the rest goes to the application."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.files = WhiteNoise(_never_called, max_age=DEFAULT_MAX_AGE, immutable_file_test=HASHED_NAME)
        self.files.FOREVER = IMMUTABLE_MAX_AGE
        self.files.add_files(str(settings.STATIC_ROOT), prefix=settings.STATIC_URL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(settings.STATIC_URL):
            await self.application(scope, receive, send)
            return
        found = self.files.files.get(scope["path"])
        if found is None:
            await _send_response(send, 404, [(b"content-type", b"text/plain")], b"No such file.\n")
            return
        headers = {name.decode("latin1").upper(): value.decode("latin1") for name, value in scope["headers"]}
        response = found.get_response(scope["method"], {f"HTTP_{k.replace('-', '_')}": v for k, v in headers.items()})
        body = await sync_to_async(_read_file, thread_sensitive=False)(response.file) if response.file else b""
        await _send_response(
            send,
            response.status.value,
            [(k.lower().encode("latin1"), v.encode("latin1")) for k, v in response.headers],
            body,
        )


def _read_file(file: Any) -> bytes:
    with file:
        content: bytes = file.read()
    return content


async def _send_response(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
