"""Runs an attack from one address against the whole service for ten minutes, with six times the default limits.

At first, ten models of a mock provider have 5,000 honest votes. Then honest visitors with different addresses start
battles and vote. An attacker with one address does the same, with a new cookie for each battle. The attacker identifies
the models in 95% of the battles, and votes only in battles with the target. The table compares the target's rank from
the honest votes, from all votes, and on the board after midnight, when the filter has processed the votes.
"""

import argparse
import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.request import urlopen

import numpy as np
import orjson
import psycopg

from bench import processes
from bench.channel import Channel, ChannelError
from bench.live_votes import EVEN_DRAW, VotePool
from tests.system.service import ROOT, SERVICE_VARIABLES, Service, running

MODELS = ("spark", "flash", "swift", "plain", "brick", "metro", "steady-0", "steady-1", "steady-2", "steady-3")
TOKENS = (5, 10)
LIMIT_FACTOR = 6
BATTLES_PER_HOUR, BATTLES_PER_HOUR_ADDRESS = 60, 300  # the default limits
LIMITS = {
    "ARENA_BATTLES_PER_HOUR": str(LIMIT_FACTOR * BATTLES_PER_HOUR),
    "ARENA_BATTLES_PER_HOUR_ADDRESS": str(LIMIT_FACTOR * BATTLES_PER_HOUR_ADDRESS),
    "ARENA_PACE_ANONYMOUS": "off",
    "ARENA_PROXY_HOPS": "1",  # allows each visitor to have a different address
}
HONEST_VOTES, HONEST_VOTERS = 5000, 1700
TIE_SHARE, ACCURACY = 0.22, 0.95
TARGET_RANK = 6
ATTACKER = "203.0.113.7"
CONCURRENT_ATTACKS = 4
TIMEOUT_S = 60
# Returns the vote on the models with these keys, or None to leave the battle without a vote.
Judge = Callable[[int, int], str | None]


class Arena:
    """The running service, the strengths of its models, and the IDs of the attacker's battles."""

    def __init__(self, up: Service, pool: VotePool) -> None:
        self.up = up
        self.strength = dict(zip(pool.keys, pool.strength.tolist(), strict=True))
        self.target = sorted(self.strength, key=lambda key: -self.strength[key])[TARGET_RANK - 1]
        self.database = psycopg.connect(pool.database, autocommit=True)
        self.random = Random(1)
        self.started, self.refused = 0, 0
        self.attacked: set[str] = set()

    def judge_honestly(self, a: int, b: int) -> str:
        if self.random.random() < TIE_SHARE:
            return "tie"
        return "a" if self.random.random() < 1 / (1 + np.exp(self.strength[b] - self.strength[a])) else "b"

    def judge_for_target(self, a: int, b: int) -> str | None:
        if self.random.random() > ACCURACY:
            return self.random.choice("ab")
        return {a: "a", b: "b"}.get(self.target)

    async def run_battle(self, address: str, judge: Judge) -> float:
        """Run a battle with this address and a new cookie. Return 0, or the seconds to wait if a limit is reached."""
        channel = await Channel.open(self.up.url, {})
        prompt = f"Question {self.started + self.refused} from {address}: which answer is better?"
        try:
            status, body = await channel.call("POST", "/api/v1/battles/", {"prompt": prompt}, X_Forwarded_For=address)
            if status == 429:
                self.refused += 1
                return float(channel.response_headers["retry-after"])
            battle = orjson.loads(body)
            self.started += 1
            await self._wait_until_ready(battle["events_url"], channel.cookies, address)
            pair = "SELECT contestant_a_id, contestant_b_id FROM arena_battle WHERE id = %s"
            row = self.database.execute(pair, [battle["id"]])
            a, b = row.fetchone() or (0, 0)
            if winner := judge(a, b):
                path = f"/api/v1/battles/{battle['id']}/vote/"
                await channel.call("POST", path, {"winner": winner}, X_Forwarded_For=address)
            if address == ATTACKER:
                self.attacked.add(battle["id"])
        finally:
            channel.close()
        return 0.0

    async def _wait_until_ready(self, events_url: str, cookies: dict[str, str], address: str) -> None:
        ready = asyncio.Event()
        channel = await Channel.open(self.up.url, cookies)
        stream = asyncio.ensure_future(
            channel.call(
                "GET",
                events_url,
                on_event=lambda name, _: ready.set() if name == b"ready" else None,
                X_Forwarded_For=address,
            )
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await ready.wait()
        finally:
            channel.close()
            with suppress(ChannelError):
                await stream


async def attack(arena: Arena, deadline: float) -> None:
    async def attack_repeatedly() -> None:
        while time.monotonic() < deadline:
            with suppress(ChannelError, TimeoutError, KeyError):
                await asyncio.sleep(min(await arena.run_battle(ATTACKER, arena.judge_for_target), 10.0))

    await asyncio.gather(*(attack_repeatedly() for _ in range(CONCURRENT_ATTACKS)))


async def visit(arena: Arena, deadline: float, per_s: float) -> None:
    """Start honest visitors with one battle each, at random times with a mean rate of `per_s` per second."""
    async with asyncio.TaskGroup() as visitors:
        while time.monotonic() < deadline:
            await asyncio.sleep(arena.random.expovariate(per_s))
            visitors.create_task(visit_once(arena, ".".join(str(arena.random.randrange(1, 224)) for _ in range(4))))


async def visit_once(arena: Arena, address: str) -> None:
    with suppress(ChannelError, TimeoutError, KeyError):
        await arena.run_battle(address, arena.judge_honestly)


async def run_traffic(arena: Arena, seconds: float, per_s: float) -> None:
    deadline = time.monotonic() + seconds
    await asyncio.gather(attack(arena, deadline), visit(arena, deadline, per_s))


def compute_ranks(arena: Arena) -> dict[str, tuple[int, float]]:
    """Return the target's rank and rating from the honest votes, from all votes, and from all weighted votes."""
    from arena.models import LIVE_POOL, Vote
    from ratings.models import FULL_WEIGHT, VoteWeight
    from ratings.statistics import bradley_terry
    from ratings.statistics.comparisons import Comparisons

    vote_rows = Vote.objects.filter(pool=LIVE_POOL, counted=True).values_list(
        "pk", "contestant_a", "contestant_b", "winner", "battle"
    )
    ids, a, b, winners, battles = map(np.array, zip(*vote_rows, strict=True))
    outcome = np.select([winners == "a", winners == "b"], [1.0, 0.0], 0.5)
    stored_weights = {row.vote_id: row.filter_weight / FULL_WEIGHT for row in VoteWeight.objects.all()}
    filtered = np.array([stored_weights.get(vote, 1.0) for vote in ids.tolist()])
    rigged = np.array([str(battle) in arena.attacked for battle in battles])
    print(f"{rigged.sum()} rigged votes were counted; the filter keeps {100 * filtered[rigged].mean():.0f} % of them")
    print(f"of {(~rigged).sum()} honest ones, it takes {100 * (1 - filtered[~rigged].mean()):.2f} %")
    results = {}
    for name, weight in (("honest votes", 1.0 * ~rigged), ("all votes", np.ones(len(ids))), ("filtered", filtered)):
        board = Comparisons.from_votes(a, b, outcome, np.ones(len(ids)), weight)
        ratings = dict(zip(board.labels, bradley_terry.fit(board).ratings.tolist(), strict=True))
        rating = ratings[arena.target]
        results[name] = 1 + sum(other > rating for other in ratings.values()), rating
    return results


def read_board(up: Service, key: int) -> tuple[int, float, int]:
    """Return the target's rank among all rows, its rating, and the number of votes on the board."""
    [(slug,)] = up.query("SELECT slug FROM arena_contestant WHERE id = %s", key)
    answer = urlopen(f"{up.url}/api/v1/leaderboard/?pool=live")  # noqa: S310  # our own service
    board = orjson.loads(answer.read())
    ratings = {row["model"]: row["rating"] for row in board["rows"]}
    return 1 + sum(rating > ratings[slug] for rating in ratings.values()), ratings[slug], board["votes"]


def close_epoch(pool: VotePool) -> None:
    """Store a vote with tomorrow's date, which closes today's epoch."""
    from arena.models import LIVE_POOL, Vote

    a, b, *_ = pool.keys
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    pair = {"contestant_a_id": a, "contestant_b_id": b, "draw_table_id": EVEN_DRAW, "propensity": pool.propensity}
    Vote.objects.create(pool_id=LIVE_POOL, winner=Vote.Winner.TIE, created_at=tomorrow, **pair)


def run_manage(up: Service, *words: str) -> str:
    command = [str(ROOT / "scripts" / "manage"), "--data", str(up.data), *words, "--pool", "live"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench live_attack", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rate", type=float, default=0.5, help="honest visitors per second (default: 0.5)")
    options = parser.parse_args()
    for name in SERVICE_VARIABLES:
        os.environ.pop(name, None)
    print(processes.describe_machine())
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, processes.run_mock(*TOKENS) as (url, _):
        models = Path(folder) / "models.toml"
        models.write_text("".join(processes.MODEL.format(name=name, url=url) for name in MODELS))
        with running(Path(folder) / "data", "--no-local-models", "--models", str(models), **LIMITS) as up:
            pool = VotePool(up, MODELS, HONEST_VOTERS, kinds={})
            pool.fill(HONEST_VOTES)
            run_manage(up, "recompute_ratings", "--from-scratch")
            run_manage(up, "filter_votes")  # sets the limit on new voters
            arena = Arena(up, pool)
            print("before: rank {}, {:.0f} Elo, {} votes".format(*read_board(up, arena.target)), flush=True)
            asyncio.run(run_traffic(arena, options.seconds, options.rate))
            while pool.count_pending():
                time.sleep(0.5)
            print(f"{arena.started} battles, {len(arena.attacked)} by the attacker; {arena.refused} more refused")
            print("board at the end: rank {}, {:.0f} Elo, {} votes".format(*read_board(up, arena.target)), flush=True)
            close_epoch(pool)
            print(run_manage(up, "filter_votes"))
            run_manage(up, "recompute_ratings", "--from-scratch")
            for name, (rank, rating) in compute_ranks(arena).items():
                print(f"{name}: rank {rank}, {rating:.1f} Elo")
            print("board after midnight: rank {}, {:.0f} Elo, {} votes".format(*read_board(up, arena.target)))


if __name__ == "__main__":
    main()
