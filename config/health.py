"""Is the service alive, and is it ready: database, broker, and workers on both queues."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from arena.connections import let_go
from arena.publishing import client
from config.celery import BUSY, RATINGS, app

QUEUES = ("answers", RATINGS)
SHARED_S = 2.0
PATIENCE_S = 10.0
# One look at a time: each takes connections of the database and the broker, and anybody may ask, as often as he likes.
LOOK = ThreadPoolExecutor(1, "ready")


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


async def ready(request: HttpRequest) -> JsonResponse:
    """200 if a battle could be fought and counted, else 503; says what is missing, as it was at most 2 s ago."""
    parts = dict.fromkeys(("database", "broker", *QUEUES), False)
    try:
        async with asyncio.timeout(PATIENCE_S):
            parts = await let_go(_newest.parts, LOOK)()
    except TimeoutError:
        pass  # what does not answer in time is not there
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


class Newest:
    """What was found last; used in one thread only."""

    def __init__(self, look: Callable[[], dict[str, bool]], shared_s: float = SHARED_S) -> None:
        self.look, self.shared_s = look, shared_s
        self.found: dict[str, bool] = {}
        self.until = 0.0

    def parts(self) -> dict[str, bool]:
        if time.monotonic() >= self.until:
            self.found = self.look()
            self.until = time.monotonic() + self.shared_s
        return self.found


def look() -> dict[str, bool]:
    parts = {"database": _holds(_database), "broker": broker_answers()}
    queues = _consumed() if parts["broker"] else set()
    return parts | {queue: queue in queues for queue in QUEUES}


_newest = Newest(look)


def broker_answers() -> bool:
    return _holds(client().ping)


def _holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is not there
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()  # the workers are asked next, and that takes its time


def _consumed() -> set[str]:
    """Queues that some worker consumes, as the workers themselves answer, or is busy with."""
    # A connection of its own: one that is held while another of the same pool is waited for could wait for ever.
    with app.connection_for_write() as broker:
        answers = app.control.inspect(timeout=0.5, connection=broker).active_queues() or {}
    busy = {RATINGS} if client().exists(BUSY) else set[str]()
    return busy | {queue["name"] for queues in answers.values() for queue in queues}
