"""One contender of the benchmark of ratings, in a process of its own, on one thread.

    python -m bench.rating_run '{"contender": …, "data": [{…}], "calls": …, "rounds": …}'

prints the CPU seconds of the first call and of those after it, and the ratings. It runs in the peers' environment, so
that all have the same numpy and the same BLAS; it needs only the pure modules of the project.
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


def timed(run: Run) -> tuple[float, Floats]:
    start = time.process_time()
    ratings = run()
    return time.process_time() - start, ratings


def prepared(contender: str, how: dict[str, Any], rounds: int) -> Run:
    """What the contender takes is made before the time runs."""
    if contender in rating_style.CONTENDERS:
        return rating_style.CONTENDERS[contender](Styled.drawn(**how))
    counts = Counts.read(**how) if "path" in how else Counts.drawn(**how)
    return rating_peers.CONTENDERS[contender](counts, rounds)


def main(task: dict[str, Any]) -> None:
    runs = [prepared(task["contender"], how, task["rounds"]) for how in task["data"]]

    def all_boards() -> Floats:
        found = [run() for run in runs]
        return found[0]

    first, ratings = timed(all_boards)
    again: list[float] = []
    while first < LONG_S and len(again) < task["calls"] and sum(again) < SPENT_S:
        again.append(timed(all_boards)[0])
    print(json.dumps({"first": first, "again": again or [first], "ratings": ratings.tolist()}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
