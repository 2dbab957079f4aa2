"""`./scripts/up --dev`: runs the service from the source tree and restarts it when Python code changes."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from launcher.supervisor import PrintLine, Program, Supervisor

SETTINGS_MODULE = "launcher.dev_settings"
PRODUCTION_APPLICATION = "config.asgi:application"
DEV_APPLICATION = "launcher.dev_asgi:application"
WEB = "web"
PACKAGES = ("core", "catalog", "arena", "ratings", "config")
WORKERS = ("answers", "ratings", "beat")
SETTLE_MS = 100  # a git checkout changes many files at once


def adapt_programs(programs: list[Program]) -> list[Program]:
    """Return the service's programs, adapted for development.

    A program that fails is not restarted until the next edit. The launcher keeps the port open, so requests wait during
    a restart.
    """
    return [
        replace(
            program,
            command=tuple(DEV_APPLICATION if word == PRODUCTION_APPLICATION else word for word in program.command),
            restarts=False,
        )
        for program in programs
    ]


async def restart_on_edits(
    supervisor: Supervisor, root: Path, is_web_ready: Callable[[], Awaitable[bool]], print_line: PrintLine
) -> None:
    """Restart the service's programs whenever a Python file in `PACKAGES` changes, the web server first.

    All are killed first, so that the web server has the CPU to itself.
    """
    from watchfiles import PythonFilter, awatch  # only installed for development

    folders = [root / package for package in PACKAGES]
    async for changes in awatch(*folders, watch_filter=PythonFilter(), step=SETTLE_MS):
        changed = min(os.path.relpath(path, root) for _, path in changes)
        print_line(f"{changed} changed; restarting the web server and the workers")
        await asyncio.gather(*(supervisor.kill(name) for name in (WEB, *WORKERS)))
        await supervisor.start_again(WEB, is_web_ready)
        for name in WORKERS:
            await supervisor.start_again(name)
