"""Measures the coverage of intervals, rank ranges, and tiers with the simulations of the tests, but with more runs."""

import sys

from tests.ratings import simulations

RUNS = 1000


def main(runs: int) -> None:
    print_board_coverage(runs)
    print_few_voter_coverage(runs)
    print_rank_coverage(runs)


def print_board_coverage(runs: int) -> None:
    print(f"{runs} runs each")
    print(f"95% intervals, 50 models, 20,000 votes, 25% ties:        {simulations.of_intervals(runs):.2%}")
    print(f"a model with 100 votes on a board of 10,000,000:         {simulations.of_a_newcomer(runs):.2%}")
    plain, clustered = simulations.of_voters_with_tastes(runs)
    print(f"20 voters with different tastes, 100 votes each:         {clustered:.2%} clustered, {plain:.2%} plain")


def print_few_voter_coverage(runs: int) -> None:
    print(f"{runs} runs each: 4 models, 400 votes; fitted intervals, clustered with a normal quantile, and plain")
    for name, voters in simulations.FEW.items():
        print_row(name, simulations.of_few_voters(runs, voters))
    print_row("a new model with 5 of 300 voters", simulations.of_a_newcomer_of_few_voters(runs))


def print_row(name: str, coverage: simulations.Held) -> None:
    print(f"    {name:40} {coverage.fitted:.1%} {coverage.normal:.1%} {coverage.plain:.1%}", flush=True)


def print_rank_coverage(runs: int) -> None:
    for spread in (78, 20):
        coverage = simulations.of_ranks(runs, spread)
        print(f"spread of strengths {spread}: rank ranges cover {coverage.ranges:.2%} for the worst of 50 models,")
        narrower = 1 - coverage.width / coverage.overlapping
        print(f"    all tiers {coverage.tiers:.2%}; ranges are {narrower:.0%} narrower than from overlapping intervals")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else RUNS)
