"""From a vote to the open board, live.

./scripts/bench boards     a pool of 1,000,000 votes on 200 models, 50 votes a second cast on top by `cast_vote`: how
                           long until the event `board` of each board of the vote is at an open page; then the same
                           while the ratings worker is killed in the middle of its work, and whether all is counted
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
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson

from bench import processes
from bench.figures import table
from bench.live_votes import Votes
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

WINDOWS = 5
SETTLE_S = 10
WITHOUT_STYLE = False
CASTERS = 2  # one after the other, votes are too slow on a busy machine


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench boards", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--votes", type=int, default=1_000_000, help="in the pool before (1,000,000)")
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--voters", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=50.0, help="votes a second (50)")
    parser.add_argument("--seconds", type=int, default=75, help="to measure (75)")
    return parser.parse_args()


class Page:
    """An open page: when which board told of how many votes."""

    def __init__(self, url: str) -> None:
        self.seen: dict[tuple[str, bool], list[tuple[int, float]]] = defaultdict(list)
        self.stream = urllib.request.urlopen(f"{url}/api/v1/leaderboard/events")  # noqa: S310  # our own service
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.stream:
            if line.startswith(b"data: "):
                board = orjson.loads(line[6:])
                if (board["pool"], board["method"]) == ("live", "bt"):
                    key = board["category"], board["style_control"]
                    self.seen[key].append((board["votes"], time.monotonic()))

    def delays(self, category: str, before: int, cast: list[float], start: float, end: float) -> list[float]:
        """Seconds from each vote of a category, in order, to the event that counts it; inf for one never counted."""
        events = self.seen[category, WITHOUT_STYLE]
        votes, at = [event[0] for event in events], [event[1] for event in events]
        found = []
        for place, moment in enumerate(cast, before + 1):
            if start <= moment < end:
                event = int(np.searchsorted(votes, place))
                found.append(at[event] - moment if event < len(at) else np.inf)
        return found


def cast(votes: Votes, rate: float, seconds: float, log: dict[str, list[float]]) -> list[threading.Thread]:
    """Cast votes at this rate, and write down for each category when one of its votes was stored."""
    begun, numbers = time.monotonic(), count(1)

    def work() -> None:
        while time.monotonic() < begun + seconds:
            for category in votes.cast():
                log[category].append(time.monotonic())
            time.sleep(max(0.0, begun + next(numbers) / rate - time.monotonic()))

    casters = [threading.Thread(target=work) for _ in range(CASTERS)]
    for caster in casters:
        caster.start()
    return casters


def measure(up: Service, votes: Votes, options: argparse.Namespace) -> None:
    page, log = Page(up.url), defaultdict(list)
    before = votes.counts()
    casters = cast(votes, options.rate, SETTLE_S + options.seconds, log)
    time.sleep(SETTLE_S)
    marks, spent = [time.monotonic()], [processes.cpu(up)]
    for number in range(1, WINDOWS + 1):
        time.sleep(max(0.0, marks[0] + number * options.seconds / WINDOWS - time.monotonic()))
        marks.append(time.monotonic())
        spent.append(processes.cpu(up))
    for caster in casters:
        caster.join()
    time.sleep(SETTLE_S)
    rows: dict[str, list[str]] = defaultdict(list)
    for (start, end), (had, has) in zip(pairwise(marks), pairwise(spent), strict=True):
        delays = {name: page.delays(name, before.get(name, 0), log[name], start, end) for name in log}
        every = np.concatenate(list(delays.values()))
        rows["votes a second"].append(f"{len(delays['overall']) / (end - start):.1f}")
        for name, values in (("overall", delays["overall"]), ("any board", every)):
            for share in (50, 95):
                rows[f"vote to event, {name}, p{share}, s"].append(f"{np.percentile(values, share):.2f}")
        for part in ("ratings", "postgres", "web"):
            rows[f"{part}, % of a core"].append(f"{100 * (has[part] - had[part]) / (end - start):.0f}")
    print(f"\n{len(log)} boards without style control changed; five windows, and their median\n")
    columns = {f"{n}": {name: values[n - 1] for name, values in rows.items()} for n in range(1, WINDOWS + 1)}
    print(table(columns | {"median": {name: f"{np.median([*map(float, v)]):.2f}" for name, v in rows.items()}}))
    styled = [len(events) for (_, style), events in page.seen.items() if style]
    print(f"\nboards under style control published meanwhile: {sum(styled)} times, of {len(styled)} boards")


def kill(up: Service, votes: Votes, options: argparse.Namespace) -> None:
    """The ratings worker dies in the middle of its work, twice; `up` starts it again."""
    log: dict[str, list[float]] = defaultdict(list)
    casters = cast(votes, options.rate, 30, log)
    random = Random(1)
    for _ in range(2):
        time.sleep(8 + random.random())
        os.kill(up.pid("worker", "ratings"), signal.SIGKILL)
    for caster in casters:
        caster.join()
    print(f"\nthe ratings worker was killed twice while {len(log['overall'])} more votes were cast")


def verified(up: Service, votes: Votes) -> str:
    """Wait until all is folded, and let the votes be counted again."""
    deadline = time.monotonic() + 60
    while votes.waiting() and time.monotonic() < deadline:
        time.sleep(0.5)
    manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "verify_ratings", "--pool", "live"]
    return subprocess.run(manage, capture_output=True, text=True, check=False).stdout.strip() or "verify_ratings failed"


def main() -> None:
    options = parse()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        votes: Any = Votes(up, options.models, options.voters)
        taken = votes.fill(options.votes)
        print(f"{options.votes} votes of {options.voters} voters on {options.models} models stored in {taken:.0f} s")
        started = time.monotonic()
        manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "recompute_ratings", "--pool", "live"]
        subprocess.run([*manage, "--from-scratch"], check=True, capture_output=True)
        print(f"recompute_ratings --from-scratch: {time.monotonic() - started:.0f} s")
        votes.prepare(int(options.rate * (2 * SETTLE_S + options.seconds + 60)))
        warm(up, votes)
        measure(up, votes, options)
        print(verified(up, votes))
        kill(up, votes, options)
        print(verified(up, votes))


def warm(up: Service, votes: Votes) -> None:
    """The worker reads the votes at the first one that it sees."""
    started = time.monotonic()
    votes.cast()
    while votes.waiting():
        time.sleep(0.1)
    print(f"the ratings worker's first refresh, which reads all votes: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
