"""`./scripts/up --dev`: runs the service from the source tree and restarts its programs when Python code changes."""

import shlex
import sys
from dataclasses import replace

from launcher.supervisor import Program

SETTINGS_MODULE = "launcher.dev_settings"
PRODUCTION_APPLICATION = "config.asgi:application"
DEV_APPLICATION = "launcher.dev_asgi:application"
PACKAGES = ("core", "catalog", "arena", "ratings", "evaluations", "config")


def reload_on_edits(program: Program) -> Program:
    """Return a program of the service that restarts at each edit of a Python file in `PACKAGES`.

    uvicorn reloads the web process, and watchfiles restarts the others. If the edited code fails, both wait for the
    next edit. The launcher keeps the port open, so requests wait during a restart.
    """
    if PRODUCTION_APPLICATION in program.command:
        words = [DEV_APPLICATION if word == PRODUCTION_APPLICATION else word for word in program.command]
        folders = [f"--reload-dir={package}" for package in PACKAGES]
        return replace(program, command=(*words, "--reload", *folders))
    watch = (sys.executable, "-m", "watchfiles", "--filter", "python", "--target-type", "command")
    return replace(program, command=(*watch, shlex.join(program.command), *PACKAGES))
