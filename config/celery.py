"""The Celery application; tasks live in the apps' `tasks` modules."""

import os
from contextlib import suppress
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun
from redis.exceptions import RedisError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Boards are small for a linear algebra library: its threads only wait for each other, and for those of the models.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Celery would have Django check all pages in each worker, for which it must load them all.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("arena")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

RATINGS = "ratings"
BUSY = "arena:busy"
BUSY_S = 120  # longer than any task, and no longer than a killed worker may be taken for a busy one


def say_busy(task: Task, **_: Any) -> None:
    """The worker of the ratings does one thing at a time, and meanwhile answers no question whether it is there."""
    _mark(task, busy=True)


def say_free(task: Task, **_: Any) -> None:
    _mark(task, busy=False)


def _mark(task: Task, *, busy: bool) -> None:
    from arena.publishing import client

    if (task.request.delivery_info or {}).get("routing_key") == RATINGS:
        with suppress(RedisError, OSError):
            client().set(BUSY, 1, ex=BUSY_S) if busy else client().delete(BUSY)


task_prerun.connect(say_busy)
task_postrun.connect(say_free)
