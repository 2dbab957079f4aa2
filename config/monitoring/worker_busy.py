"""Signs of life in Redis: that the ratings worker is busy with a task, and that beat sends tasks."""

import threading
import time
from contextlib import suppress
from typing import Any

from celery import Task
from celery.signals import after_task_publish
from redis.exceptions import RedisError

RATINGS = "ratings"
BUSY = "arena:busy"
BUSY_S = 20  # a worker that was killed is taken for a busy one no longer than this
RENEW_S = 5.0
BEAT = "arena:beat"
BEAT_S = 30  # the most frequent task of beat is sent every 5 s


class Busy:
    """The sign that the ratings worker is at a task, renewed for as long as that takes.

    This worker does one thing at a time, and meanwhile answers no question whether it is there.
    """

    def __init__(self, lasts_s: int = BUSY_S, renew_s: float = RENEW_S) -> None:
        self.lasts_s, self.renew_s = lasts_s, renew_s
        self._lock, self._at_work = threading.Lock(), threading.Event()
        self._renewing: threading.Thread | None = None

    def begin(self, task: Task, **_: Any) -> None:
        if not _is_of_ratings(task):
            return
        with self._lock:
            self._at_work.set()
            _sign(BUSY, self.lasts_s)
        if self._renewing is None:
            self._renewing = threading.Thread(target=self._renew, name="busy", daemon=True)
            self._renewing.start()

    def end(self, task: Task, **_: Any) -> None:
        if not _is_of_ratings(task):
            return
        with self._lock:
            self._at_work.clear()
            _erase(BUSY)

    def _renew(self) -> None:
        while self._at_work.wait():
            time.sleep(self.renew_s)
            with self._lock:
                if self._at_work.is_set():
                    _sign(BUSY, self.lasts_s)


def watch_beat(**_: Any) -> None:
    """In the process of beat: each task that it has sent is a sign of its life."""
    after_task_publish.connect(say_beat_lives)


def say_beat_lives(**_: Any) -> None:
    _sign(BEAT, BEAT_S)


def _is_of_ratings(task: Task) -> bool:
    return (task.request.delivery_info or {}).get("routing_key") == RATINGS


def _sign(name: str, seconds: int) -> None:
    from core.storage.redis_clients import client

    with suppress(RedisError, OSError):
        client().set(name, 1, ex=seconds)


def _erase(name: str) -> None:
    from core.storage.redis_clients import client

    with suppress(RedisError, OSError):
        client().delete(name)
