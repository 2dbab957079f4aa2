"""`./scripts/up --dev`: runs the service from the source tree and restarts it when Python code changes."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from launcher.supervisor import PrintLine, Program, Supervisor

SETTINGS_MODULE = "launcher.dev_settings"
PRODUCTION_APPLICATION = "config.asgi:application"
APPLICATION = "launcher.dev_asgi:application"
PACKAGES = ("core", "catalog", "arena", "ratings", "config")
PROGRAMS = ("web", "answers", "ratings", "beat")
POLL_S = 0.2
SETTLE_S = 0.1  # a git checkout changes many files at once


def adapt_programs(programs: list[Program], port: int) -> list[Program]:
    """Adapt the service's programs for development. A program that fails is not restarted until the next edit.

    The launcher opens the port and the web server inherits it, so requests wait during a restart instead of failing.
    """
    descriptor = socket.create_server(("127.0.0.1", port)).detach()
    return [replace(_adapt_web(program, descriptor), restarts=False) for program in programs]


def _adapt_web(program: Program, descriptor: int) -> Program:
    if PRODUCTION_APPLICATION not in program.command:
        return program
    command = [APPLICATION if word == PRODUCTION_APPLICATION else word for word in program.command]
    return replace(program, command=(*command, "--fd", str(descriptor)), inherited_fds=(descriptor,))


async def restart_on_edits(supervisor: Supervisor, root: Path, say: PrintLine) -> None:
    """Restart the service's programs, the web server first, whenever a Python file changes."""
    seen = scan_modules(root)
    while True:
        await asyncio.sleep(POLL_S)
        current = scan_modules(root)
        if current == seen:
            continue
        changed = sorted(path for path, _ in current.items() ^ seen.items())
        while current != seen:
            seen = current
            await asyncio.sleep(SETTLE_S)
            current = scan_modules(root)
        say(f"{os.path.relpath(changed[0], root)} changed; restarting the web server and the workers")
        for name in PROGRAMS:
            await supervisor.restart(name)


def scan_modules(root: Path) -> dict[str, int]:
    """Map each Python file of the packages to its modification time in ns."""
    modules: dict[str, int] = {}
    with contextlib.suppress(FileNotFoundError):  # the file was deleted during the scan
        for package in PACKAGES:
            modules.update(_iterate_modules(root / package))
    return modules


def _iterate_modules(folder: Path | str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _iterate_modules(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path, entry.stat().st_mtime_ns
