"""Returns freed memory to the operating system."""

import ctypes

_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc has it


def return_freed_memory() -> None:
    """Return all memory that this process has freed but kept. It takes a few milliseconds after large fits."""
    if _malloc_trim:
        _malloc_trim(0)
