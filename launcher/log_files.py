"""Log files of programs: long lines are truncated, files rotate by size, and a start keeps earlier lines."""

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
    def handleError(self, record: LogRecord) -> None:  # noqa: N802  # the name is logging's
        """Drop the line: a full disk must not stop a program."""


class LogFile:
    """Receives the output of one program, which may be started several times.

    The program writes into a pipe, and a thread of this process writes into the file. So the bounds apply to every
    program, and no program writes into a rotated file. `path`.1 is the newest of the old files. `last_line` is the last
    line since the object was created, at most 300 characters. Raises OSError if the file cannot be opened.
    """

    def __init__(self, path: Path, file_bytes: int = MAX_FILE_BYTES) -> None:
        self.path = path
        self.last_line = ""
        self._file = _SilentFileHandler(path, maxBytes=file_bytes, backupCount=MAX_OLD_FILES, encoding="utf-8")
        self._copying: Thread | None = None

    def open_pipe(self) -> int:
        """A file descriptor for the output of a program. The caller closes it once the program has its own copy."""
        reading, writing = os.pipe()
        self.copy(reading)
        return writing

    def copy(self, reading: int) -> None:
        """Receive the output of a program from a pipe until its end, and close it."""
        self._copying = Thread(target=self._copy, args=(reading,), name=self.path.name, daemon=True)
        self._copying.start()

    async def drain(self) -> None:
        """Wait for all output of an ended program, with a timeout: one of its children may keep the pipe open."""
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
