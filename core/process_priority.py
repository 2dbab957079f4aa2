"""The priority of work that must not slow boards and battles down."""

import shutil

# Before a command, this makes it run only when a processor is idle. With `nice`, it still gets a few percent.
LOWEST_PRIORITY = ("chrt", "--idle", "0") if shutil.which("chrt") else ("nice", "-n", "19")
