"""Runs PostgreSQL and Valkey for one data folder, on Unix sockets only, while a command runs.

`python -m launcher.embedded [--data DIR | --temporary] [--no-fsync] -- COMMAND …` starts the services, runs the
command, and stops the services. If another program has already started them, COMMAND uses the running services.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from signal import Signals

from config import secret_keys
from launcher import postgres, valkey
from launcher.data_folder import DataFolder, LaunchError, LockName
from launcher.supervisor import PrintLine, ProgramError, Supervisor, write_line

PROJECT_ROOT = Path(__file__).resolve().parent.parent
WAIT_TIMEOUT_S = 30
POLL_S = 0.05
PRIVATE_ENDPOINTS_VARIABLE = "ARENA_ALLOW_PRIVATE_ENDPOINTS"
LOOPBACK_NETWORKS = "127.0.0.0/8,::1/128"
FALLBACKS_VARIABLE = "SECRET_KEY_FALLBACKS"
CONVERSATION_VARIABLE = "ARENA_CONVERSATION_CHARACTERS"
LOCAL_URL_VARIABLE = "LOCAL_URL"  # for links that a command prints
CONVERSATION_FILE = "conversation_characters"
PORT_FILE = "port"


def build_environment(folder: DataFolder) -> dict[str, str]:
    """Return the environment variables for a program that uses the services. Existing variables take precedence.

    Loopback endpoints are allowed, because local models run on this machine. The conversation limit and the port are
    the values that `./scripts/up` stored.
    """
    inherited = {name: value for name, value in os.environ.items() if value}
    private_endpoints = filter(None, [inherited.get(PRIVATE_ENDPOINTS_VARIABLE), LOOPBACK_NETWORKS])
    defaults = {"DATABASE_URL": postgres.build_url(folder), "REDIS_URL": valkey.build_url(folder)}
    if limit := _load_value(folder, CONVERSATION_FILE):
        defaults[CONVERSATION_VARIABLE] = limit
    if port := _load_value(folder, PORT_FILE):
        defaults[LOCAL_URL_VARIABLE] = f"http://127.0.0.1:{port}"
    extended = {PRIVATE_ENDPOINTS_VARIABLE: ",".join(private_endpoints)}
    if "SECRET_KEY" not in inherited:
        current_key, *older_keys = secret_keys.load_keys(folder.path)
        defaults["SECRET_KEY"] = current_key
        extended[secret_keys.FOLDER_VARIABLE] = str(folder.path)
        fallbacks = filter(None, [*older_keys, inherited.get(FALLBACKS_VARIABLE)])
        extended[FALLBACKS_VARIABLE] = ",".join(fallbacks)
    return defaults | inherited | extended


def store_value(folder: DataFolder, file: str, value: str) -> None:
    """Store a value for other commands that use the same data folder. "" means the default."""
    (folder.path / file).write_text(value)


def _load_value(folder: DataFolder, file: str) -> str:
    try:
        return (folder.path / file).read_text().strip()
    except FileNotFoundError:
        return ""


async def start_services(
    supervisor: Supervisor, folder: DataFolder, print_line: PrintLine, *, durable: bool = True
) -> None:
    """Start the services whose URL is not set in the environment. Only the owner of the folder may call this.

    Without `durable`, a crash of the machine can lose data. If servers from a killed run still hold the `services`
    lock, this waits until they have stopped. Raises LaunchError and ProgramError.
    """
    notice = asyncio.get_running_loop().call_later(1, print_line, "waiting for servers from an earlier run to stop")
    lock = await _acquire_lock(folder, "services", WAIT_TIMEOUT_S)
    notice.cancel()
    if lock is None:
        raise LaunchError(f"servers from an earlier run still use {folder.path} and did not stop")
    programs = []
    if _is_embedded("DATABASE_URL"):
        programs.append(await postgres.prepare_server(supervisor, folder, lock, durable=durable))
    if _is_embedded("REDIS_URL"):
        programs.append(valkey.prepare_server(folder, lock))
    await supervisor.start(*programs)


async def run_command(folder: DataFolder, command: list[str], print_line: PrintLine, *, durable: bool) -> int:
    """Run a command with the services and return its exit code."""
    supervisor = Supervisor(print_line)
    is_owner, lock = await _acquire_folder(folder)
    try:
        if is_owner:
            await start_services(supervisor, folder, print_line, durable=durable)
        return await _run_process(command, build_environment(folder))
    finally:
        if is_owner and await _acquire_lock(folder, "guests", 0) is None:
            print_line("waiting for other commands that use the same services")
            await _acquire_lock(folder, "guests", float("inf"))
        await supervisor.stop()
        os.close(lock)


def _is_embedded(variable: str) -> bool:
    return not os.environ.get(variable)


async def _is_ready(folder: DataFolder) -> bool:
    if _is_embedded("DATABASE_URL") and not await postgres.is_ready(folder):
        return False
    return not _is_embedded("REDIS_URL") or await valkey.is_ready(folder)


async def _acquire_lock(folder: DataFolder, name: LockName, timeout_s: float) -> int | None:
    """Wait for a lock. Return its file descriptor, or None after the timeout."""
    deadline = time.monotonic() + timeout_s
    while (lock := folder.lock(name)) is None and time.monotonic() < deadline:
        await asyncio.sleep(POLL_S)
    return lock


async def _acquire_folder(folder: DataFolder) -> tuple[bool, int]:
    """Become the owner of the folder, or a guest if another program runs the services.

    Return whether this program is the owner, and the file descriptor of the lock. Raises LaunchError.
    """
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    while time.monotonic() < deadline:
        if (lock := folder.take_ownership("a command")) is not None:
            return True, lock
        if (lock := folder.lock("guests", shared=True)) is not None:
            if await _is_ready(folder):
                return False, lock
            os.close(lock)
        await asyncio.sleep(POLL_S)
    raise LaunchError(f"the services in {folder.path} are not responding; they were started by {folder.owner}")


async def _run_process(command: list[str], env: dict[str, str]) -> int:
    """Run the command and return its exit code. SIGINT reaches it from the terminal. Other signals are forwarded."""
    loop = asyncio.get_running_loop()
    start_task = loop.create_task(asyncio.create_subprocess_exec(*command, env=env))

    def forward(number: Signals) -> None:  # also handles signals that arrive before the command has started
        start_task.add_done_callback(lambda started: started.result().send_signal(number))

    loop.add_signal_handler(Signals.SIGINT, lambda: None)
    for number in (Signals.SIGTERM, Signals.SIGHUP):
        loop.add_signal_handler(number, forward, number)
    code = await (await start_task).wait()
    for number in (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP):
        loop.remove_signal_handler(number)
    return 128 - code if code < 0 else code


async def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="launcher.embedded", allow_abbrev=False)
    location = parser.add_mutually_exclusive_group()
    location.add_argument("--data", type=Path, default=PROJECT_ROOT / "var", help="the data folder")
    location.add_argument("--temporary", action="store_true", help="use a temporary folder")
    parser.add_argument("--no-fsync", action="store_true", help="disable fsync: faster, but a crash can lose data")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="arena-") if options.temporary else nullcontext(options.data) as path:
        return await run_command(DataFolder(Path(path)), options.command, print_warning, durable=not options.no_fsync)


def print_warning(line: str) -> None:
    write_line(sys.stderr, f"arena: {line}")


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(sys.argv[1:])))
    except (LaunchError, ProgramError, OSError) as error:
        sys.exit(f"arena: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + Signals.SIGINT)
