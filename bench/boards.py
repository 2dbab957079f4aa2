"""Measures the delay from a vote to the event on an open leaderboard page.

./scripts/bench boards     casts 50 votes per second in a pool with 1,000,000 votes on 200 models, and measures the time
                           from a vote to the `board` event of each board that counts it, without and with the vote
                           filter; then kills the ratings worker twice, and checks that all votes are counted
"""

import argparse
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import orjson

from bench import processes
from bench.figures import render_table
from bench.live_votes import VotePool
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

WINDOWS = 5
SETTLE_S = 10
MAX_FILTER_S = 600
WITHOUT_STYLE = False
RIGGED_SHARE = 0.01  # the share of rigged votes, whose weight the filter lowers
CASTERS = 2  # threads; one thread cannot keep up on a busy machine


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench boards", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--votes", type=int, default=1_000_000, help="votes already in the pool (default: 1,000,000)")
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--voters", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=50.0, help="votes per second (default: 50)")
    parser.add_argument("--seconds", type=int, default=75, help="seconds to measure (default: 75)")
    return parser.parse_args()


class BoardEvent(NamedTuple):
    """A `board` event: the number of votes on the board, and the time of the event on the monotonic clock."""

    votes: int
    at: float


class Page:
    """An open leaderboard page, which records the events of each board by category and style control."""

    def __init__(self, url: str) -> None:
        self.events: dict[tuple[str, bool], list[BoardEvent]] = defaultdict(list)
        self.stream = urllib.request.urlopen(f"{url}/api/v1/leaderboard/events")  # noqa: S310  # our own service
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.stream:
            if line.startswith(b"data: "):
                board = orjson.loads(line[6:])
                if (board["pool"], board["method"]) == ("live", "bt"):
                    key = board["category"], board["style_control"]
                    self.events[key].append(BoardEvent(board["votes"], time.monotonic()))

    def compute_delays(self, category: str, before: int, cast: list[float], start: float, end: float) -> list[float]:
        """Return the seconds from each vote to the first event that includes it, or inf if there is none.

        before: the number of votes on the board before the first vote in `cast`.
        cast: the times of the votes. Only votes from `start` to `end` are included in the result.
        """
        events = self.events[category, WITHOUT_STYLE]
        vote_counts = [event.votes for event in events]
        delays = []
        for vote_number, cast_at in enumerate(cast, before + 1):
            if start <= cast_at < end:
                index = int(np.searchsorted(vote_counts, vote_number))
                delays.append(events[index].at - cast_at if index < len(events) else np.inf)
        return delays


def start_casting(votes: VotePool, rate: float, seconds: float, log: dict[str, list[float]]) -> list[threading.Thread]:
    """Start threads that cast `rate` votes per second. They add the times of the votes to `log`, by category."""
    started = time.monotonic()
    numbers = count(1)

    def cast_votes() -> None:
        while time.monotonic() < started + seconds:
            for category in votes.cast_vote():
                log[category].append(time.monotonic())
            time.sleep(max(0.0, started + next(numbers) / rate - time.monotonic()))

    threads = [threading.Thread(target=cast_votes) for _ in range(CASTERS)]
    for thread in threads:
        thread.start()
    return threads


def measure(up: Service, votes: VotePool, options: argparse.Namespace) -> None:
    page = Page(up.url)
    log: dict[str, list[float]] = defaultdict(list)
    before = votes.count_by_board()
    threads = start_casting(votes, options.rate, SETTLE_S + options.seconds, log)
    time.sleep(SETTLE_S)
    marks, cpu = [time.monotonic()], [processes.measure_cpu(up)]
    for number in range(1, WINDOWS + 1):
        time.sleep(max(0.0, marks[0] + number * options.seconds / WINDOWS - time.monotonic()))
        marks.append(time.monotonic())
        cpu.append(processes.measure_cpu(up))
    for thread in threads:
        thread.join()
    time.sleep(SETTLE_S)
    rows: dict[str, list[str]] = defaultdict(list)
    for (start, end), (before_cpu, after_cpu) in zip(pairwise(marks), pairwise(cpu), strict=True):
        delays = {name: page.compute_delays(name, before.get(name, 0), log[name], start, end) for name in log}
        all_delays = np.concatenate(list(delays.values()))
        rows["votes per second"].append(f"{len(delays['overall']) / (end - start):.1f}")
        for name, values in (("overall", delays["overall"]), ("any board", all_delays)):
            for share in (50, 95):
                rows[f"vote to event, {name}, p{share}, s"].append(f"{np.percentile(values, share):.2f}")
        for part in ("ratings", "postgres", "web"):
            rows[f"{part}, % of a core"].append(f"{100 * (after_cpu[part] - before_cpu[part]) / (end - start):.0f}")
    print(f"\n{len(log)} boards without style control changed; {WINDOWS} windows and their median\n")
    columns = {f"{n}": {name: values[n - 1] for name, values in rows.items()} for n in range(1, WINDOWS + 1)}
    print(render_table(columns | {"median": {name: f"{np.median([*map(float, v)]):.2f}" for name, v in rows.items()}}))
    publication_counts = [len(events) for (_, style), events in page.events.items() if style]
    print(f"\nboards under style control: {len(publication_counts)}, published {sum(publication_counts)} times")


@contextmanager
def keep_filtering(up: Service) -> Iterator[None]:
    """Run the vote filter repeatedly in the ratings worker until the end of the block."""
    stopped = threading.Event()
    enqueue_code = "from ratings.tasks import filter_votes; filter_votes.delay()"
    command = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "shell", "--no-imports", "-c", enqueue_code]
    reset_query = """UPDATE ratings_poolcounts SET filtered_at = NULL, filtered_votes = 0
        FROM arena_pool AS pool WHERE pool.id = pool_id AND slug = 'live' RETURNING pool_id"""
    done_query = """SELECT filtered_votes FROM ratings_poolcounts JOIN arena_pool AS pool ON pool.id = pool_id
        WHERE slug = 'live' AND filtered_at IS NOT NULL"""

    def run() -> None:
        while not stopped.is_set():
            started = time.monotonic()
            up.query(reset_query)
            subprocess.run(command, capture_output=True, check=True)
            while not (rows := up.query(done_query)):
                if time.monotonic() > started + MAX_FILTER_S:
                    raise TimeoutError(f"the filter did not finish within {MAX_FILTER_S} s")
                time.sleep(0.5)
            print(f"the filter ran for {time.monotonic() - started:.0f} s: {rows[0][0]} votes read", flush=True)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def kill_worker(up: Service, votes: VotePool, options: argparse.Namespace) -> None:
    """Kill the ratings worker twice while votes are cast. `up` restarts it."""
    log: dict[str, list[float]] = defaultdict(list)
    threads = start_casting(votes, options.rate, 30, log)
    random = Random(1)
    for _ in range(2):
        time.sleep(8 + random.random())
        os.kill(up.pid("worker", "ratings"), signal.SIGKILL)
    for thread in threads:
        thread.join()
    print(f"\nthe ratings worker was killed twice while {len(log['overall'])} more votes were cast")


def verify_votes(up: Service, votes: VotePool) -> str:
    """Wait until all votes are counted, and then run verify_ratings."""
    deadline = time.monotonic() + 60
    while votes.count_pending() and time.monotonic() < deadline:
        time.sleep(0.5)
    manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "verify_ratings", "--pool", "live"]
    return subprocess.run(manage, capture_output=True, text=True, check=False).stdout.strip() or "verify_ratings failed"


def main() -> None:
    options = parse_options()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        votes: Any = VotePool(up, options.models, options.voters)
        fill_s = votes.fill(options.votes, RIGGED_SHARE)
        print(f"{options.votes} votes of {options.voters} voters on {options.models} models stored in {fill_s:.0f} s")
        started = time.monotonic()
        manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "recompute_ratings", "--pool", "live"]
        subprocess.run([*manage, "--from-scratch"], check=True, capture_output=True)
        print(f"recompute_ratings --from-scratch: {time.monotonic() - started:.0f} s")
        votes.prepare_battles(int(options.rate * (4 * SETTLE_S + 2 * options.seconds + 60)))
        warm_up(up, votes)
        print("\nwithout the filter")
        measure(up, votes, options)
        print("\nwhile the filter runs")
        with keep_filtering(up):
            measure(up, votes, options)
        print(verify_votes(up, votes))
        kill_worker(up, votes, options)
        print(verify_votes(up, votes))


def warm_up(up: Service, votes: VotePool) -> None:
    """Cast a vote, and wait until the ratings worker, which loads all votes first, has counted it."""
    started = time.monotonic()
    votes.cast_vote()
    while votes.count_pending():
        time.sleep(0.1)
    print(f"the ratings worker's first refresh, which reads all votes: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
