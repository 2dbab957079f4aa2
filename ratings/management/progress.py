"""A progress bar for slow commands."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

BAR_WIDTH = 30
REDRAW_INTERVAL_S = 0.1


@contextmanager
def show_progress_bar(terminal: TextIO) -> Iterator["ProgressBar | None"]:
    """Show a progress bar within the context. Yield the bar, or None if the output is not a terminal."""
    if not terminal.isatty():
        yield None
        return
    bar = ProgressBar(terminal)
    try:
        yield bar
    finally:
        bar.clear()


class ProgressBar:
    """A progress bar. It is redrawn at most ten times per second.

    Call the bar with the number of bytes read, the total number of bytes, and the number of rows read.
    """

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.started_at = time.monotonic()
        self.drawn_at = 0.0

    def __call__(self, done: int, total: int, rows: int) -> None:
        now = time.monotonic()
        if now - self.drawn_at < REDRAW_INTERVAL_S:
            return
        self.drawn_at = now
        share = min(1.0, done / total) if total else 1.0
        filled = "#" * round(BAR_WIDTH * share)
        speed = rows / max(now - self.started_at, REDRAW_INTERVAL_S)
        self.terminal.write(f"\r\033[K[{filled:<{BAR_WIDTH}}] {share:4.0%} {rows:,} votes, {speed:,.0f} a second")
        self.terminal.flush()

    def clear(self) -> None:
        self.terminal.write("\r\033[K")
        self.terminal.flush()
