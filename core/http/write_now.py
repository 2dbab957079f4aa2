"""Arena's ASGI extension for writing chunks of a streaming response without its task.

`config.server.uvicorn_protocol` implements the extension.

The server loads this module before Django is configured.
"""

from collections.abc import Callable, Mapping
from typing import Any

WRITE_NOW = "arena.write_now"
# Writes a chunk of a streaming response and returns True, or returns False if the response's task must send it.
WriteNow = Callable[[bytes], bool]


def leave_to_task(_chunk: bytes) -> bool:
    """Write nothing and return False. Used if the server does not support the extension."""
    return False


def get_write_now(scope: Mapping[str, Any]) -> WriteNow:
    """Return the function that writes chunks of the response. `scope` is the ASGI scope of the request."""
    write_now: WriteNow = scope.get("extensions", {}).get(WRITE_NOW, leave_to_task)
    return write_now
