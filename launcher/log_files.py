"""Writes the output of programs to log files. Long lines are truncated, and files are rotated by size."""

import asyncio
import os
from contextlib import suppress
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Thread

MAX_FILE_BYTES = 5_000_000
MAX_OLD_FILES = 5
MAX_LINE_BYTES = 8_000
DRAIN_TIMEOUT_S = 2.0


class _SilentFileHandler(RotatingFileHandler):
    def handleError(self, record: LogRecord) -> None:  # noqa: N802  # logging requires this name
        """Drop the line, because a full disk must not stop a program."""


class LogFile:
    """Writes the output of one program to a file. The program can be started several times.

    The program writes to a pipe, and a thread of this process copies the output to the file. This limits the size of
    every program's log, and no program writes to a rotated file. `path`.1 is the newest rotated file. `last_line` is
    the last line of output, at most 300 characters. Raises OSError if the file cannot be opened.
    """

    def __init__(self, path: Path, file_bytes: int = MAX_FILE_BYTES) -> None:
        self.path = path
        self.last_line = ""
        self._file = _SilentFileHandler(path, maxBytes=file_bytes, backupCount=MAX_OLD_FILES, encoding="utf-8")
        self._copying: Thread | None = None

    def open_pipe(self) -> int:
        """Return a file descriptor for a program's output. The caller must close it after starting the program."""
        reading, writing = os.pipe()
        self.copy(reading)
        return writing

    def copy(self, reading: int) -> None:
        """Receive the output of a program from a pipe until its end, and close it."""
        self._copying = Thread(target=self._copy, args=(reading,), name=self.path.name, daemon=True)
        self._copying.start()

    async def drain(self) -> None:
        """Wait for all output of an ended program, up to a timeout, because a child process can keep the pipe open."""
        if self._copying:
            await asyncio.to_thread(self._copying.join, DRAIN_TIMEOUT_S)

    def close(self) -> None:
        with suppress(OSError):  # the disk is full
            self._file.close()

    def _copy(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as output:
            while line := output.readline(MAX_LINE_BYTES):
                self._write(line.decode(errors="replace").rstrip("\n"))
                while line and not line.endswith(b"\n"):
                    line = output.readline(MAX_LINE_BYTES)

    def _write(self, line: str) -> None:
        if line.strip():
            self.last_line = line.strip()[:300]
        self._file.handle(makeLogRecord({"msg": line}))
