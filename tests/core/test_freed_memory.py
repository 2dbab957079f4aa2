"""Freed memory that malloc keeps, as in the ratings worker."""

import os
import subprocess
import sys

import pytest

CODE = """
import psutil
from core.freed_memory import return_freed_memory

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
