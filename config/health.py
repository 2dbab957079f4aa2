"""Is the service alive, and is it ready: database, broker, and workers on both queues."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from arena.publishing import client
from config.celery import BUSY, RATINGS, app

QUEUES = ("answers", RATINGS)


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """200 if a battle could be fought and counted, else 503; says what is missing."""
    parts = {"database": _holds(_database), "broker": broker_answers()}
    queues = _consumed() if parts["broker"] else set()
    parts |= {queue: queue in queues for queue in QUEUES}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


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


def _consumed() -> set[str]:
    """Queues that some worker consumes, as the workers themselves answer, or is busy with."""
    answers = app.control.inspect(timeout=0.5).active_queues() or {}
    busy = {RATINGS} if client().exists(BUSY) else set[str]()
    return busy | {queue["name"] for queues in answers.values() for queue in queues}
