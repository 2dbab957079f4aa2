"""Measures how far rigged votes move a model, with and without the vote filter.

The arena and the attackers come from `bench.rigging_world`. Each attack runs with several seeds and targets. The
weighted fit of all votes is compared with the fit of the honest votes of the same run. The filter was tuned with seeds
below 1000, so the table uses seeds from 1000 up.

    ./scripts/bench rigging [GROUPS [SEEDS [FILE]]]

SEEDS is the number of seeds. GROUPS are letters: c clean, t teams, o battles with the target, h account sizes like
those of honest voters, d decoys, m three models together, j junk, q the most influential quarter of all battles, x
adaptive draw, n newcomers, p the price of a rank, s speed. Finished runs are stored in FILE and are not repeated, so an
interrupted table can be continued.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # more threads do not help with 50 x 50 matrices

import numpy as np

from bench.rigging_world import (
    A_WINS,
    BOTH_BAD,
    Attack,
    Simulation,
    Votes,
    World,
    sum_scores,
)
from ratings.statistics import vote_filter
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.likelihood import build_laplacian, compute_chances
from ratings.statistics.vote_arrays import Floats, Indices
from ratings.statistics.vote_filter.expectations import estimate_strengths

GROUPS = "ctohdmjqxnps"
FIRST_SEED, SEEDS = 1000, 10
RANKS = (10, 25, 40)
# The newcomer that joins after 65% of the time.
LATE_NEWCOMER = -4
ACCURACY = 0.95
ADDRESS_BATTLES = 300  # per hour and address, after the first hour
PUBLIC = World()
ADAPTIVE = World(adaptive=True, newcomers=5, completion=0.1)
TEAMS = (((8, 100), 10), ((8, 400), 10), ((20, 200), 10), ((30, 500), 30))


@dataclass(frozen=True)
class Run:
    """The result of a run.

    lost: the weight that honest votes lose, in percent.
    kept: the weight that rigged votes keep, in percent.
    ranks, elo: the change of the target's rank and rating, without and with the filter.
    largest: the largest change of any model's rank, without and with the filter.
    error: the standard error of the target's rating, in Elo points.
    seconds: the CPU time of the filter.
    """

    lost: float
    kept: float
    ranks: tuple[int, int]
    elo: tuple[float, float]
    largest: tuple[int, int]
    error: float
    seconds: float


def fit_votes(votes: Votes, weight: Floats) -> Floats:
    """Return the ratings (M,) in Elo points, relative to their mean."""
    has_weight = weight > 0
    size = votes.shares.shape[1]
    score = sum_scores(size, votes.a[has_weight], votes.b[has_weight], votes.outcome[has_weight], weight[has_weight])
    theta = estimate_strengths(score, np.zeros(size))
    ratings: Floats = ELO_SCALE * (theta - theta.mean())
    return ratings


def compute_errors(votes: Votes, ratings: Floats) -> Floats:
    """Return the standard errors (M,) of the ratings from the honest votes, in Elo points."""
    honest = ~votes.rigged
    score = sum_scores(len(ratings), votes.a[honest], votes.b[honest], votes.outcome[honest], np.ones(honest.sum()))
    p, q = compute_chances(ratings / ELO_SCALE, ratings / ELO_SCALE)
    covariance = np.linalg.pinv(build_laplacian((score + score.T) * p * q), rcond=1e-9, hermitian=True)
    errors: Floats = ELO_SCALE * np.sqrt(covariance.diagonal())
    return errors


def rank_models(ratings: Floats) -> Indices:
    ranks: Indices = 1 + (ratings > ratings[:, None]).sum(axis=1)
    return ranks


def compute_weights(votes: Votes) -> vote_filter.VoteWeights:
    return vote_filter.weigh(votes.voter, votes.a, votes.b, votes.outcome, votes.time, votes.draw, votes.shares)


def measure(world: World, attack: Attack | None, seed: int, rank: int) -> Run:
    """Return the result of an attack on the model at this rank. Negative ranks refer to newcomers, from -1 on."""
    simulation = Simulation(world, seed)
    target = simulation.get_model_at(rank) if rank > 0 else world.models - rank - 1
    votes = simulation.run(attack, target)
    started = process_time()
    weight = compute_weights(votes).weight
    seconds = process_time() - started
    honest = (~votes.rigged).astype(np.float64)
    baseline, plain, filtered = (fit_votes(votes, weights) for weights in (honest, np.ones(len(weight)), weight))
    rank_changes = [np.abs(rank_models(ratings) - rank_models(baseline)) for ratings in (plain, filtered)]
    return Run(
        lost=100 * float(1 - weight[~votes.rigged].mean()),
        kept=100 * float(weight[votes.rigged].mean()) if attack else 0.0,
        ranks=(int(rank_changes[0][target]), int(rank_changes[1][target])),
        elo=(float(abs(plain - baseline)[target]), float(abs(filtered - baseline)[target])),
        largest=(int(rank_changes[0].max()), int(rank_changes[1].max())),
        error=float(compute_errors(votes, baseline)[target]),
        seconds=seconds,
    )


def describe(values: Iterable[float]) -> str:
    listed = list(values)
    return f"{np.mean(listed):6.2f} {np.quantile(listed, 0.9):6.2f}"


def is_harmless(run: Run) -> bool:
    """Return True if the target moved no further with the filter than without it, within half a standard error."""
    return run.elo[1] <= max(run.elo[0], run.error) + run.error / 2


def is_bounded(run: Run) -> bool:
    return run.elo[1] <= 1.5 * max(run.elo[0], run.error)


def print_heading() -> None:
    print("mean and 90 % quantile; ranks and Elo points of the target without and with the filter")
    columns = ("lost %", "kept %", "ranks", "filtered", "Elo", "filtered", "filtered, se", "any", "any, f.")
    print(f"{'':26}{'runs':>5}" + "".join(f"{column:>14}" for column in columns) + "  no harm, bounded   s")


def print_row(name: str, runs: Sequence[Run]) -> None:
    columns: tuple[Callable[[Run], float], ...] = (
        lambda run: run.lost,
        lambda run: run.kept,
        lambda run: run.ranks[0],
        lambda run: run.ranks[1],
        lambda run: run.elo[0],
        lambda run: run.elo[1],
        lambda run: run.elo[1] / run.error,
        lambda run: run.largest[0],
        lambda run: run.largest[1],
    )
    figures = "".join(f"{describe(map(column, runs)):>14}" for column in columns)
    harmless, bounded = (100 * np.mean([*map(check, runs)]) for check in (is_harmless, is_bounded))
    print(
        f"{name:26}{len(runs):>5}{figures}{harmless:>8.0f}%{bounded:>8.0f}%{max(r.seconds for r in runs):>6.1f}",
        flush=True,
    )


@dataclass(frozen=True)
class Row:
    """A row of the table: an attack that runs for each combination of a seed and a rank."""

    name: str
    world: World
    attack: Attack | None = None
    ranks: Sequence[int] = RANKS


class Record:
    """The finished runs of all rows, stored in a file if `path` is not None."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path and path.exists() else []
        self.runs: dict[tuple[str, int, int], Run] = {}
        for entry in map(json.loads, lines):
            self.runs[entry["row"], entry["seed"], entry["rank"]] = Run(**entry["run"])

    def run(self, row: Row, seeds: range) -> list[Run]:
        return [self._run_once(row, seed, rank) for seed in seeds for rank in row.ranks]

    def _run_once(self, row: Row, seed: int, rank: int) -> Run:
        key = (row.name, seed, rank)
        if key not in self.runs:
            run = measure(row.world, row.attack, seed, rank)
            self.runs[key] = run
            if self.path:
                entry = {"row": row.name, "seed": seed, "rank": rank, "run": asdict(run)}
                with self.path.open("a") as file:
                    file.write(json.dumps(entry) + "\n")
        return self.runs[key]


def list_rows() -> dict[str, list[Row]]:
    """Return the rows of the table, keyed by the letter of their group."""
    own = Attack(accuracy=ACCURACY)
    sizes: tuple[int | None, ...] = (1, 5, 20, 100, None)
    quarter = replace(own, scope="quarter")
    decoys = Attack(votes=360, decoys=5 / 6)
    small = World(models=20, votes=20_000, days=10.0)
    return {
        "c": [Row("clean, even draw", PUBLIC, ranks=RANKS[:1]), Row("clean, adaptive draw", ADAPTIVE, ranks=RANKS[:1])],
        "t": [
            Row(f"team, {team[0]} x {team[1]}", World(models=20, taste=69.0, team=team, days=days), ranks=RANKS[:1])
            for team, days in TEAMS
        ],
        "o": [
            *(Row(f"own battles, k = {size}", PUBLIC, replace(own, size=size)) for size in sizes[:4]),
            Row("own, k = 20, lowered", PUBLIC, replace(own, direction=-1)),
            Row("own, k = 20, 100 %", PUBLIC, Attack()),
            Row("own, k = 1, two days", PUBLIC, replace(own, size=1, days=2.0)),
        ],
        "h": [
            Row("own, honest sizes", PUBLIC, replace(own, size=None)),
            Row("own, camouflage", PUBLIC, replace(own, size=None, camouflage=0.5)),
        ],
        "d": [Row(f"60 and 300 honest, k = {size}", small, replace(decoys, size=size), (10,)) for size in sizes[:4]],
        "m": [
            Row(f"three models, k = {size or 'honest'}", PUBLIC, replace(own, size=size, companions=2))
            for size in sizes
        ],
        "j": list_junk(),
        "q": [Row(f"best quarter, k = {size or 'honest'}", PUBLIC, replace(quarter, size=size)) for size in sizes],
        "x": [Row(f"adaptive, k = {size or 'honest'}", ADAPTIVE, replace(own, size=size)) for size in sizes],
        "n": [
            Row(f"a newcomer, k = {size or 'honest'}", ADAPTIVE, replace(own, size=size), (LATE_NEWCOMER,))
            for size in sizes
        ],
    }


def list_junk() -> list[Row]:
    rows = []
    for name, constant in (("always a", A_WINS), ("both bad", BOTH_BAD), ("random", None)):
        junk = Attack(scope="constant", constant=constant)
        rows += [Row(f"{name}, 1 %, k = {k}", PUBLIC, replace(junk, size=k), RANKS[1:2]) for k in (20, 100)]
        rows.append(Row(f"{name}, 10 %", PUBLIC, replace(junk, votes=10_000, size=None), RANKS[1:2]))
    return rows


def run_price(record: Record, seeds: range) -> None:
    """Print the price of a rank for the attack that is hardest to detect: single-vote accounts over the whole time."""
    for count in (100, 250, 500, 1000, 2000):
        attack = Attack(votes=count, size=1, accuracy=ACCURACY)
        name = "own battles, k = 1" if count == Attack.votes else f"price, {count}"
        runs = record.run(Row(name, PUBLIC, attack), seeds)
        battles = count * PUBLIC.models / 2
        ranks = [np.mean([run.ranks[filtered] for run in runs]) for filtered in (0, 1)]
        print(
            f"{count:,} accounts, {battles:,.0f} battles, {battles / ADDRESS_BATTLES:,.0f} hours of one address: "
            f"{ranks[0]:.1f} ranks without and {ranks[1]:.1f} with the filter ({len(runs)} runs)",
            flush=True,
        )


def run_speed(seeds: range) -> None:
    for models, count in ((50, 100_000), (200, 1_000_000)):
        votes = Simulation(World(models=models, votes=count), seeds.start).run()
        started = process_time()
        compute_weights(votes)
        memory = getrusage(RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{count:,} votes, {models} models: {process_time() - started:.1f} s of CPU, {memory:.2f} GB at most")


def main(groups: str, seeds: range, path: Path | None) -> None:
    record = Record(path)
    rows = list_rows()
    print_heading()
    for group in groups:
        for row in rows.get(group, []):
            print_row(row.name, record.run(row, seeds))
        if group == "p":
            run_price(record, seeds)
        if group == "s":
            run_speed(seeds)


if __name__ == "__main__":
    options = dict(enumerate(sys.argv[1:]))
    if unknown := set(options.get(0, "")) - set(GROUPS):
        sys.exit(f"Unknown groups: {''.join(sorted(unknown))}. The groups are: {GROUPS}")
    count = int(options.get(1, SEEDS))
    file = options.get(2)
    main(options.get(0, GROUPS), range(FIRST_SEED, FIRST_SEED + count), Path(file) if file else None)
