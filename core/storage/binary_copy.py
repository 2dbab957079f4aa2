"""Reads query results as NumPy arrays with PostgreSQL's binary COPY, which is far faster than fetching rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER_SIZE = 19  # bytes before the first row
TRAILER_SIZE = 2  # bytes after the last row
BATCH_BYTES = 1 << 25


def build_row_dtype(columns: Sequence[tuple[str, str]]) -> np.dtype[Any]:
    """Return the NumPy type of a row in the binary COPY format.

    columns: pairs of a name and a big-endian NumPy type. All values must have a fixed size and must not be NULL.
    """
    # A row consists of the number of fields, followed by the length and the value of each field.
    parts = (part for name, kind in columns for part in ((f"{name} length", ">i4"), (name, kind)))
    return np.dtype([("", ">i2"), *parts])


def iter_rows(cursor: Any, query: str, parameters: Mapping[str, Any], dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    """Yield the rows of a query in large batches.

    cursor: a psycopg cursor.
    """
    with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", parameters) as copy:
        yield from _iter_batches(copy, dtype)


def _iter_batches(copy: Iterable[bytes], dtype: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    buffer = bytearray()
    start = HEADER_SIZE
    for data in copy:
        buffer += data
        if len(buffer) > BATCH_BYTES:
            end = start + (len(buffer) - start) // dtype.itemsize * dtype.itemsize
            yield np.frombuffer(bytes(buffer[start:end]), dtype)
            del buffer[:end]
            start = 0
    if rest := bytes(buffer[start:-TRAILER_SIZE]):
        yield np.frombuffer(rest, dtype)
