"""Measures the coverage of intervals, rank ranges, and tiers, with more runs of the tests' simulations."""

import sys

from tests.ratings import simulations

RUNS = 1000


def main(runs: int) -> None:
    of_boards(runs)
    of_few_voters(runs)
    of_ranks(runs)


def of_boards(runs: int) -> None:
    print(f"{runs} runs each")
    print(f"95% intervals, 50 models, 20,000 votes, 25% ties:        {simulations.of_intervals(runs):.2%}")
    print(f"a model with 100 votes on a board of 10,000,000:         {simulations.of_a_newcomer(runs):.2%}")
    plain, clustered = simulations.of_voters_with_tastes(runs)
    print(f"20 voters with different tastes, 100 votes each:         {clustered:.2%} clustered, {plain:.2%} plain")


def of_few_voters(runs: int) -> None:
    print(f"{runs} runs each: 4 models, 400 votes; fitted intervals, clustered with a normal quantile, and plain")
    for name, voters in simulations.FEW.items():
        show(name, simulations.of_few_voters(runs, voters))
    show("a new model with 5 of 300 voters", simulations.of_a_newcomer_of_few_voters(runs))


def show(name: str, held: simulations.Held) -> None:
    print(f"    {name:40} {held.fitted:.1%} {held.normal:.1%} {held.plain:.1%}", flush=True)


def of_ranks(runs: int) -> None:
    for spread in (78, 20):
        held = simulations.of_ranks(runs, spread)
        print(f"spread of strengths {spread}: rank ranges cover {held.ranges:.2%} for the worst of 50 models,")
        narrower = 1 - held.width / held.overlapping
        print(f"    all tiers {held.tiers:.2%}; ranges are {narrower:.0%} narrower than from overlapping intervals")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else RUNS)
