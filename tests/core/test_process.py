"""What a process does about itself: an event loop that hangs, and freed memory that malloc keeps."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, io, re, sys, time
from core.process import guard_event_loop

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


CODE = """
import psutil
from core.process import return_freed_memory

size = lambda: psutil.Process().memory_info().rss / 2**20
before = size()
blocks = [b"x" * 100_000 for _ in range(1000)]
del blocks
kept = size() - before
return_freed_memory()
print(kept, size() - before)
"""
KEEP_ALL = {"MALLOC_TRIM_THRESHOLD_": str(2**30), "MALLOC_MMAP_THRESHOLD_": str(2**25)}


@pytest.mark.slow
def test_memory_that_malloc_keeps_is_returned():
    process = subprocess.run(
        [sys.executable, "-c", CODE], env=os.environ | KEEP_ALL, capture_output=True, text=True, check=True
    )
    kept_mb, left_mb = map(float, process.stdout.split())
    assert kept_mb > 90 > 10 > left_mb or sys.platform != "linux"  # only glibc has such settings
