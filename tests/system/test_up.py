"""Tests `./scripts/up` as a user sees it: it starts, prints its URL, and leaves no process behind."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from launcher.up import choose_web_processes
from tests.processes import alive, eventually
from tests.system.service import ROOT, SERVICE_VARIABLES, free_port

SETTINGS = {name: value for name, value in os.environ.items() if name not in SERVICE_VARIABLES}


def start(data: Path, port: int, *options: str, **variables: str) -> subprocess.Popen[str]:
    command = [ROOT / "scripts" / "up", "--data", data, "--port", str(port), "--no-local-models", *options]
    return subprocess.Popen(
        command, env=SETTINGS | variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def refusal(data: Path, port: int, *options: str, **variables: str) -> str:
    """Return the output of a start that must fail with one line and leave nothing running."""
    process = start(data, port, *options, **variables)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1, said
    lines = [line for line in said.splitlines() if not line.endswith("…")]
    assert len(lines) == 1, said
    return lines[0]


@contextmanager
def up(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = start(data, port)
    assert process.stdout
    said = []
    try:
        while said[-1:] != [f"Arena is ready at http://127.0.0.1:{port}\n"]:
            said.append(process.stdout.readline())
            assert said[-1], "".join(said)
        yield process, port
    finally:
        process.kill()
        process.communicate()


def family(process: subprocess.Popen[str]) -> list[int]:
    return [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]


def follow(port: int) -> socket.socket:
    """Open an event stream and leave it open, as a browser does."""
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    stream.sendall(b"GET /api/v1/leaderboard/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert b"200 OK" in stream.recv(1000)
    return stream


def test_ctrl_c_ends_everything_with_streams_open(tmp_path):
    """The other tests of this folder end the service by SIGTERM."""
    with up(tmp_path) as (process, port):
        streams = [follow(port) for _ in range(2)]
        members = family(process)
        assert len(members) >= 7
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert process.returncode == 0
        assert not [pid for pid in members if alive(pid)]
        for stream in streams:
            stream.close()


def test_faults_are_one_line_each_and_a_killed_supervisor_leaves_nothing(tmp_path):
    data = tmp_path / "var"
    with up(data) as (process, port):
        assert refusal(data, free_port()) == (
            f"arena: {data} is in use by ./scripts/up (process {process.pid}); stop it first"
        )
        assert refusal(tmp_path / "other", port).startswith(
            f"arena: port {port} cannot be used (Address already in use)"
        )
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30).status == 200
        assert [path for path in data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []

        assert eventually(lambda: len(list_web_processes(process)) == choose_web_processes(os.cpu_count()), 10)
        web = list_web_processes(process)
        for pid in web:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: len({*list_web_processes(process)} - {*web}) == len(web), 5)

        members = family(process)
        process.kill()
        process.wait()
        assert eventually(lambda: not [pid for pid in members if alive(pid)], 10)


def list_web_processes(process: subprocess.Popen[str]) -> list[int]:
    """Those that run: each has replaced the program that ties it to the supervisor."""
    pids = []
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess):  # it ends at this moment
            if alive(child.pid) and child.cmdline()[1:3] == ["-m", "uvicorn"]:
                pids.append(child.pid)
    return pids


def test_wrong_setting_stops_the_start_with_one_line(tmp_path):
    said = refusal(tmp_path / "var", free_port(), ARENA_COLOR="blue")
    assert said == "arena: ARENA_COLOR is not a setting; see .env.example for a list"
