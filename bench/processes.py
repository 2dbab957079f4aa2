"""Runs the mock and the service for a benchmark, and measures their CPU time."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from bench.profiles import Profile
from tests.system.service import ROOT, Service, running

PARTS = {
    "web": ("uvicorn",),
    "answers": ("worker", "answers"),
    "ratings": ("worker", "ratings"),
    "beat": ("celery", "beat"),
    "postgres": ("postgres",),
    "valkey": ("valkey-server",),
}
UNLIMITED = ("ARENA_BATTLES_PER_HOUR", "ARENA_BATTLES_PER_HOUR_ADDRESS", "ARENA_STREAMS_PER_VOTER")
MODEL = """
[[model]]
slug = "{name}"
name = "{name}"
organization = "bench"
license = "bench"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "{name}"
"""


@contextmanager
def run_mock(min_tokens: int, max_tokens: int) -> Iterator[tuple[str, psutil.Process]]:
    """Run a mock provider in a separate process. Yields its URL and the process."""
    command = [sys.executable, "-m", "bench.mock", str(min_tokens), str(max_tokens)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}", psutil.Process(process.pid)
        finally:
            process.terminate()


@contextmanager
def run_service(data: Path, url: str, profiles: dict[str, Profile], *, paced: bool, workers: int) -> Iterator[Service]:
    """Run the whole service like `up`, with `workers` answers workers, and with models that the mock provides.

    url: the URL of the mock.
    """
    models = data.with_suffix(".toml")
    models.write_text("".join(MODEL.format(name=name, url=url) for name in profiles))
    variables = dict.fromkeys(UNLIMITED, "0") | {"ARENA_PACE_ANONYMOUS": "on" if paced else "off"}
    with ExitStack() as stack:
        up = stack.enter_context(running(data, "--no-local-models", "--models", str(models), **variables))
        for number in range(2, workers + 1):
            stack.enter_context(up.another({"answers@%h": f"answers{number}@%h"}, "worker", "answers"))
        yield up


def measure_cpu(up: Service) -> dict[str, float]:
    """Return the CPU seconds used so far by each part of the service, including ended child processes."""
    cpu = dict.fromkeys((*PARTS, "up"), 0.0)
    children = psutil.Process(os.getpid()).children(recursive=True)
    tree = {up.process.pid, *(child.pid for child in psutil.Process(up.process.pid).children(recursive=True))}
    for process in children:
        with suppress(psutil.NoSuchProcess):
            name = _find_part(process.cmdline())
            if name or process.pid in tree:
                cpu[name or "up"] += measure_process_cpu(process)
    return cpu


def measure_machine_cpu() -> float:
    """Return the CPU seconds used so far by the whole machine."""
    times = psutil.cpu_times()
    return float(sum(times[:3]) + sum(times[5:8]))  # everything except idle and iowait


def measure_process_cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _find_part(command: list[str]) -> str | None:
    line = " ".join(command)
    return next((name for name, words in PARTS.items() if all(word in line for word in words)), None)


def describe_machine() -> str:
    """Return a description of the machine and the commit."""
    git = ("git", "-C", str(ROOT))
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    names = [line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{names[0]}, {os.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GB, {platform.system()} "
        f"{platform.release()}; load average {load}; Python {platform.python_version()}; "
        f"commit {commit.strip() or 'unknown'}{' with changes' if changed else ''}"
    )
