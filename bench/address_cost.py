"""Simulates vote rigging from many addresses: how many battles the limits allow, and how far the votes move a rating.

The current default limits are compared with the flat limits of earlier versions. The attacker uses each limit fully and
can discard any number of cookies. The buckets of voters, addresses, and networks form a tree. A bucket allows its
capacity plus its refill, but no more than the sum of its children.

The board has 20 models (standard deviation 100 Elo) and 5,000 honest votes with 22% ties. The arena's sampler draws all
pairs, including the attacker's. The target model has rank 10 or 15. The attacker identifies the models in 95% of the
battles and votes for the target. In battles without the target, they do not vote, or vote for the weaker model. Votes
are not filtered.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # more threads do not help with 20 x 20 matrices

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
from arena.identity import quotas  # noqa: E402  # requires django.setup()
from config.environment import Environment  # noqa: E402  # requires django.setup()
from core.http.rate_limit import Bucket  # noqa: E402  # requires django.setup()

MODELS = 20
SPREAD = 100 / ELO_SCALE
HONEST_VOTES = 5000
TIE_SHARE = 0.22
IDENTIFICATION_RATE = 0.95
BATCHES = 25  # number of times that the draw weights are updated during an attack
RANKS = (10, 15)
RUNS = 12
UNLIMITED = 10**6
# Battles that one machine can answer per hour, according to the README: 300 at a time, 15 s each.
MACHINE_CAPACITY = 72_000
Random = np.random.Generator


@dataclass(frozen=True)
class Attacker:
    """An attacker. `counts` contains the numbers of cookies, addresses, and networks of each size, smallest first.

    Each number counts the children per parent, such as the cookies per address.
    """

    name: str
    address: str
    counts: tuple[int, ...]


ATTACKERS = (
    Attacker("one cookie", "192.0.2.7", (1, 1, 1)),
    Attacker("one IPv4 address", "192.0.2.7", (UNLIMITED, 1, 1)),
    Attacker("100 addresses, one /24", "192.0.2.7", (UNLIMITED, 100, 1)),
    Attacker("100 addresses, 100 /24", "192.0.2.7", (UNLIMITED, 1, 100)),
    Attacker("one IPv6 /56", "2001:db8::1", (UNLIMITED, 256, 1, 1)),
    Attacker("one IPv6 /48", "2001:db8::1", (UNLIMITED, 256, 256, 1)),
)


@dataclass(frozen=True)
class AttackResult:
    """The result of an attack: votes on battles with the target, ranks and Elo points gained, and the final rank."""

    target_votes: int
    ranks_gained: int
    elo: float
    rank: int


def build_buckets(address: str) -> list[Bucket]:
    """Return the buckets for a voter, an address, and the networks that contain the address."""
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.voter_id = None  # type: ignore[attr-defined]  # usually set by middleware
    with override_settings(ENVIRONMENT=Environment()):
        return quotas.build_buckets("battle", request)


def build_flat_buckets(address: str) -> list[Bucket]:
    """Return the limits of earlier versions: the full hourly quota at once, and no limit on networks."""
    unlimited = [Bucket("network", sys.maxsize, burst=sys.maxsize)] * (len(build_buckets(address)) - 2)
    return [Bucket("voter", 60, burst=60), Bucket("address", 300, burst=300), *unlimited]


def count_battles(limits: Sequence[Bucket], counts: Sequence[int], hours: float) -> int:
    """Return the number of battles that these limits allow in the given number of hours."""
    allowed = 0.0
    for level, (bucket, count) in enumerate(zip(limits, counts, strict=True)):
        own = bucket.capacity + bucket.per_hour * hours
        allowed = count * (min(own, allowed) if level else own)
    return int(allowed)


def simulate_attack(seed: int, rank: int, started: int, *, vote_everywhere: bool) -> AttackResult:
    """Simulate an attack with `started` battles for the model at `rank`.

    vote_everywhere: whether the attacker also votes in battles without the target.
    """
    rng = np.random.default_rng(seed)
    wins, ties = (counts.copy() for counts in simulate_honest_votes(seed))
    before = fit_ratings(wins, ties)
    target = int(np.argsort(-before)[rank - 1])
    target_votes, batch = 0, max(1, started // BATCHES)
    for start in range(0, started, batch):
        for a, b in draw_pairs(rng, wins, ties, min(batch, started - start)):
            target_votes += target in (a, b)
            if vote_everywhere or target in (a, b):
                wins[choose_outcome(rng, before, target, a, b)] += 1
    after = fit_ratings(wins, ties)
    rank_after = 1 + int((after > after[target]).sum())
    return AttackResult(target_votes, rank - rank_after, float(after[target] - before[target]), rank_after)


@cache
def simulate_honest_votes(seed: int) -> tuple[Floats, Floats]:
    """Return the matrices of wins and ties (M, M) of honest votes."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, SPREAD, MODELS)
    wins, ties = np.zeros((2, MODELS, MODELS))
    for _ in range(BATCHES):
        for a, b in draw_pairs(rng, wins, ties, HONEST_VOTES // BATCHES):
            first, second = (a, b) if rng.random() < 1 / (1 + np.exp(theta[b] - theta[a])) else (b, a)
            if rng.random() < TIE_SHARE:
                ties[a, b] += 1
                ties[b, a] += 1
            else:
                wins[first, second] += 1
    return wins, ties


def draw_pairs(rng: Random, wins: Floats, ties: Floats, number: int) -> list[tuple[int, int]]:
    """Draw pairs with the arena's sampler and the draw weights of this board."""
    board = Comparisons.from_counts(range(MODELS), wins, ties)
    weights = compute_pair_weights(board, bradley_terry.fit(board))
    sampler = PairSampler(range(MODELS), {pair: float(weights[pair]) for pair in combinations(range(MODELS), 2)})
    chances = np.array(sampler.chances)
    return [sampler.pairs[place] for place in rng.choice(len(chances), number, p=chances / chances.sum())]


def choose_outcome(rng: Random, before: Floats, target: int, a: int, b: int) -> tuple[int, int]:
    """Return the winner and loser according to the attacker's vote. A wrong identification reverses them."""
    desired = (a, b) if target == a or (target != b and before[a] < before[b]) else (b, a)
    return desired if rng.random() < IDENTIFICATION_RATE else desired[::-1]


def fit_ratings(wins: Floats, ties: Floats) -> Floats:
    return bradley_terry.fit(Comparisons.from_counts(range(MODELS), wins, ties)).ratings


def print_attacks(numbers: Sequence[int], runs: int) -> None:
    print(f"\n{'battles':>8}{'on target':>11}{'ranks':>8}{'best':>6}{'Elo':>7}{'#1':>7}   all: ranks, best, Elo, #1")
    for number in numbers:
        figures = [
            summarize_attacks(number, runs, vote_everywhere=vote_everywhere) for vote_everywhere in (False, True)
        ]
        print(f"{number:>8,}{figures[0]}   {figures[1][11:]}", flush=True)


def summarize_attacks(number: int, runs: int, *, vote_everywhere: bool) -> str:
    results = [
        simulate_attack(seed, RANKS[seed % len(RANKS)], number, vote_everywhere=vote_everywhere) for seed in range(runs)
    ]
    mean = {
        name: np.mean([getattr(result, name) for result in results]) for name in ("target_votes", "ranks_gained", "elo")
    }
    best = max(result.ranks_gained for result in results)
    first_share = np.mean([result.rank == 1 for result in results])
    return (
        f"{mean['target_votes']:>11.0f}{mean['ranks_gained']:>+8.1f}{best:>+6}{mean['elo']:>+7.0f}{first_share:>7.0%}"
    )


def main(runs: int) -> None:
    print(f"{'battles':24}{'earlier: 1 h':>14}{'24 h':>14}{'now: 1 h':>14}{'24 h':>14}")
    sizes = set()
    for attacker in ATTACKERS:
        battle_counts = [
            count_battles(limits(attacker.address), attacker.counts, hours)
            for limits in (build_flat_buckets, build_buckets)
            for hours in (1, 24)
        ]
        sizes |= {battle_counts[0], battle_counts[2]}
        print(f"{attacker.name:24}" + "".join(f"{number:>14,}" for number in battle_counts))
    print(f"(one machine can answer about {MACHINE_CAPACITY:,} battles per hour)")
    print_attacks([*sorted(size for size in sizes if size <= 1500), 3000], runs)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)  # creates the key for hashing addresses
    main(int(sys.argv[1]) if sys.argv[1:] else RUNS)
