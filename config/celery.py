"""The Celery application. The apps have `tasks` modules. Beat and the ratings worker store signs of life."""

import os

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun

from config.monitoring.worker_busy import BusySign, watch_beat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Boards are small for a linear algebra library: its threads would only wait for each other and for local models.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Otherwise, Celery makes Django check all pages in each worker, which loads them all.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("arena")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["arena.answers", "ratings.admin"])

busy_sign = BusySign()
task_prerun.connect(busy_sign.begin)
task_postrun.connect(busy_sign.end)
beat_init.connect(watch_beat)
