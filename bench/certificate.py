"""Measures the certificate of a board's order: the CPU time of one thread, and how often its two bounds are equal.

./scripts/bench certificate    200 models and 50,000 voters, with a mean of about three votes each and at most 150
"""

import time

import numpy as np

from bench.figures import render_table
from ratings.statistics import bradley_terry, certificate
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.constants import ELO_SCALE

MODELS = 200
VOTERS = 50_000
MAX_VOTES = 150
SPREAD = 100 / ELO_SCALE
TIE_SHARE = 0.22
RUNS = 5
MAX_SECONDS = 1.0


def simulate_board(seed: int, models: int = MODELS, voters: int = VOTERS) -> tuple[Comparisons, VoterCounts]:
    """Return a board with votes on uniformly drawn pairs, and the counts of each voter."""
    rng = np.random.default_rng(seed)
    strengths = rng.normal(0, SPREAD, models)
    votes_each = np.minimum(np.ceil(rng.lognormal(0.35, 1.0, voters)), MAX_VOTES).astype(int)
    voter = rng.permutation(np.repeat(np.arange(voters), votes_each))
    first = rng.integers(0, models, len(voter))
    second = (first + rng.integers(1, models, len(voter))) % models
    chance = 1 / (1 + np.exp(strengths[second] - strengths[first]))
    outcome = np.where(rng.random(len(voter)) < TIE_SHARE, 0.5, rng.random(len(voter)) < chance)
    board = Comparisons.from_votes(first, second, outcome)
    counts = (outcome == result for result in (1, 0, 0.5))
    return board, VoterCounts(voter, first, second, *(count.astype(np.float64) for count in counts))


def main() -> None:
    columns = {}
    for seed in range(RUNS):
        board, voters = simulate_board(seed)
        order = np.argsort(-bradley_terry.fit(board).ratings).tolist()
        started = time.process_time()
        result = certificate.certify_order(board, voters, order)
        seconds = time.process_time() - started
        exact = sum(removal.at_least == removal.at_most for removal in result.pairs)
        columns[f"seed {seed}"] = {
            "votes": f"{voters.votes.sum():,.0f}",
            "CPU seconds": f"{seconds:.2f}",
            "pairs with equal bounds": f"{exact} of {len(result.pairs)}",
        }
    print(render_table(columns))
    print(f"target: {MAX_SECONDS} s")


if __name__ == "__main__":
    main()
