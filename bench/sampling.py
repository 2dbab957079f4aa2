"""Compares how many votes the weighted draw and a uniform draw of pairs need to reach narrow intervals.

In the simulation, votes arrive in batches, and a quarter of them are ties. After each batch, the board is fitted, and
new pairs are drawn as in the service: nine out of ten pairs are drawn by weight and one uniformly, with a limit on each
model's share of the draws. The intervals come from the fit.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from time import process_time

import numpy as np
from numpy.typing import NDArray

from arena.endpoints.pair_sampler import PairSampler
from ratings.statistics import bradley_terry
from ratings.statistics.active_sampling import compute_pair_weights
from ratings.statistics.bradley_terry import ELO_SCALE, MEAN_RATING, Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.vote_arrays import Floats
from tests.ratings.votes import outcomes, simulated

SPREAD = 0.45  # equal to 78 Elo points
NEWCOMERS, NEWCOMER_WIDTH = 5, 20
TOP, TOP_WIDTH = 10, 15
RUNS, COVERAGE_RUNS = 7, 400

Flags = NDArray[np.bool_]
Random = np.random.Generator


@dataclass(frozen=True)
class Run:
    """The result of a run: the number of new votes, the board with all votes, and its fit."""

    votes: int
    board: Comparisons
    fit: Fit


def build_uniform_shares(size: int) -> Floats:
    return 2 * (1 - np.eye(size)) / (size * (size - 1))


def compute_draw_shares(weights: Floats) -> Floats:
    """Return the probability (M, M) that the service draws each pair, given these weights (M, M)."""
    size = len(weights)
    upper = np.triu_indices(size, 1)
    sampler = PairSampler(range(size), dict(zip(combinations(range(size), 2), weights[upper].tolist(), strict=True)))
    chances = np.zeros((size, size))
    chances[upper] = sampler.chances
    return chances + chances.T


def simulate_votes(rng: Random, theta: Floats, shares: Floats, votes: int) -> Comparisons:
    """Simulate votes on pairs that are drawn with these probabilities (M, M)."""
    upper = np.triu_indices(len(theta), 1)
    pairs = np.zeros_like(shares, dtype=int)
    pairs[upper] = rng.multinomial(votes, shares[upper] / shares[upper].sum())
    board: Comparisons = outcomes(rng, theta, pairs)
    return board


def run_until(
    rng: Random, theta: Floats, board: Comparisons, done: Callable[[Fit, int], bool], *, weighted: bool, batch: int
) -> Run:
    """Add batches of votes until `done` returns True."""
    votes, fit = 0, bradley_terry.fit(board)
    while not done(fit, votes):
        shares = compute_draw_shares(compute_pair_weights(board, fit)) if weighted else build_uniform_shares(len(theta))
        new = simulate_votes(rng, theta, shares, batch)
        board = Comparisons(board.labels, board.wins + new.wins, board.ties + new.ties)
        votes = votes + batch
        fit = bradley_terry.fit(board, start=fit.ratings)
    return Run(votes, board, fit)


def compute_half_widths(fit: Fit) -> Floats:
    """Return the half-widths (M,) of the intervals, or inf for open intervals."""
    return np.where(fit.unbounded, np.inf, fit.half_width)


def run_newcomers(seed: int, old: int, initial_votes: int, *, weighted: bool, batch: int = 100) -> Run:
    """Add five new models to a board, and run until the half-widths of their intervals are at most 20 points."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, SPREAD, old + NEWCOMERS)
    shares = build_uniform_shares(len(theta))
    shares[old:] = shares[:, old:] = 0
    board = simulate_votes(rng, theta, shares, initial_votes)
    return run_until(
        rng,
        theta,
        board,
        lambda fit, _: compute_half_widths(fit)[old:].max() <= NEWCOMER_WIDTH,
        weighted=weighted,
        batch=batch,
    )


def run_top(seed: int, size: int, initial_votes: int, *, weighted: bool, batch: int = 100) -> Run:
    """Start with ten close models at the top of a board, and run until their half-widths are at most 15 points."""
    rng = np.random.default_rng(seed)
    theta = np.concatenate((rng.normal(2 * SPREAD, 0.1, TOP), np.minimum(rng.normal(0, SPREAD, size - TOP), 0.6)))
    board = simulated(rng, theta, initial_votes)
    return run_until(
        rng,
        theta,
        board,
        lambda fit, _: compute_half_widths(fit)[:TOP].max() <= TOP_WIDTH,
        weighted=weighted,
        batch=batch,
    )


def check_coverage(seed: int, size: int, votes: int, batch: int = 100) -> Flags:
    """Return which intervals (M,) contain the true rating after this many weighted votes on an empty board."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, SPREAD, size)
    run = run_until(rng, theta, simulated(rng, theta, 0), lambda _, cast: cast >= votes, weighted=True, batch=batch)
    return is_covered(run.fit, theta)


def is_covered(fit: Fit, theta: Floats) -> Flags:
    truth = MEAN_RATING + ELO_SCALE * (theta - theta[~fit.unbounded].mean())
    inside: Flags = (fit.ci_low <= truth) & (truth <= fit.ci_high)
    return inside


def measure_opponents(run: Run) -> tuple[float, float]:
    """Return the smallest effective number of opponents of a new model, and the largest share of a single opponent.

    The effective number is exp of the entropy of the opponents' shares.
    """
    votes = run.board.votes[-NEWCOMERS:]
    share = votes / votes.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(np.where(share > 0, share, 1))).sum(axis=1)
    return float(np.exp(entropy).min()), float(share.max())


def compare(name: str, run_scenario: Callable[..., Run], size: int, initial_votes: int, runs: int) -> list[Run]:
    weighted = [run_scenario(seed, size, initial_votes, weighted=True) for seed in range(runs)]
    uniform_votes = [run_scenario(seed, size, initial_votes, weighted=False, batch=500).votes for seed in range(runs)]
    weighted_votes = [run.votes for run in weighted]
    ratios = np.array(uniform_votes) / weighted_votes
    print(
        f"{name:<12}{size:>7}{initial_votes:>9}{np.median(uniform_votes):>10.0f}{np.median(weighted_votes):>10.0f}"
        f"{np.median(ratios):>8.2f} ({ratios.min():.2f} to {ratios.max():.2f}){100 / np.median(ratios):>8.0f}%",
        flush=True,
    )
    return weighted


def show_coverage(runs: int) -> None:
    for size, votes in ((12, 2000), (30, 10_000)):
        hits = [check_coverage(seed, size, votes) for seed in range(runs)]
        print(f"coverage of 95% intervals, {size} models, {votes} votes, {runs} runs: {100 * np.mean(hits):.2f}%")


def show_time(sizes: Iterable[tuple[int, int]]) -> None:
    for size, votes in sizes:
        rng = np.random.default_rng(1)
        board = simulated(rng, rng.normal(0, SPREAD, size), votes)
        fit = bradley_terry.fit(board)
        durations = []
        for _ in range(RUNS):
            started = process_time()
            compute_pair_weights(board, fit)
            durations.append(process_time() - started)
        print(f"weights of {size} models: {1000 * np.median(durations):.1f} ms of CPU, median of {RUNS}")


def main(runs: int, coverage_runs: int) -> None:
    show_time([(200, 1_000_000), (1000, 2_000_000)])
    print(f"{'until':<12}{'models':>7}{'before':>9}{'uniform':>10}{'weighted':>10}{'ratio':>8} (lowest to highest)")
    for size, initial_votes in ((100, 50_000), (100, 200_000), (200, 100_000), (200, 400_000)):
        opponents = [measure_opponents(run) for run in compare("newcomers", run_newcomers, size, initial_votes, runs)]
        print(
            f"{'':<12}opponents: at least {min(count for count, _ in opponents):.0f}, "
            f"largest share {max(share for _, share in opponents):.1%}"
        )
    for size, initial_votes in ((100, 20_000), (100, 0), (50, 10_000), (30, 0)):
        compare("top ten", run_top, size, initial_votes, runs)
    show_coverage(coverage_runs)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]) if sys.argv[1:] else (RUNS, COVERAGE_RUNS))
