"""A command prefix that prevents background work from slowing down boards and battles."""

import shutil

# `chrt --idle` runs a command only while a processor is idle. With `nice`, the command still gets a few percent of the
# CPU time.
LOWEST_PRIORITY = ("chrt", "--idle", "0") if shutil.which("chrt") else ("nice", "-n", "19")
