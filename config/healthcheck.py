"""Exit 0 if this container does its work: `python -m config.healthcheck PORT`, or the name of a worker's queue."""

import http.client
import os
import socket
import sys
from urllib.parse import urlsplit

PATIENCE_S = 4


def web(port: int) -> bool:
    """Whether the web process answers, asked by the name that it listens to."""
    host = urlsplit(os.environ.get("ARENA_PUBLIC_URL", "")).netloc or "127.0.0.1"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
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


if __name__ == "__main__":
    part = sys.argv[1]
    sys.exit(not (web(int(part)) if part.isdigit() else worker(part)))
