"""Exit 0 if this container does its work: `python -m config.monitoring.container_healthcheck PORT`, or `beat`, or the
queue of a worker."""

import http.client
import socket
import sys

PATIENCE_S = 4


def web(port: int) -> bool:
    """Whether the web process answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def worker(queue: str) -> bool:
    """Whether the worker of this container answers through the broker."""
    from config.celery import app

    name = f"{queue}@{socket.gethostname()}"
    return bool(app.control.inspect(destination=[name], timeout=PATIENCE_S).ping())


def beat() -> bool:
    """Whether beat, of which there is one, has sent a task lately."""
    import redis
    from django.conf import settings

    from config import celery  # noqa: F401  # which says where Django's settings are
    from config.monitoring.worker_busy import BEAT

    try:
        return bool(redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_S).exists(BEAT))
    except (redis.RedisError, OSError):
        return False


def main(part: str) -> bool:
    if part.isdigit():
        return web(int(part))
    return beat() if part == "beat" else worker(part)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1]))
