"""Response times of the boards.

./scripts/bench pages     a live pool of 1,000,000 votes on 200 models in 27 categories: the time of single requests of
                          the leaderboard page and of its JSON, and how many of them are answered in a second; with
                          and without `If-None-Match`, of a board that was asked for before and of views that were not
"""

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from bench import processes
from bench.channel import Channel
from bench.figures import table
from bench.live_votes import KINDS, Votes
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

RUNS = 5
LONGEST_MS = 150
LEAST_A_SECOND = 200
FURTHER = {f"further-{number}": 0.05 for number in range(1, 11)}  # beside all, without ties, languages and kinds: 27


@dataclass(frozen=True)
class Kind:
    """What is asked for: `path` gives the next address, `known` whether the reader has the board already."""

    path: Callable[[], str]
    known: bool = False
    limited: bool = True  # by the least number of answers a second; a new view is made once and then sent to all


def _kinds() -> dict[str, Kind]:
    page, api, numbers = "/leaderboard/?pool=live", "/api/v1/leaderboard/", count(1)
    return {
        "page": Kind(lambda: page),
        "page, a view that nobody has asked for": Kind(
            lambda: f"{page}&sort=votes&pin=nobody-{next(numbers)}", limited=False
        ),
        "API": Kind(lambda: api),
        "API, If-None-Match": Kind(lambda: api, known=True),
    }


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--voters", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run (5)")
    parser.add_argument("--readers", type=int, default=8, help="at the same time (8)")
    return parser.parse_args()


async def _ask(channel: Channel, kind: Kind, etag: str) -> int:
    """One answer, whole; gives its size."""
    status, body = await channel.call("GET", kind.path(), **({"If_None_Match": etag} if etag else {}))
    assert status == (304 if etag else 200), (status, body[:200])
    return len(body)


async def _etag(channel: Channel, kind: Kind) -> str:
    await channel.call("GET", kind.path())
    return channel.received["etag"] if kind.known else ""


async def single(up: Service, kind: Kind, requests: int = 100) -> tuple[list[float], int]:
    """Milliseconds of one request after the other, and the size of the last answer."""
    channel = await Channel.open(up.url, {})
    etag, took, size = await _etag(channel, kind), [], 0
    for _ in range(requests):
        started = time.perf_counter()
        size = await _ask(channel, kind, etag)
        took.append(1000 * (time.perf_counter() - started))
    channel.close()
    return took, size


async def together(up: Service, kind: Kind, readers: int, seconds: float) -> float:
    """Answers a second to so many readers, each of whom asks again as soon as it has its answer."""
    answered = 0

    async def reader() -> None:
        nonlocal answered
        channel = await Channel.open(up.url, {})
        etag = await _etag(channel, kind)
        while time.perf_counter() < begun + seconds:
            await _ask(channel, kind, etag)
            answered += 1
        channel.close()

    begun = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(readers)))
    return answered / (time.perf_counter() - begun)


async def measure(up: Service, kind: Kind, options: argparse.Namespace) -> dict[str, str]:
    p50, p95, rates, sizes = [], [], [], set()
    for _ in range(RUNS):
        took, size = await single(up, kind)
        p50.append(np.percentile(took, 50))
        p95.append(np.percentile(took, 95))
        rates.append(await together(up, kind, options.readers, options.seconds))
        sizes.add(size)
    late, slow = np.median(p95) > LONGEST_MS, kind.limited and np.median(rates) < LEAST_A_SECOND
    return {
        "kB": f"{max(sizes) / 1000:.0f}",
        "one reader, p50, ms": f"{np.median(p50):.1f}",
        f"one reader, p95, ms (≤ {LONGEST_MS})": f"{np.median(p95):.1f}{' missed' if late else ''}",
        f"{options.readers} readers, answers a second (≥ {LEAST_A_SECOND})": f"{np.median(rates):.0f}"
        f" ({min(rates):.0f} to {max(rates):.0f}){' missed' if slow else ''}",
    }


def fill(up: Service, options: argparse.Namespace) -> None:
    votes = Votes(up, options.models, options.voters, KINDS | FURTHER)
    print(f"{options.votes} votes on {options.models} models stored in {votes.fill(options.votes):.0f} s")
    manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "recompute_ratings", "--pool", "live"]
    subprocess.run([*manage, "--from-scratch"], check=True, capture_output=True)
    print(f"{len(votes.counts())} categories")


async def report(up: Service, options: argparse.Namespace) -> None:
    print(f"\nmedians of {RUNS} runs; the readers run on the same machine\n")
    print(table({name: await measure(up, kind, options) for name, kind in _kinds().items()}))
    print(f"\nload average at the end {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


def main() -> None:
    options = parse()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        fill(up, options)
        asyncio.run(report(up, options))


if __name__ == "__main__":
    main()
