"""Looking at processes from outside."""

import time
from collections.abc import Callable

import psutil


def alive(pid: int) -> bool:
    """Whether it runs; a zombie that nobody has collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], object], within: float = 30) -> bool:
    """Whether the check becomes true within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def mentioning(text: str) -> list[psutil.Process]:
    """Running processes whose command line, or folder, holds this text."""
    processes = []
    for process in psutil.process_iter():
        try:
            if alive(process.pid) and (text in " ".join(process.cmdline()) or text in process.cwd()):
                processes.append(process)
        except psutil.Error:
            continue
    return processes
