"""A bar on a terminal that says how far a long command is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 30
EVERY_S = 0.1


@contextmanager
def bar(terminal: TextIO) -> Iterator["Bar | None"]:
    """A function of (bytes done, bytes altogether, rows done) that draws; None where nobody is looking."""
    if not terminal.isatty():
        yield None
        return
    drawn = Bar(terminal)
    try:
        yield drawn
    finally:
        drawn.clear()


class Bar:
    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.began = time.monotonic()
        self.drawn_at = 0.0

    def __call__(self, done: int, total: int, rows: int) -> None:
        now = time.monotonic()
        if now - self.drawn_at < EVERY_S:
            return
        self.drawn_at = now
        share = min(1.0, done / total) if total else 1.0
        filled = "#" * round(WIDTH * share)
        speed = rows / max(now - self.began, EVERY_S)
        self.terminal.write(f"\r\033[K[{filled:<{WIDTH}}] {share:4.0%} {rows:,} votes, {speed:,.0f} a second")
        self.terminal.flush()

    def clear(self) -> None:
        self.terminal.write("\r\033[K")
        self.terminal.flush()
