"""Runs a Python module in a process that has loaded third-party modules in advance.

`python -m launcher.standby MODULE ARGUMENT … DESCRIPTOR` loads the modules listed below, waits for a byte from the file
descriptor, and then runs MODULE like `python -m MODULE ARGUMENT …`. It does not load Arena's modules in advance,
because they might change while it waits. If the descriptor is closed before a byte arrives, the process exits.
"""

import gc
import os
import runpy
import sys
from importlib import import_module

# Modules that load slowly and do not need Django's settings. They take half of the web server's startup time.
MODULES = (
    "aiohttp",
    "celery.app",
    "celery.fixups.django",
    "django.contrib.admin.apps",
    "django.contrib.postgres.fields",
    "django.contrib.staticfiles.handlers",
    "django.core.cache.backends.redis",
    "fido2.server",
    "markdown_it",
    "nh3",
    "orjson",
    "prometheus_client",
    "psycopg",
    "psycopg_pool",
    "pygments.formatters.html",
    "redis.asyncio",
    "requests",
    "uvicorn.main",
    "uvloop",
    "whitenoise",
    "yaml",
)


def main(module: str, *arguments: str) -> None:
    *options, descriptor = arguments
    for name in MODULES:
        import_module(name)
    gc.freeze()  # otherwise, each garbage collection would scan these modules while Arena's modules load
    if not os.read(int(descriptor), 1):
        return
    os.close(int(descriptor))
    sys.argv[1:] = options
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
