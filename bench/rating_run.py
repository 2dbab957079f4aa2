"""Runs one contender in the rating benchmark in a separate process with one thread.

    python -m bench.rating_run '{"contender": …, "data": [{…}], "calls": …, "rounds": …}'

Prints the CPU seconds of the first call and of later calls, and the ratings. Runs in the peers' environment, in which
all contenders use the same numpy and BLAS. It needs only Arena's pure modules.
"""

import json
import sys
import time
from typing import Any

from bench import rating_peers, rating_style
from bench.rating_data import Counts, Floats, Styled
from bench.rating_peers import Run

SPENT_S = 4.0
LONG_S = 20.0


def measure_time(run: Run) -> tuple[float, Floats]:
    start = time.process_time()
    ratings = run()
    return time.process_time() - start, ratings


def prepare(contender: str, how: dict[str, Any], rounds: int) -> Run:
    """Prepare a contender's input, which is not timed."""
    if contender in rating_style.CONTENDERS:
        return rating_style.CONTENDERS[contender](Styled.generate(**how))
    counts = Counts.read(**how) if "path" in how else Counts.generate(**how)
    return rating_peers.CONTENDERS[contender](counts, rounds)


def main(task: dict[str, Any]) -> None:
    runs = [prepare(task["contender"], how, task["rounds"]) for how in task["data"]]

    def all_boards() -> Floats:
        found = [run() for run in runs]
        return found[0]

    first, ratings = measure_time(all_boards)
    again: list[float] = []
    while first < LONG_S and len(again) < task["calls"] and sum(again) < SPENT_S:
        again.append(measure_time(all_boards)[0])
    print(json.dumps({"first": first, "again": again or [first], "ratings": ratings.tolist()}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
