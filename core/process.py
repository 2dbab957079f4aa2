"""What a process does about itself: its priority, the memory that it has freed, and an event loop that hangs."""

import asyncio
import ctypes
import faulthandler
import shutil

# `chrt --idle` runs a command only while a processor is idle. With `nice`, the command still gets a few percent of the
# CPU time.
LOWEST_PRIORITY = ("chrt", "--idle", "0") if shutil.which("chrt") else ("nice", "-n", "19")
STANDARD_ERROR = 2  # the file descriptor, because Celery replaces sys.stderr with an object that has none
HANG_S = 45.0  # longer than any pause in which a process is expected to go on
_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc has it


def return_freed_memory() -> None:
    """Return all memory that this process has freed but kept. It takes a few milliseconds after large fits."""
    if _malloc_trim:
        _malloc_trim(0)


async def guard_event_loop(hang_s: float = HANG_S) -> None:
    """End the process with a traceback of all threads if this loop does not run for `hang_s` seconds.

    The timer is a thread of faulthandler, which works even while a call into C keeps all Python threads waiting.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(hang_s, exit=True, file=STANDARD_ERROR)
            await asyncio.sleep(hang_s / 9)
    finally:
        faulthandler.cancel_dump_traceback_later()
