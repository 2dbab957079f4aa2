"""Measures how many votes per second the service can store.

./scripts/bench votes     casts votes on prepared battles of a small pool for 30 seconds, over 16 connections, while the
                          ratings worker publishes boards
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import uvloop

from bench import processes
from bench.channel import Channel, ChannelError
from bench.live_votes import VotePool
from bench.profiles import STEADY
from tests.system.service import Service

CONNECTIONS = 16
WINDOWS = 5
MODELS = 10
INITIAL_VOTES = 3000
VOTES_PER_VOTER = 5
CSRF_TOKEN = "a" * 32  # the service accepts any token that is the same in the cookie and in the header
MAX_PRINTED_ERRORS = 3


class CastVote(NamedTuple):
    """A vote that was sent: the time of the response on the monotonic clock, and the duration in seconds."""

    ended: float
    duration: float


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench votes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=30, help="seconds to measure (default: 30)")
    parser.add_argument("--battles", type=int, default=9000, help="prepared battles (default: 9000)")
    return parser.parse_args()


async def cast_votes(up: Service, pool: VotePool, seconds: float) -> tuple[list[CastVote], list[str]]:
    """Cast votes for `seconds` or until there are no prepared battles left. Return all votes and error messages."""
    from arena.identity import voters  # needs Django, which `VotePool` sets up

    votes: list[CastVote] = []
    errors: list[str] = []
    deadline = time.monotonic() + seconds

    async def vote_repeatedly() -> None:
        channel = await Channel.open(up.url, {})
        while pool.ready and time.monotonic() < deadline:
            battle, winner = pool.ready.pop()
            channel.cookies = {
                "voter": voters.cookie_signer.sign(str(battle.voter_id)),
                "csrftoken": CSRF_TOKEN,
            }
            sent = time.monotonic()
            status, body = await channel.call("POST", f"/api/v1/battles/{battle.pk}/vote/", {"winner": winner})
            ended = time.monotonic()
            votes.append(CastVote(ended, ended - sent))
            if status != 201:
                errors.append(f"{status} {body[:200]!r}")
        channel.close()

    results = await asyncio.gather(*(vote_repeatedly() for _ in range(CONNECTIONS)), return_exceptions=True)
    return votes, errors + [repr(result) for result in results if isinstance(result, ChannelError)]


def main() -> None:
    options = parse_options()
    print(processes.describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        processes.run_mock(200, 200) as (url, _),
        processes.run_service(Path(folder) / "data", url, STEADY, paced=False, workers=1) as up,
    ):
        pool = VotePool(up, MODELS, voters=options.battles // VOTES_PER_VOTER)
        pool.fill(INITIAL_VOTES)
        pool.prepare_battles(options.battles)
        Random(1).shuffle(pool.ready)
        started = time.monotonic()
        cpu_before = processes.measure_cpu(up)
        votes, errors = uvloop.run(cast_votes(up, pool, options.seconds))
        duration = time.monotonic() - started
        cpu_after = processes.measure_cpu(up)
    print(f"\n{len(votes)} votes in {duration:.1f} s over {CONNECTIONS} connections, {len(errors)} errors")
    print_times(votes, started, duration)
    for part, cpu_s in cpu_after.items():
        cpu_ms = 1000 * (cpu_s - cpu_before[part]) / max(len(votes), 1)
        print(f"{part}: {cpu_ms:.1f} ms of CPU time per vote")
    if errors:
        print("\n".join(errors[:MAX_PRINTED_ERRORS]))


def print_times(votes: Sequence[CastVote], started: float, duration: float) -> None:
    """Print the votes per second in each time window, and percentiles of the response time."""
    counts, _ = np.histogram([vote.ended - started for vote in votes], WINDOWS, (0, duration))
    rates = counts * WINDOWS / duration
    print(f"votes per second: {np.median(rates):.0f} ({WINDOWS} windows: {', '.join(f'{rate:.0f}' for rate in rates)})")
    p50, p95 = 1000 * np.percentile([vote.duration for vote in votes], [50, 95])
    print(f"time of a vote: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


if __name__ == "__main__":
    main()
