"""Ends a process whose event loop hangs, so that whatever runs the process starts it again."""

import asyncio
import faulthandler

STANDARD_ERROR = 2  # the file descriptor, because Celery replaces sys.stderr with an object that has none
HANG_S = 45.0  # longer than any pause in which a process is expected to go on


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
