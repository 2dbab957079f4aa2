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

    The program writes to a pipe, and a thread of this process copies the output to the file and rotates it. `path`.1 is
    the newest rotated file. `last_line` is the last line of output, at most 300 characters. Raises OSError if the file
    cannot be opened.
    """

    def __init__(self, path: Path, file_bytes: int = MAX_FILE_BYTES) -> None:
        self.path = path
        self.last_line = ""
        self._file = _SilentFileHandler(path, maxBytes=file_bytes, backupCount=MAX_OLD_FILES, encoding="utf-8")
        self._copy_thread: Thread | None = None

    def open_pipe(self) -> int:
        """Return a file descriptor for a program's output. The caller must close it after starting the program."""
        read_end, write_end = os.pipe()
        self._copy_thread = Thread(target=self._copy, args=(read_end,), name=self.path.name, daemon=True)
        self._copy_thread.start()
        return write_end

    async def drain(self) -> None:
        """Wait until all output of an ended program is written.

        There is a timeout, because a child process of the program can keep the pipe open.
        """
        if self._copy_thread:
            await asyncio.to_thread(self._copy_thread.join, DRAIN_TIMEOUT_S)

    def close(self) -> None:
        with suppress(OSError):  # for example, because the disk is full
            self._file.close()

    def _copy(self, read_end: int) -> None:
        with os.fdopen(read_end, "rb") as output:
            while line := output.readline(MAX_LINE_BYTES):
                self._write(line.decode(errors="replace").rstrip("\n"))
                while line and not line.endswith(b"\n"):  # drop the end of a line that is too long
                    line = output.readline(MAX_LINE_BYTES)

    def _write(self, line: str) -> None:
        if line.strip():
            self.last_line = line.strip()[:300]
        self._file.handle(makeLogRecord({"msg": line}))
