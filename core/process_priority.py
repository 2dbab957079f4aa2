"""The priority of work that must not slow boards and battles down."""

import shutil

# Before a command, this makes it run only when a processor is idle. A process of low priority still gets a few percent,
# and makes others wait at each switch: with a million votes, that cost a quarter of the time of a board.
LOWEST_PRIORITY = ("chrt", "--idle", "0") if shutil.which("chrt") else ("nice", "-n", "19")
