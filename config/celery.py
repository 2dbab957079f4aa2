"""The Celery application. Each app defines its tasks in `tasks` modules."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_ready

from config.monitoring import heartbeats

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# The matrices of a board are too small for BLAS threads, which would only compete for the CPU.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Without this, Celery runs Django's system checks in each worker, which imports the views of all pages.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("arena")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["arena.answers"])

task_prerun.connect(heartbeats.begin_task)
task_postrun.connect(heartbeats.end_task)
beat_init.connect(heartbeats.watch_beat)


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types for signals
def _freeze_modules(**_: Any) -> None:
    gc.freeze()  # a garbage collection that scans all modules stops the worker for 60 ms
