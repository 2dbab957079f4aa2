"""Views for liveness and readiness. Readiness covers the database, the broker, the workers, and Celery beat."""

import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Generic, TypeVar, cast

from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from config.celery import app
from config.monitoring.heartbeats import BEAT_KEY, BUSY_KEY, RATINGS_QUEUE
from core.storage.database import fetch_rows, release_afterward
from core.storage.redis_clients import get_redis_client

QUEUES = ("answers", RATINGS_QUEUE)
REQUIRED_PARTS = ("database", "migrations", "broker", "answers")
OPTIONAL_PARTS = (RATINGS_QUEUE, "beat")  # battles and votes go on without them
CACHE_S = 2.0
TIMEOUT_S = 10.0
READINESS_TIMEOUT_S = 2.0
BROKER_TIMEOUTS = {"socket_timeout": 1, "socket_connect_timeout": 1}
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


class SharedResult(Generic[Result]):
    """The result of an expensive check, shared between concurrent requests.

    One thread runs the check, and all callers within `cache_s` seconds get the same result. If `is_cacheable` returns
    False for a result, only callers that were already waiting get it. A cached failure would let a web process report
    a failure while another process already reports success.
    """

    def __init__(
        self,
        check: Callable[[], Result],
        cache_s: float = CACHE_S,
        is_cacheable: Callable[[Result], bool] = lambda result: True,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.check = check
        self.is_cacheable = is_cacheable
        self.cache_s = cache_s
        self.timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(1, check.__name__)
        self._result: Result | None = None
        self._checked_at = -math.inf
        self._expires_at = -math.inf

    def get(self) -> Result:
        """Return the result. Raises TimeoutError after `timeout_s`, and any error that the check raises."""
        check = self._thread.submit(release_afterward(self._get_fresh), time.monotonic())
        try:
            return check.result(self.timeout_s)
        finally:
            check.cancel()

    def _get_fresh(self, called_at: float) -> Result:
        if time.monotonic() >= self._expires_at and self._checked_at <= called_at:
            self._result = self.check()
            self._checked_at = time.monotonic()
            self._expires_at = self._checked_at
            if self.is_cacheable(self._result):
                self._expires_at += self.cache_s
        return cast("Result", self._result)


def report_liveness(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def report_readiness(request: HttpRequest) -> JsonResponse:
    """Return the state of each part. The status is 200 if Arena can serve battles, and 503 otherwise.

    The state is at most `CACHE_S` seconds old. The states of beat and of the ratings worker do not affect the status.
    Battles and votes go on without them, and taking web processes out of rotation would make an outage worse.
    """
    parts = dict.fromkeys((*REQUIRED_PARTS, *OPTIONAL_PARTS), False)
    with suppress(TimeoutError):  # a part that does not answer in time is reported as down
        parts = _shared_status.get()
    return JsonResponse(parts, status=200 if is_ready(parts) else 503)


def is_ready(parts: dict[str, bool]) -> bool:
    """Return True if all parts that battles need are up."""
    return all(parts[part] for part in REQUIRED_PARTS)


def collect_status() -> dict[str, bool]:
    """Return whether each part is up. Waits about 0.5 s for the workers to reply."""
    has_database = _is_successful(lambda: fetch_rows("SELECT 1", []))
    parts = {"database": has_database, "migrations": has_database and has_migrations(), "broker": is_broker_alive()}
    connection.close()  # before the next check, which waits for workers
    queues = _list_consumed_queues() if parts["broker"] else set()
    return parts | {queue: queue in queues for queue in QUEUES} | {"beat": is_beat_alive()}


_shared_status = SharedResult(collect_status, is_cacheable=is_ready, timeout_s=READINESS_TIMEOUT_S)


def is_beat_alive() -> bool:
    """Return True if beat has sent a task in the last `BEAT_TTL_S` seconds."""
    with suppress(RedisError, OSError):
        return bool(get_redis_client().exists(BEAT_KEY))
    return False


def is_broker_alive() -> bool:
    """Return True if Redis answers a ping. Logs a warning if it does not."""
    return _is_successful(get_redis_client().ping)


def _is_successful(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception as error:  # noqa: BLE001  # any error means that the part is down
        logger.warning("A readiness check failed: %s", error)
        return False
    return True


def has_migrations() -> bool:
    """Return True if all migrations of this version are applied. A newer version may have applied more."""
    return _is_successful(_check_migrations)


@cache  # only success is kept, because migrations stay applied
def _check_migrations() -> None:
    try:
        call_command("migrate", check_unapplied=True, verbosity=0)
    except SystemExit:
        raise RuntimeError("Not all migrations are applied") from None


def _list_consumed_queues() -> set[str]:
    """Return the queues with a running worker. A busy ratings worker counts, although it does not reply.

    If Redis answers pings only, for example because it is full, there are none.
    """
    queues: set[str] = set()

    def ask() -> None:
        # Use a separate connection. Waiting for a second pooled connection while holding the first could deadlock.
        with app.connection_for_write(transport_options=BROKER_TIMEOUTS) as broker:
            replies = app.control.inspect(timeout=0.5, connection=broker).active_queues() or {}
        queues.update(queue["name"] for consumed in replies.values() for queue in consumed)
        if get_redis_client().exists(BUSY_KEY):
            queues.add(RATINGS_QUEUE)

    _is_successful(ask)
    return queues
