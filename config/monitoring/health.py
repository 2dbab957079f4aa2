"""Is the service alive, and is it ready: database, broker, workers on both queues, and beat."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, TypeVar

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from config.celery import app
from config.monitoring.worker_busy import BEAT_KEY, BUSY_KEY, RATINGS_QUEUE
from core.storage.database import database_sync_to_async
from core.storage.redis_clients import get_redis_client

QUEUES = ("answers", RATINGS_QUEUE)
REQUIRED_PARTS = ("database", "broker", *QUEUES)
CACHE_SECONDS = 2.0
TIMEOUT_S = 10.0
Result = TypeVar("Result")


class SharedResult(Generic[Result]):
    """The result of a look that takes connections, for anybody who asks as often as they like.

    One thread looks, and all who ask within `shared_s` seconds get the same.
    """

    def __init__(self, look: Callable[[], Result], shared_s: float = CACHE_SECONDS) -> None:
        self.look, self.shared_s, self.patience_s = look, shared_s, TIMEOUT_S
        self._thread = ThreadPoolExecutor(1, look.__name__)
        self._newest: tuple[float, Result] | None = None

    async def get(self) -> Result:
        """Raises TimeoutError after `patience_s`, and what the look raises."""
        async with asyncio.timeout(self.patience_s):
            return await database_sync_to_async(self._fresh, self._thread)()

    def _fresh(self) -> Result:
        if self._newest is None or time.monotonic() >= self._newest[0]:
            result = self.look()
            self._newest = time.monotonic() + self.shared_s, result
        return self._newest[1]


async def liveness(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


async def readiness(request: HttpRequest) -> JsonResponse:
    """200 if a battle could be fought and counted, else 503; says what is missing, as it was at most 2 s ago.

    Beat is named and changes no status: without it battles are fought and counted, and taking the web processes out of
    rotation would only add to the damage.
    """
    parts = dict.fromkeys((*REQUIRED_PARTS, "beat"), False)
    with suppress(TimeoutError):  # what does not answer in time is not there
        parts = await _shared_status.get()
    return JsonResponse(parts, status=200 if all(parts[part] for part in REQUIRED_PARTS) else 503)


def collect_status() -> dict[str, bool]:
    parts = {"database": _is_successful(_query_database), "broker": is_broker_alive()}
    queues = _list_consumed_queues() if parts["broker"] else set()
    return parts | {queue: queue in queues for queue in QUEUES} | {"beat": is_beat_alive()}


_shared_status = SharedResult(collect_status)


def is_beat_alive() -> bool:
    """Whether beat has sent a task in the last BEAT_S seconds."""
    with suppress(RedisError, OSError):
        return bool(get_redis_client().exists(BEAT_KEY))
    return False


def is_broker_alive() -> bool:
    return _is_successful(get_redis_client().ping)


def _is_successful(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is not there
        return False
    return True


def _query_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()  # the workers are asked next, and that takes its time


def _list_consumed_queues() -> set[str]:
    """Queues that some worker consumes, as the workers themselves answer, or is busy with."""
    # A connection of its own: one that is held while another of the same pool is waited for could wait for ever.
    with app.connection_for_write() as broker:
        answers = app.control.inspect(timeout=0.5, connection=broker).active_queues() or {}
    busy = {RATINGS_QUEUE} if get_redis_client().exists(BUSY_KEY) else set[str]()
    return busy | {queue["name"] for queues in answers.values() for queue in queues}
