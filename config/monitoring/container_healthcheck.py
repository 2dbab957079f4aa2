"""Exits with status 0 if this container is healthy: `python -m config.monitoring.container_healthcheck PROCESS`.

PROCESS is the port of the web process, `beat`, or the name of a worker's queue.
"""

import http.client
import socket
import sys

TIMEOUT_S = 4


def is_web_healthy(port: int) -> bool:
    """Return True if the web process answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def is_worker_healthy(queue: str) -> bool:
    """Return True if this container's worker answers a ping through the broker."""
    from config.celery import app

    name = f"{queue}@{socket.gethostname()}"
    return bool(app.control.inspect(destination=[name], timeout=TIMEOUT_S).ping())


def is_beat_healthy() -> bool:
    """Return True if beat has sent a task recently."""
    import redis
    from django.conf import settings

    from config import celery  # noqa: F401  # sets DJANGO_SETTINGS_MODULE
    from config.monitoring.heartbeats import BEAT_KEY

    try:
        return bool(redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT_S).exists(BEAT_KEY))
    except (redis.RedisError, OSError):
        return False


def is_process_healthy(process: str) -> bool:
    if process.isdigit():
        return is_web_healthy(int(process))
    if process == "beat":
        return is_beat_healthy()
    return is_worker_healthy(process)


if __name__ == "__main__":
    sys.exit(not is_process_healthy(sys.argv[1]))
