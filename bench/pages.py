"""Measures response times of the leaderboard.

./scripts/bench pages     measures latency and throughput of the leaderboard page and its JSON, with and without
                          `If-None-Match`, for cached and uncached views of a pool of 1,000,000 votes on 200 models in
                          27 categories
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
from bench.figures import render_table
from bench.live_votes import KINDS, VotePool
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

RUNS = 5
MAX_LATENCY_MS = 150
MIN_RATE = 200
# There are 27 categories in total: overall, the one that excludes ties, the languages, the kinds, and these.
EXTRA_CATEGORIES = {f"further-{number}": 0.05 for number in range(1, 11)}


@dataclass(frozen=True)
class RequestKind:
    """A kind of request. `path` returns the path of the next request.

    With `is_conditional`, requests have an `If-None-Match` header with the current ETag.
    """

    path: Callable[[], str]
    is_conditional: bool = False
    has_target: bool = True  # False for uncached views, which have no target for throughput


def _build_kinds() -> dict[str, RequestKind]:
    page = "/leaderboard/?pool=live"
    api = "/api/v1/leaderboard/"
    numbers = count(1)
    return {
        "page": RequestKind(lambda: page),
        "page, uncached view": RequestKind(lambda: f"{page}&sort=votes&pin=nobody-{next(numbers)}", has_target=False),
        "API": RequestKind(lambda: api),
        "API, If-None-Match": RequestKind(lambda: api, is_conditional=True),
    }


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--voters", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds per run (default: 5)")
    parser.add_argument("--readers", type=int, default=8, help="concurrent readers (default: 8)")
    return parser.parse_args()


async def _fetch(channel: Channel, kind: RequestKind, etag: str) -> int:
    """Read a complete response and return its size."""
    status, body = await channel.call("GET", kind.path(), **({"If_None_Match": etag} if etag else {}))
    assert status == (304 if etag else 200), (status, body[:200])
    return len(body)


async def _get_etag(channel: Channel, kind: RequestKind) -> str:
    """Return the ETag to send with conditional requests, or "" for other requests."""
    await channel.call("GET", kind.path())
    return channel.response_headers["etag"] if kind.is_conditional else ""


async def measure_latency(up: Service, kind: RequestKind, requests: int = 100) -> tuple[list[float], int]:
    """Return the duration of sequential requests in milliseconds, and the size of the last response."""
    channel = await Channel.open(up.url, {})
    etag = await _get_etag(channel, kind)
    durations = []
    size = 0
    for _ in range(requests):
        started = time.perf_counter()
        size = await _fetch(channel, kind, etag)
        durations.append(1000 * (time.perf_counter() - started))
    channel.close()
    return durations, size


async def measure_throughput(up: Service, kind: RequestKind, readers: int, seconds: float) -> float:
    """Return the responses per second with `readers` concurrent readers, who do not pause between requests."""
    responses = 0

    async def read_repeatedly() -> None:
        nonlocal responses
        channel = await Channel.open(up.url, {})
        etag = await _get_etag(channel, kind)
        while time.perf_counter() < started + seconds:
            await _fetch(channel, kind, etag)
            responses += 1
        channel.close()

    started = time.perf_counter()
    await asyncio.gather(*(read_repeatedly() for _ in range(readers)))
    return responses / (time.perf_counter() - started)


async def measure(up: Service, kind: RequestKind, options: argparse.Namespace) -> dict[str, str]:
    p50 = []
    p95 = []
    rates = []
    sizes = set()
    for _ in range(RUNS):
        durations, size = await measure_latency(up, kind)
        p50.append(np.percentile(durations, 50))
        p95.append(np.percentile(durations, 95))
        rates.append(await measure_throughput(up, kind, options.readers, options.seconds))
        sizes.add(size)
    late, slow = np.median(p95) > MAX_LATENCY_MS, kind.has_target and np.median(rates) < MIN_RATE
    return {
        "kB": f"{max(sizes) / 1000:.0f}",
        "one reader, p50, ms": f"{np.median(p50):.1f}",
        f"one reader, p95, ms (≤ {MAX_LATENCY_MS})": f"{np.median(p95):.1f}{' missed' if late else ''}",
        f"{options.readers} readers, responses per second (≥ {MIN_RATE})": f"{np.median(rates):.0f}"
        f" ({min(rates):.0f} to {max(rates):.0f}){' missed' if slow else ''}",
    }


def fill_pool(up: Service, options: argparse.Namespace) -> None:
    votes = VotePool(up, options.models, options.voters, KINDS | EXTRA_CATEGORIES)
    print(f"{options.votes} votes on {options.models} models stored in {votes.fill(options.votes):.0f} s")
    manage = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), "recompute_ratings", "--pool", "live"]
    subprocess.run([*manage, "--from-scratch"], check=True, stdout=subprocess.DEVNULL)
    print(f"{len(votes.count_by_board())} categories")


async def report(up: Service, options: argparse.Namespace) -> None:
    print(f"\nmedians of {RUNS} runs; the readers run on the same machine\n")
    print(render_table({name: await measure(up, kind, options) for name, kind in _build_kinds().items()}))
    print(f"\nload average at the end {' '.join(f'{value:.2f}' for value in os.getloadavg())}")


def main() -> None:
    options = parse_options()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running(Path(folder) / "data", "--no-local-models") as up,
    ):
        fill_pool(up, options)
        asyncio.run(report(up, options))


if __name__ == "__main__":
    main()
