"""Runs the whole service on this machine: `./scripts/up`."""

import argparse
import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import Signals
from typing import Any, NoReturn

from config import environment
from launcher import development, embedded, local_models, model_watch
from launcher.data_folder import DataFolder, LaunchError
from launcher.local_models import MIB, LocalModel
from launcher.supervisor import Program, ProgramError, Supervisor, is_http_ok, run_concurrently, write_line

LOCAL_CONVERSATION_CHARACTERS = "8000"  # the longest conversation that fits into the local models' context window
USER_MESSAGE_PREFIXES = ("not drawn: ", "no key: ")  # of config.prepare's messages for the user
NO_ANSWER_PREFIX = "no answer: "  # of the messages of check_models about models that have a key
MIN_DISK_BYTES = 300 * MIB
SERVICE_MEMORY_BYTES = 600 * MIB
WEB_MEMORY_BYTES = 200 * MIB  # per web process after the first, measured in use
MAX_DEFAULT_WEB_PROCESSES = 4
MAX_WEB_PROCESSES = 8  # their pools and the workers use no more connections than the embedded PostgreSQL allows
# More threads would not speed up small matrices, and would take CPU time from the other programs. By default, each
# thread has its own arena for malloc, which keeps freed memory.
THREAD_VARIABLES = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
# While there are new votes, the ratings worker keeps freed memory for its matrices, because allocating it again causes
# page faults.
MALLOC_VARIABLES = {"MALLOC_TRIM_THRESHOLD_": str(256 * MIB), "MALLOC_MMAP_THRESHOLD_": str(32 * MIB)}
STOP_S = 6.5  # the time that a program without answers needs to stop
STOP_SIGNALS = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)


@dataclass(frozen=True)
class Options:
    """Command-line options.

    `excluded` contains the slugs of built-in models that do not run. `uses_local_models` is False with
    `--no-local-models`. If it is True, the service starts only if at least two models can be drawn.
    """

    port: int
    web_processes: int
    folder: DataFolder
    models_file: Path | None
    excluded: frozenset[str]
    uses_local_models: bool
    is_development: bool = False


class _ArgumentParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"arena: {message}; ./scripts/up --help lists the options\n")


def parse_options(arguments: list[str]) -> Options:
    """Parse the command line. Raises LaunchError, ValueError, and OSError. Wrong usage exits with status 2."""
    parser = _ArgumentParser(prog="./scripts/up", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--port", type=partial(_parse_number, high=65535), default=8000, help="the port on 127.0.0.1 (8000)"
    )
    default_web = choose_web_processes(os.cpu_count())
    web_help = f"the number of web processes (default: {default_web}, one per processor core up to four; 1 with --dev)"
    number_of_processes = partial(_parse_number, high=MAX_WEB_PROCESSES)
    parser.add_argument("--web", type=number_of_processes, default=default_web, help=web_help)
    parser.add_argument("--data", type=Path, default=embedded.PROJECT_ROOT / "var", help="the data folder (var)")
    parser.add_argument("--no-local-models", action="store_true", help="do not run the built-in models")
    parser.add_argument("--no-gemma", action="store_true", help="leave out Gemma 3, which has its own license")
    parser.add_argument("--models", type=Path, help="a models file to load at every start")
    parser.add_argument("--dev", action="store_true", help="serve edited templates, and restart when code changes")
    options = parser.parse_args(arguments)
    environment.load_environment(os.environ)
    excluded = set(local_models.list_slugs()) if options.no_local_models else set[str]()
    if options.no_gemma:
        excluded.add("gemma-3-270m")
    if options.models:
        excluded |= local_models.read_disabled_slugs(options.models)
    return Options(
        port=options.port,
        web_processes=1 if options.dev else options.web,
        folder=DataFolder(options.data),
        models_file=options.models and options.models.resolve(),
        excluded=frozenset(excluded),
        uses_local_models=not options.no_local_models,
        is_development=options.dev,
    )


def _parse_number(text: str, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {high}")
    return int(text)


def choose_web_processes(cores: int | None) -> int:
    """Return the default number of web processes for this number of processor cores, which is None if unknown."""
    return min(MAX_DEFAULT_WEB_PROCESSES, cores or 1)


async def run_service(options: Options, supervisor: Supervisor) -> None:
    """Start everything in order and keep it running until this task is canceled or a program fails for good.

    Raises LaunchError, ProgramError, and OSError, each with a one-line message for the user.
    """
    folder = options.folder
    if folder.take_ownership("./scripts/up") is None:
        raise LaunchError(f"{folder.path} is in use by {folder.owner}; stop it first")
    if (free := shutil.disk_usage(folder.path).free) < MIN_DISK_BYTES:
        raise LaunchError(
            f"only {free // MIB} MB of disk space is free in {folder.path}; "
            f"at least {MIN_DISK_BYTES // MIB} MB is needed"
        )
    try:
        # The port is closed before the programs stop, so that new requests do not wait for web processes that end.
        with _open_port(options.port) as listener:
            watchers = await _start_all(supervisor, options, listener.fileno())
            print_line(f"Arena is ready at http://127.0.0.1:{options.port}", prefix="")
            try:
                await supervisor.failure
            finally:
                for watcher in watchers:
                    watcher.cancel()
    finally:
        await supervisor.stop()


async def _start_all(supervisor: Supervisor, options: Options, listener_fd: int) -> list["asyncio.Task[None]"]:
    """Start all programs, and return the tasks that watch them. `listener_fd` is the port's socket."""
    folder = options.folder
    ports = {model.name: local_models.pick_free_port() for model in _select_models_that_fit(options)}
    local_models_file = folder.runtime / "local_models.toml"
    local_models_file.write_text(local_models.render_models_file(ports, options.excluded))
    models_files = [local_models_file]
    if options.models_file:
        models_files.append(options.models_file)
    env = build_environment(options)
    if options.is_development:
        env["DJANGO_SETTINGS_MODULE"] = development.SETTINGS_MODULE
    min_models = str(2 if options.uses_local_models else 0)
    prepare = (sys.executable, "-m", "config.prepare", "--static", "--min-models", min_models, *map(str, models_files))
    prepare_program = Program("prepare", prepare, folder.log / "prepare.log", env)
    programs = [*_build_workers(folder, env), *build_web_programs(options, env, listener_fd)]
    if options.is_development:
        programs = [development.reload_on_edits(program) for program in programs]
    await run_concurrently(
        _start_databases(supervisor, folder, prepare_program), _start_models(supervisor, folder, ports)
    )
    with _report_if_slow("starting the web server and the workers"):
        await supervisor.start(*programs)
    watchers = [
        model_watch.watch_models(ports.values(), env["DATABASE_URL"]),
        _report_silent_models(supervisor, folder, env),
    ]
    return [asyncio.create_task(watcher) for watcher in watchers]


def build_environment(options: Options) -> dict[str, str]:
    """Return the environment variables for all programs. Store the port and the conversation limit in the data folder.

    Other commands on the same data folder use both. With local models, the default limit fits their context windows.
    """
    limit = LOCAL_CONVERSATION_CHARACTERS if options.uses_local_models else ""
    limit = os.environ.get(embedded.CONVERSATION_VARIABLE) or limit
    embedded.store_value(options.folder, embedded.CONVERSATION_FILE, limit)
    embedded.store_value(options.folder, embedded.PORT_FILE, str(options.port))
    return embedded.build_environment(options.folder)


async def _start_databases(supervisor: Supervisor, folder: DataFolder, prepare_program: Program) -> None:
    with _report_if_slow("starting the databases"):
        await embedded.start_services(supervisor, folder, print_line)
    with _report_if_slow("preparing the database"):
        lines = await run_for_lines(supervisor, prepare_program, USER_MESSAGE_PREFIXES)
    for line in lines:
        print_line(line)


async def _report_silent_models(supervisor: Supervisor, folder: DataFolder, env: dict[str, str]) -> None:
    """Ask the models that are not local a short question, and print which do not answer."""
    slugs = await model_watch.list_other_models(env["DATABASE_URL"], local_models.list_slugs())
    command = (sys.executable, "manage.py", "check_models", *slugs)
    program = Program("check_models", command, folder.log / "check_models.log", env)
    try:
        lines = await run_for_lines(supervisor, program, (NO_ANSWER_PREFIX,)) if slugs else []
    except ProgramError as error:
        lines = [f"the models were not asked: {error}"]
    for line in lines:
        print_line(line)


async def run_for_lines(supervisor: Supervisor, program: Program, prefixes: tuple[str, ...]) -> list[str]:
    """Run the program to its end, and return its lines with one of these prefixes. Raises ProgramError.

    Lines of earlier runs, which are in the same log, are skipped.
    """
    earlier_size = program.log.stat().st_size if program.log.exists() else 0
    await supervisor.run(program)
    log = program.log.read_bytes()
    if len(log) >= earlier_size:
        log = log[earlier_size:]
    lines = log.decode(errors="replace").splitlines()
    return list(dict.fromkeys(line for line in lines if line.startswith(prefixes)))


async def _start_models(supervisor: Supervisor, folder: DataFolder, ports: dict[str, int]) -> None:
    models = [model for model in local_models.LOCAL_MODELS if model.name in ports]
    with _report_if_slow("loading the local models"):
        programs = [
            await asyncio.to_thread(local_models.build_program, model, ports[model.name], folder) for model in models
        ]
        await supervisor.start(*programs)


def _build_workers(folder: DataFolder, env: dict[str, str]) -> list[Program]:
    """Return the workers and beat. They start with the web processes, whose readiness checks include them."""
    celery = (sys.executable, "-m", "celery", "-A", "config")
    worker = ("--without-gossip", "--without-heartbeat", "--without-mingle", "-l", "WARNING")
    beat = ("-s", str(folder.runtime / "beat-schedule"), "--pidfile=", "-l", "WARNING")
    commands = {
        "answers": (*celery, "worker", "-Q", "answers", "-P", "solo", "-n", "answers@%h", *worker),
        "ratings": (*celery, "worker", "-Q", "ratings", "-P", "solo", "-n", "ratings@%h", *worker),
        "beat": (*celery, "beat", *beat),
    }
    extra_variables = {"ratings": MALLOC_VARIABLES}
    drain_s = environment.load_environment(env).arena_drain_s
    stop_times = {"answers": drain_s + STOP_S}
    return [
        Program(
            name,
            command,
            folder.log / f"{name}.log",
            env | THREAD_VARIABLES | extra_variables.get(name, {}),
            stop_within=stop_times.get(name, STOP_S),
        )
        for name, command in commands.items()
    ]


def build_web_programs(options: Options, env: dict[str, str], listener_fd: int) -> list[Program]:
    """Return the web processes: `web`, `web-2`, and so on. They all accept connections from one inherited socket."""
    application = ("uvicorn", "config.asgi:application", f"--fd={listener_fd}", "--workers", "1")
    protocol = ("--http", "config.server.uvicorn_protocol:DeadlineProtocol", "--ws", "none")
    logs = ("--no-proxy-headers", "--no-access-log")
    names = ["web", *(f"web-{number}" for number in range(2, options.web_processes + 1))]
    return [
        Program(
            name=name,
            command=(sys.executable, "-m", *application, *protocol, *logs, "--timeout-graceful-shutdown", "3"),
            log=options.folder.log / f"{name}.log",
            env=env | THREAD_VARIABLES,
            is_ready=partial(is_http_ok, options.port, "/readyz"),
            inherited_fds=(listener_fd,),
        )
        for name in names
    ]


def _open_port(port: int) -> socket.socket:
    """Return a socket bound to the port. The web processes inherit it, and the first ready one listens on it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit this option. uvicorn sets it only on sockets that it has opened itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise LaunchError(f"port {port} cannot be used ({error.strerror}); choose another with --port N") from None
    return listener


def _select_models_that_fit(options: Options) -> list[LocalModel]:
    """Return the models that fit into free memory. Print a line for each model that is left out."""
    import psutil

    free = psutil.virtual_memory().available
    needed = local_models.list_needed_models(options.excluded)
    service_memory = SERVICE_MEMORY_BYTES + (options.web_processes - 1) * WEB_MEMORY_BYTES
    fitting_models = local_models.select_models_that_fit(needed, free - service_memory)
    for model in needed:
        if model not in fitting_models:
            print_line(f"only {free // MIB} MB of memory is free; leaving out {model.title}")
    return fitting_models


@contextmanager
def _report_if_slow(step: str) -> Iterator[None]:
    """Print the step if it takes longer than a second."""
    timer = asyncio.get_running_loop().call_later(1, print_line, f"{step} …")
    try:
        yield
    finally:
        timer.cancel()


def print_line(line: str, *, prefix: str = "arena: ") -> None:
    write_line(sys.stdout, f"{prefix}{line}")


async def run_until_signal(service: Coroutine[Any, Any, None], supervisor: Supervisor) -> None:
    """Run the service until it ends, or until the first of STOP_SIGNALS cancels it.

    A later signal is passed on to the programs, so that the answers worker does not wait for its answers.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(service)

    def stop() -> None:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, supervisor.repeat_signal)
        print_line("stopping")
        task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task


async def main(arguments: list[str]) -> None:
    os.umask(0o077)
    options = parse_options(arguments)
    os.chdir(embedded.PROJECT_ROOT)
    supervisor = Supervisor(print_line)
    await run_until_signal(run_service(options, supervisor), supervisor)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:]))
    except (LaunchError, ProgramError, ValueError, OSError) as error:
        sys.exit(f"arena: {error}")
