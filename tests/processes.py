"""Helpers for inspecting processes."""

import time
from collections.abc import Callable

import psutil


def alive(pid: int) -> bool:
    """Return True if the process runs. A zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], object], within: float = 30) -> bool:
    """Return True if the condition becomes true within this many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def mentioning(text: str) -> list[psutil.Process]:
    """Return running processes whose command line or working folder contains this text."""
    processes = []
    for process in psutil.process_iter():
        try:
            if alive(process.pid) and (text in " ".join(process.cmdline()) or text in process.cwd()):
                processes.append(process)
        except psutil.Error:
            continue
    return processes
