"""The cost of rigging in addresses: battles that the limits allow an attacker, and the effect of their votes.

Limits: the defaults of this arena, compared with its earlier flat limits. An attacker never waits and drops the cookie
at will, so a tree of buckets yields min(own bucket, sum of its parts), and each bucket yields its content plus the
refill meanwhile. Votes: 20 models, sd 100 Elo, 5,000 honest votes (22 % ties) on pairs of the arena's
own sampler, which also draws the attacker's pairs. The target has rank 10 or 15. The attacker identifies the models in
95 % of the battles and votes for the target, and in battles without it for the weaker model. Votes are not filtered.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # more only wait for each other: matrices are 20 x 20

import django
import numpy as np
from django.core.management import call_command
from django.test import RequestFactory, override_settings

from arena.endpoints.pair_sampler import PairSampler
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.vote_arrays import Floats

django.setup()
from arena.identity import quotas  # noqa: E402  # Django's models can be loaded from here on
from config.environment import Environment  # noqa: E402  # see above
from core.http.rate_limit import Bucket  # noqa: E402  # see above

MODELS, SPREAD, HONEST, TIES, KNOWN = 20, 100 / ELO_SCALE, 5000, 0.22, 0.95
LOOKS = 25  # at the board, for the weights of the next draws, in the course of one attack
RANKS = (10, 15)
RUNS = 12
MANY = 10**6  # as many as one likes
# What the answer workers of one machine can do in an hour, by the README: 300 battles at a time, 15 s each.
SERVICE = 72_000
Random = np.random.Generator


@dataclass(frozen=True)
class Attacker:
    """How many cookies, and how many of the networks of each level that an address lies in, from small to large."""

    name: str
    address: str
    counts: tuple[int, ...]


ATTACKERS = (
    Attacker("one cookie", "192.0.2.7", (1, 1, 1)),
    Attacker("one IPv4 address", "192.0.2.7", (MANY, 1, 1)),
    Attacker("100 addresses, one /24", "192.0.2.7", (MANY, 100, 1)),
    Attacker("100 addresses, 100 /24", "192.0.2.7", (MANY, 1, 100)),
    Attacker("one IPv6 /56", "2001:db8::1", (MANY, 256, 1, 1)),
    Attacker("one IPv6 /48", "2001:db8::1", (MANY, 256, 256, 1)),
)


@dataclass(frozen=True)
class Moved:
    """What one attack did: votes on the target, places and Elo points that it gained, its rank afterwards."""

    on_target: int
    places: int
    elo: float
    rank: int


def buckets(address: str) -> list[Bucket]:
    """The voter's and those of the address and its networks, as this arena has them."""
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.voter_id = None  # type: ignore[attr-defined]  # set by our middleware elsewhere
    with override_settings(ENVIRONMENT=Environment()):
        return quotas.build_battle_buckets(request)


def flat_buckets(address: str) -> list[Bucket]:
    """The limits before: full buckets of an hour, and nothing above a /64 or an address."""
    lifted = [Bucket("network", 0)] * (len(buckets(address)) - 2)
    return [Bucket("voter", 60, burst=60), Bucket("address", 300, burst=300), *lifted]


def battles(limits: Sequence[Bucket], counts: Sequence[int], hours: float) -> int:
    """How many can be started within so many hours."""
    passed = 0.0
    for level, (bucket, count) in enumerate(zip(limits, counts, strict=True)):
        own = bucket.capacity + bucket.per_hour * hours if bucket.per_hour else np.inf
        passed = count * (min(own, passed) if level else own)
    return int(passed)


def attack(seed: int, rank: int, started: int, *, everywhere: bool) -> Moved:
    """So many battles of an attacker for the model on this rank, on a board of honest votes."""
    rng = np.random.default_rng(seed)
    wins, ties = (counts.copy() for counts in honest(seed))
    before = ratings(wins, ties)
    target = int(np.argsort(-before)[rank - 1])
    on_target, batch = 0, max(1, started // LOOKS)
    for begun in range(0, started, batch):
        for a, b in draw(rng, wins, ties, min(batch, started - begun)):
            on_target += target in (a, b)
            if everywhere or target in (a, b):
                wins[choose(rng, before, target, a, b)] += 1
    after = ratings(wins, ties)
    now = 1 + int((after > after[target]).sum())
    return Moved(on_target, rank - now, float(after[target] - before[target]), now)


@cache
def honest(seed: int) -> tuple[Floats, Floats]:
    """Wins and ties of honest votes."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, SPREAD, MODELS)
    wins, ties = np.zeros((2, MODELS, MODELS))
    for _ in range(LOOKS):
        for a, b in draw(rng, wins, ties, HONEST // LOOKS):
            first, second = (a, b) if rng.random() < 1 / (1 + np.exp(theta[b] - theta[a])) else (b, a)
            if rng.random() < TIES:
                ties[a, b] += 1
                ties[b, a] += 1
            else:
                wins[first, second] += 1
    return wins, ties


def draw(rng: Random, wins: Floats, ties: Floats, number: int) -> list[tuple[int, int]]:
    """Pairs as the arena draws them on this board."""
    board = Comparisons.from_counts(range(MODELS), wins, ties)
    weights = compute_pair_weights(board, bradley_terry.fit(board))
    lots = PairSampler(range(MODELS), {pair: float(weights[pair]) for pair in combinations(range(MODELS), 2)})
    chances = np.array(lots.chances)
    return [lots.pairs[place] for place in rng.choice(len(chances), number, p=chances / chances.sum())]


def choose(rng: Random, before: Floats, target: int, a: int, b: int) -> tuple[int, int]:
    """Winner and loser by the attacker's wish, who is wrong about who is who now and then."""
    wished = (a, b) if target == a or (target != b and before[a] < before[b]) else (b, a)
    return wished if rng.random() < KNOWN else wished[::-1]


def ratings(wins: Floats, ties: Floats) -> Floats:
    return bradley_terry.fit(Comparisons.from_counts(range(MODELS), wins, ties)).ratings


def show_attacks(numbers: Sequence[int], runs: int) -> None:
    print(f"\n{'battles':>8}{'on target':>11}{'ranks':>8}{'best':>6}{'Elo':>7}{'#1':>7}   all: ranks, best, Elo, #1")
    for number in numbers:
        figures = [summary(number, runs, everywhere=everywhere) for everywhere in (False, True)]
        print(f"{number:>8,}{figures[0]}   {figures[1][11:]}", flush=True)


def summary(number: int, runs: int, *, everywhere: bool) -> str:
    found = [attack(seed, RANKS[seed % len(RANKS)], number, everywhere=everywhere) for seed in range(runs)]
    mean = {name: np.mean([getattr(each, name) for each in found]) for name in ("on_target", "places", "elo")}
    best, first = max(each.places for each in found), np.mean([each.rank == 1 for each in found])
    return f"{mean['on_target']:>11.0f}{mean['places']:>+8.1f}{best:>+6}{mean['elo']:>+7.0f}{first:>7.0%}"


def main(runs: int) -> None:
    print(f"{'battles':24}{'before: 1 h':>14}{'24 h':>14}{'now: 1 h':>14}{'24 h':>14}")
    sizes = set()
    for each in ATTACKERS:
        found = [
            battles(limits(each.address), each.counts, hours) for limits in (flat_buckets, buckets) for hours in (1, 24)
        ]
        sizes |= {found[0], found[2]}
        print(f"{each.name:24}" + "".join(f"{number:>14,}" for number in found))
    print(f"(one machine answers some {SERVICE:,} an hour)")
    show_attacks([*sorted(size for size in sizes if size <= 1500), 3000], runs)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)  # which makes the key that addresses are hashed with
    main(int(sys.argv[1]) if sys.argv[1:] else RUNS)
