"""Heartbeats in Redis: one while the ratings worker runs a task, and one for each task that beat sends."""

import threading
import time
from contextlib import suppress
from typing import Any

from celery import Task
from celery.signals import after_task_publish
from redis.exceptions import RedisError

RATINGS_QUEUE = "ratings"
BUSY_KEY = "arena:busy"
BUSY_TTL_S = 20  # a killed worker is considered busy for at most this long
HEARTBEAT_INTERVAL_S = 5.0
BEAT_KEY = "arena:beat"
BEAT_TTL_S = 30  # beat sends its most frequent task every 5 s


class BusyHeartbeat:
    """Maintains a heartbeat in Redis while the ratings worker runs a task.

    The worker runs one task at a time, and cannot answer pings while a task is running.

    ttl_s: the lifetime of the heartbeat in Redis, in seconds.
    interval_s: the number of seconds between renewals.
    """

    def __init__(self, ttl_s: int = BUSY_TTL_S, interval_s: float = HEARTBEAT_INTERVAL_S) -> None:
        self.ttl_s = ttl_s
        self.interval_s = interval_s
        self._lock = threading.Lock()
        self._busy_event = threading.Event()
        self._renewal_thread: threading.Thread | None = None

    def begin(self, task: Task, **_: Any) -> None:
        if not _is_ratings_task(task):
            return
        with self._lock:
            self._busy_event.set()
            _store_heartbeat(BUSY_KEY, self.ttl_s)
        if self._renewal_thread is None:
            self._renewal_thread = threading.Thread(target=self._renew, name="busy", daemon=True)
            self._renewal_thread.start()

    def end(self, task: Task, **_: Any) -> None:
        if not _is_ratings_task(task):
            return
        with self._lock:
            self._busy_event.clear()
            _delete_heartbeat(BUSY_KEY)

    def _renew(self) -> None:
        while self._busy_event.wait():
            time.sleep(self.interval_s)
            with self._lock:
                if self._busy_event.is_set():
                    _store_heartbeat(BUSY_KEY, self.ttl_s)


def watch_beat(**_: Any) -> None:
    """Record a heartbeat for each task that the beat process sends."""
    after_task_publish.connect(record_beat)


def record_beat(**_: Any) -> None:
    _store_heartbeat(BEAT_KEY, BEAT_TTL_S)


def _is_ratings_task(task: Task) -> bool:
    return (task.request.delivery_info or {}).get("routing_key") == RATINGS_QUEUE


def _store_heartbeat(key: str, ttl_s: int) -> None:
    from core.storage.redis_clients import get_redis_client

    with suppress(RedisError, OSError):
        get_redis_client().set(key, 1, ex=ttl_s)


def _delete_heartbeat(key: str) -> None:
    from core.storage.redis_clients import get_redis_client

    with suppress(RedisError, OSError):
        get_redis_client().delete(key)
