"""Measures how many votes per second the service stores.

./scripts/bench votes     casts votes on prepared battles of a small pool for 30 seconds, over 16 connections, while the
                          ratings worker publishes boards
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np
import uvloop

from bench import processes
from bench.channel import Channel, ChannelError
from bench.live_votes import VotePool
from bench.profiles import STEADY
from tests.system.service import Service

CONNECTIONS = 16
WINDOWS = 5
VOTES_PER_VOTER = 5
CSRF_TOKEN = "a" * 32


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./scripts/bench votes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=30, help="seconds to measure (default: 30)")
    parser.add_argument("--battles", type=int, default=9000, help="prepared battles (default: 9000)")
    return parser.parse_args()


async def cast_votes(up: Service, votes: VotePool, seconds: float) -> tuple[list[tuple[float, float]], list[str]]:
    """Vote until the time or the battles run out. Return the end and the duration of each vote, and the errors."""
    from arena.identity import voters

    ended: list[tuple[float, float]] = []
    errors: list[str] = []
    deadline = time.monotonic() + seconds

    async def work() -> None:
        channel = await Channel.open(up.url, {})
        while votes.ready and time.monotonic() < deadline:
            battle, winner = votes.ready.pop()
            channel.cookies = {
                "voter": voters.cookie_signer.sign(str(battle.voter_id)),
                "csrftoken": CSRF_TOKEN,
            }
            sent = time.monotonic()
            status, body = await channel.call("POST", f"/api/v1/battles/{battle.pk}/vote/", {"winner": winner})
            ended.append((time.monotonic(), time.monotonic() - sent))
            if status != 201:
                errors.append(f"{status} {body[:200]!r}")
        channel.close()

    results = await asyncio.gather(*(work() for _ in range(CONNECTIONS)), return_exceptions=True)
    return ended, errors + [repr(result) for result in results if isinstance(result, ChannelError)]


def main() -> None:
    options = parse_options()
    print(processes.describe_machine())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        processes.run_mock(200, 200) as (url, _),
        processes.run_service(Path(folder) / "data", url, STEADY, paced=False, workers=1) as up,
    ):
        votes = VotePool(up, models=10, voters=options.battles // VOTES_PER_VOTER)
        votes.fill(3000)
        votes.prepare_battles(options.battles)
        Random(1).shuffle(votes.ready)
        start, before = time.monotonic(), processes.measure_cpu(up)
        ended, errors = uvloop.run(cast_votes(up, votes, options.seconds))
        duration, after = time.monotonic() - start, processes.measure_cpu(up)
        rates = np.histogram([at - start for at, _ in ended], WINDOWS, (0, duration))[0] * WINDOWS / duration
        print(f"\n{len(ended)} votes in {duration:.1f} s over {CONNECTIONS} connections, {len(errors)} errors")
        print(f"votes per second: {np.median(rates):.0f} (five windows: {', '.join(f'{rate:.0f}' for rate in rates)})")
        print(f"time of a vote, p50 and p95: {np.percentile([took for _, took in ended], [50, 95]).round(4) * 1000} ms")
        for part in after:
            print(f"{part}: {1000 * (after[part] - before[part]) / max(len(ended), 1):.1f} ms of a processor per vote")
        if errors:
            print("\n".join(errors[:3]))


if __name__ == "__main__":
    main()
