"""`./scripts/up --dev`: runs the service from the source tree and restarts it when Python code changes."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

from launcher.supervisor import PrintLine, Program, Supervisor

SETTINGS_MODULE = "launcher.dev_settings"
PRODUCTION_APPLICATION = "config.asgi:application"
DEV_APPLICATION = "launcher.dev_asgi:application"
STANDBY_COMMAND = (sys.executable, "-m", "launcher.standby")
WEB = "web"
PACKAGES = ("core", "catalog", "arena", "ratings", "config")
WORKERS = ("answers", "ratings", "beat")
POLL_S = 0.2
SETTLE_S = 0.1  # a git checkout changes many files at once


def adapt_programs(programs: list[Program]) -> list[Program]:
    """Return the service's programs, adapted for development.

    A program that fails is not restarted until the next edit. The launcher keeps the port open, so requests wait during
    a restart.
    """
    return [replace(_adapt_web(program), restarts=False) for program in programs]


def _adapt_web(program: Program) -> Program:
    if PRODUCTION_APPLICATION not in program.command:
        return program
    command = tuple(DEV_APPLICATION if word == PRODUCTION_APPLICATION else word for word in program.command)
    python_module = command[2:]  # after the interpreter and its option -m
    return replace(program, command=command, standby=(*STANDBY_COMMAND, *python_module))


async def restart_on_edits(
    supervisor: Supervisor, root: Path, is_web_ready: Callable[[], Awaitable[bool]], print_line: PrintLine
) -> None:
    """Restart the service's programs whenever a Python file in `PACKAGES` changes, the web server first."""
    previous = scan_modules(root)
    await supervisor.prepare_restart(WEB)
    while True:
        await asyncio.sleep(POLL_S)
        current = scan_modules(root)
        if current == previous:
            continue
        changed_paths = sorted(path for path, _ in current.items() ^ previous.items())
        while current != previous:
            previous = current
            await asyncio.sleep(SETTLE_S)
            current = scan_modules(root)
        print_line(f"{os.path.relpath(changed_paths[0], root)} changed; restarting the web server and the workers")
        await _restart_programs(supervisor, is_web_ready)


async def _restart_programs(supervisor: Supervisor, is_web_ready: Callable[[], Awaitable[bool]]) -> None:
    """Restart the web server, then the workers. All are killed first, so that the web server has the CPU to itself."""
    await asyncio.gather(*(supervisor.kill(name) for name in (WEB, *WORKERS)))
    await supervisor.start_again(WEB, is_web_ready)
    for name in WORKERS:
        await supervisor.start_again(name)
    await supervisor.prepare_restart(WEB)


def scan_modules(root: Path) -> dict[str, int]:
    """Return the modification time of each Python file in `PACKAGES`, in ns, keyed by path."""
    modules: dict[str, int] = {}
    with contextlib.suppress(FileNotFoundError):  # the file was deleted during the scan
        for package in PACKAGES:
            modules.update(_iter_modules(root / package))
    return modules


def _iter_modules(folder: Path | str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _iter_modules(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path, entry.stat().st_mtime_ns
