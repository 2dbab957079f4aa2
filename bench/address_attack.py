"""Simulates an hour of vote rigging from many addresses, with the limits on battles and with the vote filter.

The arena comes from `bench.rigging_world`, with 20 models, 5,000 honest votes, and the adaptive draw. The attacker
starts the maximum number of battles per hour according to `bench.address_cost`. They vote in all of these battles, or
only in the tenth of the battles that include the target. The ratings are compared with the ratings from the honest
votes at three times: at the end of the hour, after the next midnight, when the epoch closes, and three days later, when
the accounts are no longer new.

In the second table, the target is a model that has just joined and is in 35% of the battles. The table shows how far
the other models move after rigged votes, and after the same number of honest votes.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.core.management import call_command
from numpy.typing import NDArray

from bench.address_cost import ATTACKERS, build_buckets, count_battles
from bench.rigging import describe, fit_votes, rank_models
from bench.rigging_world import Attack, Simulation, Votes, World
from ratings.statistics import vote_filter
from ratings.statistics.vote_arrays import Floats, Indices
from ratings.statistics.vote_filter import crowds
from ratings.statistics.vote_filter.records import EPOCH_VOTES

FIRST_SEED, SEEDS = 1000, 10
RANKS = (10, 15)
HOUR, DAY_S = 1 / 24, 86400  # an hour in days, a day in seconds
FILTER_TIME = 0.2  # days from midnight to the run of the filter; the first vote after midnight closes the epoch
DAYS_AFTER = 3
NEWCOMERS = 5  # the last one joins after 80% of the simulated time
WORLD = World(models=20, votes=5400, days=50.0, adaptive=True, renewed_after=200)
WORLD_WITH_NEWCOMERS = World(models=20, newcomers=NEWCOMERS, votes=6250, days=50.0, adaptive=True, renewed_after=200)
TARGET_SHARE, NEWCOMER_SHARE = 0.1, 0.35
ACCURACY = 0.95
CHOSEN = ("one IPv4 address", "100 addresses, one /24", "100 addresses, 100 /24")
MOMENTS = ("no filter", "end of the hour", "after midnight", "after 3 days")


@dataclass
class LateAttack(Simulation):
    """A simulation in which the attack begins near the end."""

    def get_begin(self, target: int) -> float:
        last = self.world.days - DAYS_AFTER - 2
        return max(last, float(self.joined[target])) + 0.5

    def _schedule_attack(self, attack: Attack, target: int) -> tuple[Indices, Floats, Indices]:
        account, moment, accounts = super()._schedule_attack(attack, target)
        return account, self.get_begin(target) + HOUR * (moment - moment.min()) / np.ptp(moment), accounts


def compute_weights_at(votes: Votes, run: float, networks: int) -> Floats:
    """Return the weights of all votes after a last run of the filter at the time `run`.

    The attacker's accounts are spread evenly over `networks` networks. Each honest voter has a separate network.
    """
    number = int(np.searchsorted(votes.time, run))
    columns = (votes.voter, votes.a, votes.b, votes.outcome, votes.time, votes.draw)
    result = vote_filter.weigh(*(column[:number] for column in columns), votes.shares)
    weight = np.append(result.weight, np.ones(len(votes.time) - number))
    closed = np.flatnonzero(result.is_closed)
    first = np.full(votes.voter.max() + 1, np.inf)
    np.minimum.at(first, votes.voter, votes.time)
    network = np.where(votes.rigged, -1 - votes.voter % networks, votes.voter)
    is_new = first[votes.voter] > run - 1
    old_weight = float(weight[:number][~is_new[:number]].sum())
    new = closed[is_new[closed]]
    hour = np.floor(24 * votes.time[new]).astype(np.intp)
    limit = crowds.compute_hourly_limit(old_weight)
    weight[new] *= crowds.limit_crowds(hour, network[new], votes.voter[new], weight[new], limit)
    open_new = np.flatnonzero(first[votes.voter] > votes.time - 1)
    rows = [(DAY_S * votes.time[vote], str(network[vote]), False) for vote in open_new]
    crowded = open_new[crowds.mark_votes_over_limit(rows, crowds.compute_open_limit(old_weight))]
    weight[np.setdiff1d(crowded, closed)] = 0
    return weight


def list_moments(votes: Votes, end: float) -> list[tuple[float, float | None]]:
    """Return the time of each of the `MOMENTS`, and the time of the filter's last run before it, or None."""
    midnight = np.floor(end)
    is_full = ((votes.time >= midnight) & (votes.time < end)).sum() >= EPOCH_VOTES
    next_morning, later = midnight + 1 + FILTER_TIME, midnight + DAYS_AFTER
    return [(end, None), (end, end if is_full else midnight + FILTER_TIME), (next_morning,) * 2, (later,) * 2]


def measure_shifts(votes: Votes, end: float, networks: int) -> NDArray[np.intp]:
    """Return the number of ranks that each model gains through the attack, for each of the `MOMENTS` (4, M)."""
    shifts = []
    for now, run in list_moments(votes, end):
        is_cast = votes.time < now
        weight = np.ones(len(is_cast)) if run is None else compute_weights_at(votes, run, networks)
        honest = fit_votes(votes, is_cast * ~votes.rigged * 1.0)
        shifts.append(rank_models(honest) - rank_models(fit_votes(votes, weight * is_cast)))
    return np.array(shifts)


def run_attack(name: str, battles: int, networks: int, seeds: range, *, scope: str, size: int) -> None:
    attack_votes = battles if scope == "all" else round(battles * TARGET_SHARE)
    attack = Attack(votes=attack_votes, size=size, scope=scope, accuracy=ACCURACY, days=HOUR)
    gains = []
    for seed in seeds:
        for rank in RANKS:
            simulation = LateAttack(WORLD, seed)
            target = simulation.get_model_at(rank)
            votes = simulation.run(attack, target)
            gains.append(measure_shifts(votes, simulation.get_begin(target) + HOUR, networks)[:, target])
    print_row(f"{name}, {scope}, k = {size}", attack_votes, gains)


def run_newcomer(name: str, battles: int, networks: int, seeds: range, *, honest: bool) -> None:
    """Print the largest change of rank among the models that are present from the start."""
    attack_votes = round(battles * NEWCOMER_SHARE)
    attack = Attack(votes=attack_votes, size=1, accuracy=ACCURACY, camouflage=float(honest), days=HOUR)
    samples = []
    for seed in seeds:
        simulation = LateAttack(WORLD_WITH_NEWCOMERS, seed)
        target = len(simulation.theta) - 1
        votes = simulation.run(attack, target)
        shifts = measure_shifts(votes, simulation.get_begin(target) + HOUR, networks)
        samples.append(np.abs(shifts[:, : WORLD.models]).max(axis=1))
    print_row(f"{name}{', honest votes' * honest}", attack_votes, samples)


def print_row(name: str, attack_votes: int, samples: Sequence[NDArray[np.intp]]) -> None:
    columns = np.array(samples).T.tolist()
    print(
        f"{name:40}{attack_votes:>8,}{len(samples):>6}" + "".join(f"{describe(column):>18}" for column in columns),
        flush=True,
    )


def main(seeds: range) -> None:
    heading = f"{'votes':>8}{'runs':>6}" + "".join(f"{moment:>18}" for moment in MOMENTS)
    print(f"{'ranks gained, mean and 90 % quantile':40}{heading}")
    attackers = {attacker.name: attacker for attacker in ATTACKERS if attacker.name in CHOSEN}
    battle_counts = {
        name: count_battles(build_buckets(attacker.address), attacker.counts, 1) for name, attacker in attackers.items()
    }
    networks = {name: attacker.counts[-1] for name, attacker in attackers.items()}
    for size in (1, 20):
        for scope in ("own", "all"):
            for name, battles in battle_counts.items():
                run_attack(name, battles, networks[name], seeds, scope=scope, size=size)
    print(f"\n{'a newcomer: ranks of any settled model':40}{heading}")
    for name, battles in battle_counts.items():
        for honest in (False, True):
            run_newcomer(name, battles, networks[name], seeds, honest=honest)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)  # creates the key for hashing addresses
    main(range(FIRST_SEED, FIRST_SEED + (int(sys.argv[1]) if sys.argv[1:] else SEEDS)))
