"""Runs one contender in the rating benchmark in a separate process with one thread.

    python -m bench.rating_run '{"contender": …, "data": [{…}], "calls": …, "rounds": …}'

The script prints the CPU seconds of the first call and of later calls, and the ratings. It runs in the environment of
the other packages, so that all contenders use the same NumPy and BLAS, and imports only Arena modules that do not need
Django.
"""

import json
import sys
import time
from typing import Any

from bench import rating_peers, rating_style
from bench.rating_data import Counts, Floats, Styled
from bench.rating_peers import Run

MAX_REPEAT_S = 4.0  # no more calls are made after this total CPU time
MAX_FIRST_S = 20.0  # longer calls are not repeated


def measure_time(run: Run) -> tuple[float, Floats]:
    start = time.process_time()
    ratings = run()
    return time.process_time() - start, ratings


def prepare(contender: str, source: dict[str, Any], rounds: int) -> Run:
    """Prepare a contender's input, which is not timed."""
    if contender in rating_style.CONTENDERS:
        return rating_style.CONTENDERS[contender](Styled.generate(**source))
    counts = Counts.read(**source) if "path" in source else Counts.generate(**source)
    return rating_peers.CONTENDERS[contender](counts, rounds)


def main(task: dict[str, Any]) -> None:
    runs = [prepare(task["contender"], source, task["rounds"]) for source in task["data"]]

    def rate_all_boards() -> Floats:
        results = [run() for run in runs]
        return results[0]

    first, ratings = measure_time(rate_all_boards)
    again: list[float] = []
    while first < MAX_FIRST_S and len(again) < task["calls"] and sum(again) < MAX_REPEAT_S:
        again.append(measure_time(rate_all_boards)[0])
    print(json.dumps({"first": first, "again": again or [first], "ratings": ratings.tolist()}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
