"""Runs several programs as one service: starts them in order, restarts them, and stops them in reverse order."""

import asyncio
import contextlib
import os
import select
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Any, TextIO

from launcher.log_files import LogFile

MAX_DEATHS = 5
DEATH_WINDOW_S = 60
MAX_RESTART_DELAY_S = 2.0
POLL_S = 0.05

# Some kernels cannot signal a child when its parent dies. On these, a shell waits for the end of a pipe that only the
# parent keeps open, and then signals the program. The program runs under the shell's original process ID.
WATCHDOG_SCRIPT = 'exec 3<&0 </dev/null; { read -r _ <&3; kill -s "$0" $$; } & exec "$@" 3<&-'
PrintLine = Callable[[str], None]


class ProgramError(Exception):
    """Raised if a program does not start, fails, or keeps failing. The message is one line for the user."""


async def is_always_ready() -> bool:
    return True


@dataclass(frozen=True)
class Program:
    """A program to run. Times are in seconds.

    is_ready: polled until it returns True
    signal: the signal that stops the program, sent even if the supervisor itself dies
    prefix: words before the command, which can change the user or the namespace
    inherited_fds: file descriptors that the program keeps open for its lifetime
    """

    name: str
    command: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    is_ready: Callable[[], Awaitable[bool]] = is_always_ready
    signal: Signals = Signals.SIGTERM
    prefix: tuple[str, ...] = ()
    inherited_fds: tuple[int, ...] = ()
    ready_within: float = 60
    stop_within: float = 6.5


@dataclass
class _RunningProgram:
    """A program that has been started. `monitor` is the task that restarts it, once the program is ready."""

    program: Program
    log: LogFile
    process: asyncio.subprocess.Process
    monitor: asyncio.Task[None] | None = None


class Supervisor:
    """Starts groups of programs in order and stops them in reverse order.

    The future `failure` raises ProgramError after a program has died `MAX_DEATHS` times within `DEATH_WINDOW_S`
    seconds. Create and use the supervisor in the main thread, because the parent-death signal is tied to the thread
    that starts a program.
    """

    def __init__(self, print_line: PrintLine) -> None:
        self._print_line = print_line
        self._groups: list[list[_RunningProgram]] = []
        self._watched_end, self._open_end = os.pipe()
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, *programs: Program) -> None:
        """Start a group of programs together and wait until all are ready. Raises ProgramError."""
        group: list[_RunningProgram] = []
        self._groups.append(group)
        await run_concurrently(*(self._start(program, group) for program in programs))

    async def run(self, program: Program) -> None:
        """Run a program until it ends. Raises ProgramError if it fails."""
        running = await self._begin(program)
        group = [running]
        self._groups.append(group)
        code = await _wait_for_exit(running.process)
        await running.log.drain()
        if code:
            raise ProgramError(_get_last_line(running.log) or f"{program.name} {_describe_exit(running.process)}")
        running.log.close()
        self._groups.remove(group)

    async def stop(self) -> None:
        """Stop all programs, the last group first. A program that does not stop within `stop_within` is killed."""
        while self._groups:
            await asyncio.gather(*(self._stop(running) for running in self._groups[-1]))
            self._groups.pop()
        if self.failure.done():
            self.failure.exception()  # otherwise, asyncio would log the exception as never retrieved

    def repeat_signal(self) -> None:
        """Send the signal that stops a program again to the programs that are being stopped."""
        for running in self._groups[-1] if self._groups else ():
            with contextlib.suppress(ProcessLookupError):
                running.process.send_signal(running.program.signal)

    async def _start(self, program: Program, group: list[_RunningProgram]) -> None:
        running = await self._begin(program)
        group.append(running)
        deadline = time.monotonic() + program.ready_within
        while running.process.returncode is not None or not await program.is_ready():
            if running.process.returncode is not None:
                await running.log.drain()
                raise ProgramError(_describe_failure(running, f"{_describe_exit(running.process)} while starting"))
            if time.monotonic() > deadline:
                raise ProgramError(_describe_failure(running, f"was not ready after {program.ready_within:.0f} s"))
            await asyncio.sleep(POLL_S)
        running.monitor = asyncio.create_task(self._keep_running(running))

    async def _keep_running(self, running: _RunningProgram) -> None:
        """Restart the program whenever it ends, with growing delays, until it has died too many times."""
        program = running.program
        deaths = deque[float](maxlen=MAX_DEATHS)
        while True:
            await _wait_for_exit(running.process)
            await running.log.drain()
            now = time.monotonic()
            deaths.append(now)
            if len(deaths) == MAX_DEATHS and now - deaths[0] < DEATH_WINDOW_S:
                error = ProgramError(_describe_failure(running, f"ended {MAX_DEATHS} times within {DEATH_WINDOW_S} s"))
                if not self.failure.done():
                    self.failure.set_exception(error)
                return
            self._print_line(f"{program.name} {_describe_exit(running.process)}; restarting it")
            recent_deaths = sum(now - death < DEATH_WINDOW_S for death in deaths)
            await asyncio.sleep(min(MAX_RESTART_DELAY_S, 0.125 * 2**recent_deaths))
            running.process = await self._spawn(program, running.log)

    async def _begin(self, program: Program) -> _RunningProgram:
        log = LogFile(program.log)
        return _RunningProgram(program, log, await self._spawn(program, log))

    async def _spawn(self, program: Program, log: LogFile) -> asyncio.subprocess.Process:
        name = program.signal.name.removeprefix("SIG")
        setpriv = shutil.which("setpriv")
        watchdog = (setpriv, "--pdeathsig", name) if setpriv else ("/bin/sh", "-c", WATCHDOG_SCRIPT, name)
        output = log.open_pipe()
        try:
            return await asyncio.create_subprocess_exec(
                *program.prefix,
                *watchdog,
                *program.command,
                env=dict(program.env),
                stdin=asyncio.subprocess.DEVNULL if setpriv else self._watched_end,
                stdout=output,
                stderr=output,
                pass_fds=program.inherited_fds,
                start_new_session=True,
            )
        finally:
            os.close(output)

    async def _stop(self, running: _RunningProgram) -> None:
        if running.monitor:
            running.monitor.cancel()
            await asyncio.wait([running.monitor])
        process = running.process
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(running.program.signal)
        try:
            await asyncio.wait_for(_wait_for_exit(process), running.program.stop_within)
        except TimeoutError:
            self._print_line(f"{running.program.name} did not stop; killing it")
            os.killpg(process.pid, Signals.SIGKILL)
            await process.wait()
        await running.log.drain()
        running.log.close()


def write_line(stream: TextIO | None, line: str) -> None:
    """Write a line to standard output or standard error immediately.

    The line is truncated to the length that a pipe accepts in one write. It is dropped if the stream is closed or full,
    because output must not stop or block the supervisor.
    """
    if stream is None:  # Python was started with this stream closed
        return
    with contextlib.suppress(OSError):
        descriptor = stream.fileno()
        if select.select([], [descriptor], [], 0)[1]:
            os.write(descriptor, line.encode(errors="replace")[: select.PIPE_BUF - 1] + b"\n")


async def run_concurrently(*steps: Coroutine[Any, Any, None]) -> None:
    """Run all steps concurrently. The first error cancels the other steps and is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for step in steps:
                tasks.create_task(step)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _wait_for_exit(process: asyncio.subprocess.Process) -> int:
    """Wait for the process, kill the remaining processes in its group, and return its exit code."""
    code = await process.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, Signals.SIGKILL)
    return code


async def is_http_ok(port: int, path: str) -> bool:
    """Return True if a server on 127.0.0.1 answers a GET request for `path` with status 200."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 5)
    except OSError:  # includes timeouts
        return False
    finally:
        writer.close()
    return status.split()[1:2] == [b"200"]


def _describe_exit(process: asyncio.subprocess.Process) -> str:
    code = process.returncode or 0
    return f"was killed by {Signals(-code).name}" if code < 0 else f"exited with code {code}"


def _get_last_line(log: LogFile) -> str:
    return log.last_line.removeprefix("arena: ")


def _describe_failure(running: _RunningProgram, event: str) -> str:
    log = running.log
    return f"{running.program.name} {event}: {_get_last_line(log) or 'no output'} (log: {log.path})"
