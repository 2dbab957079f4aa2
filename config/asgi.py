"""The ASGI application of the web process: limits on bodies, then static files, a limit on views, and Django."""

import asyncio
import gc
import os
from threading import Timer
from typing import Any

gc.disable()  # imported modules stay in memory, so garbage collections would only slow down the imports

import django
from django.conf import settings
from django.urls import get_resolver

from config.server.uvicorn_protocol import raise_file_limit

DATABASE_TIMEOUT_MS = 5_000
PRELOAD_DELAY_S = 3  # preloading earlier would slow down the first pages

raise_file_limit()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# These modules can only be imported after Django has loaded its apps.
from arena.judging import language_id
from config.monitoring.probe_middleware import PROBE_VIEWS
from config.server.body_limit import BodyLimitMiddleware
from config.server.static_files import StaticFiles
from config.server.view_limit import ViewLimit, build_django_application
from core.process import guard_event_loop, return_freed_memory
from core.storage import database

# Limit database time for requests, but not for workers or commands. Connections open at the first request.
database.set_parameters(statement_timeout=DATABASE_TIMEOUT_MS, idle_in_transaction_session_timeout=DATABASE_TIMEOUT_MS)
_handle_request = BodyLimitMiddleware(
    StaticFiles(ViewLimit(build_django_application(), paths_apart=PROBE_VIEWS)),
    settings.MAX_BODY_BYTES,
    settings.BODY_LIMITS_BY_PATH,
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Handle a request, or guard the event loop from the start of the process to its end."""
    if scope["type"] != "lifespan":
        await _handle_request(scope, receive, send)
        return
    await receive()
    guard = asyncio.create_task(guard_event_loop())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    guard.cancel()
    await send({"type": "lifespan.shutdown.complete"})


def _preload() -> None:
    """Load what the first requests have not loaded yet."""
    try:
        language_id.preload_identifier()
        _ = get_resolver().url_patterns
        return_freed_memory()
    finally:
        gc.freeze()  # a garbage collection that scans all modules stops the process for a tenth of a second


preload_timer = Timer(PRELOAD_DELAY_S, _preload)
preload_timer.daemon = True
preload_timer.start()
gc.freeze()  # later collections do not scan the imported modules
gc.enable()
