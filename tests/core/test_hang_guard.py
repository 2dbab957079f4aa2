"""A process whose event loop hangs ends itself, even if no Python thread can run."""

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, io, re, sys, time
from core.hang_guard import guard_event_loop

async def main():
    sys.stderr = io.StringIO()  # without a file descriptor, as in a Celery worker
    guard = asyncio.create_task(guard_event_loop(0.5))
    await asyncio.sleep(1)
    print("alive", flush=True)
    {}

asyncio.run(main())
print("ended by itself")
"""
EXPONENTIAL_MATCH = r"re.match(r'(\\\\|\\[^x]|[^x])*!', chr(92) * 60)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "status", "output"),
    [
        ("pass", 0, "alive\nended by itself\n"),
        ("guard.cancel(); await asyncio.sleep(1)", 0, "alive\nended by itself\n"),
        ("time.sleep(60)", 1, "alive\n"),
        (EXPONENTIAL_MATCH, 1, "alive\n"),
    ],
)
def test_process_ends_if_its_event_loop_hangs(code, status, output):
    command = [sys.executable, "-c", PROGRAM.format(code)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert (ended.returncode, ended.stdout) == (status, output)
    assert ("Timeout" in ended.stderr) == (status == 1)
