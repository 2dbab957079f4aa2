"""Our extension of ASGI: writing chunks of a streaming response past its task (see `config.server.uvicorn_protocol`).

The server loads this module before Django is configured.
"""

from collections.abc import Callable, Mapping
from typing import Any

WRITE_NOW = "arena.write_now"
# Writes a chunk of a streaming response and returns True, or returns False if the response's task has to send it.
WriteNow = Callable[[bytes], bool]


def leave_to_task(_chunk: bytes) -> bool:
    """Write nothing. This is the WriteNow of responses whose server has no such extension."""
    return False


def get_write_now(scope: Mapping[str, Any]) -> WriteNow:
    """Return the function that writes chunks of the response to the request with this ASGI scope."""
    write_now: WriteNow = scope.get("extensions", {}).get(WRITE_NOW, leave_to_task)
    return write_now
