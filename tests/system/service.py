"""Runs the whole service with its own database, Valkey, and port, in the same way as users start it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.system.prepared_folder import copy_prepared

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN_S = 120
LIMITS = ("ARENA_BATTLES_PER_HOUR", "ARENA_BATTLES_PER_HOUR_ADDRESS")  # all test requests come from one address
SERVICE_VARIABLES = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """A running `up`, with its `url`."""

    process: subprocess.Popen[str]
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pid(self, *words: str) -> int:
        """Return the service's oldest process whose command line contains all these words."""
        if pids := self.pids(*words):
            return pids[0]
        raise LookupError(f"no process with {words}")

    def pids(self, *words: str) -> list[int]:
        """Return the service's processes whose command lines contain all these words, oldest first."""
        pids = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):  # it ended in the meantime
                line = child.cmdline()
                if all(any(word in part for part in line) for word in words):
                    pids.append(child.pid)
        return pids

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Query the service's database directly."""
        with psycopg.connect(f"postgresql://arena@/arena?host={self.data}/run/postgres") as connection:
            return connection.execute(statement, values).fetchall()

    def manage(self, *words: str, **variables: str) -> str:
        """Run a management command, and return its output."""
        command = [str(ROOT / "scripts" / "manage"), "--data", str(self.data), *words]
        env = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES} | variables
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def another(self, instead: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a copy of the process whose command line contains these words, with some words replaced."""
        like = psutil.Process(self.pid(*words))
        command = [instead.get(word, word) for word in like.cmdline()]
        process = subprocess.Popen(command, cwd=like.cwd(), env=like.environ(), stdout=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(15)

    def log(self, name: str) -> str:
        return (self.data / "log" / f"{name}.log").read_text()


@contextmanager
def running(
    data: Path, *options: str, root: Path = ROOT, is_first_start: bool = False, **variables: str
) -> Iterator[Service]:
    """Start the service from the tree `root`, wait until it is ready, and stop it at the end.

    A new data folder gets a copy of the prepared database, unless the test is about the first start.
    """
    port = free_port()
    command = [str(root / "scripts" / "up"), "--port", str(port), "--data", str(data), *options]
    ours = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES}
    env = ours | dict.fromkeys(LIMITS, "0") | {"ARENA_DRAIN_S": "2"} | variables
    if not is_first_start and not data.exists():
        copy_prepared(ROOT, data, ours)
    process = subprocess.Popen(command, cwd=root, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process)
        yield Service(process, data, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)  # which also closes the pipe
    assert process.returncode == 0


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    said = []
    deadline = time.monotonic() + READY_WITHIN_S
    for line in process.stdout:
        said.append(line)
        if "Arena is ready at" in line:
            return
        assert time.monotonic() < deadline, said
    raise AssertionError("the service ended: " + "".join(said))
