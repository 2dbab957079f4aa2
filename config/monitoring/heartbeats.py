"""Heartbeats in Redis: one while the ratings worker runs a task, and one for each task that beat sends."""

from contextlib import suppress
from typing import Any

from celery import Task
from celery.signals import after_task_publish
from redis.exceptions import RedisError

RATINGS_QUEUE = "ratings"
BUSY_KEY = "arena:busy"
BUSY_TTL_S = 600  # longer than any task; if the worker is killed during one, its next task ends the heartbeat
BEAT_KEY = "arena:beat"
BEAT_TTL_S = 30  # beat sends its most frequent task every 5 s


def watch_beat(**_: Any) -> None:
    """Record a heartbeat for each task that the beat process sends."""
    after_task_publish.connect(record_beat)


def record_beat(**_: Any) -> None:
    _store_heartbeat(BEAT_KEY, BEAT_TTL_S)


def begin_task(task: Task, **_: Any) -> None:
    """Record that the ratings worker is busy. It runs one task at a time, and answers no pings meanwhile."""
    if _is_ratings_task(task):
        _store_heartbeat(BUSY_KEY, BUSY_TTL_S)


def end_task(task: Task, **_: Any) -> None:
    if _is_ratings_task(task):
        _store_heartbeat(BUSY_KEY, 0)


def _is_ratings_task(task: Task) -> bool:
    return (task.request.delivery_info or {}).get("routing_key") == RATINGS_QUEUE


def _store_heartbeat(key: str, ttl_s: int) -> None:
    """Store a heartbeat, or delete it if its lifetime is 0."""
    from core.storage.redis_clients import get_redis_client

    with suppress(RedisError, OSError):
        client = get_redis_client()
        client.set(key, 1, ex=ttl_s) if ttl_s else client.delete(key)
