"""Marks the tokens of code blocks, in a child process that can be ended.

A lexer is a list of regular expressions, and on hostile or unlucky code some take quadratic or exponential time. Python
cannot interrupt a match, and no other thread of the process runs meanwhile. The child limits its own CPU time with a
timer of the kernel, whose signal ends it even within a match.
"""

import atexit
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

CPU_LIMIT_S = 0.25  # per answer; 10,000 characters of ordinary code take a tenth of it
WAIT_S = 2  # for the child on a busy machine, including its start
Block = tuple[str, str]  # language, code
logger = logging.getLogger(__name__)


class CodeHighlighter:
    """Owns the child process, which starts with the first code block and again after it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        atexit.register(self._end_child)

    def highlight(self, blocks: Sequence[Block]) -> dict[Block, str]:
        """Return the HTML of the code blocks of one answer, or nothing if they take too long."""
        with self._lock:
            try:
                if self._child is None:
                    self._start_child()
                self._stream.write(json.dumps(blocks).encode() + b"\n")
                self._stream.flush()
                return dict(zip(blocks, json.loads(self._stream.readline()), strict=True))
            except (OSError, ValueError) as error:  # the child has ended, or does not answer
                logger.info("Code blocks in %s are shown without colors: %r", {name for name, _ in blocks}, error)
                self._end_child()
                return {}

    def _start_child(self) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(WAIT_S)
        with ours, theirs:
            command = (sys.executable, "-P", __file__)
            self._child = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno())  # noqa: S603  # ours
            self._stream = ours.makefile("rwb")

    def _end_child(self) -> None:
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None
            with contextlib.suppress(OSError):  # it could not take what was left to write
                self._stream.close()


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Highlight the code blocks of each request, one answer per line, until the parent ends."""
    import pygments
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    formatter = HtmlFormatter(nowrap=True)
    for request in requests:
        signal.setitimer(signal.ITIMER_PROF, CPU_LIMIT_S)  # SIGPROF ends the process
        html = [pygments.highlight(code, get_lexer_by_name(name), formatter) for name, code in json.loads(request)]
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(json.dumps(html).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
