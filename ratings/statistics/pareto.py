"""Which of several things nothing else beats in two respects at once."""

from collections.abc import Sequence


def mark_frontier(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each point is on the Pareto frontier, in their order; more is better in both numbers.

    A point is off it if another one is at least as good in both and better in one, so equal points stand or fall
    together. No number is ever divided by another: where a scale has no zero that means something, as ratings have
    none, only its order may be used.
    """
    order = sorted(range(len(points)), key=lambda place: points[place], reverse=True)
    on = [False] * len(points)
    best: tuple[float, float] | None = None
    for place in order:
        if best is None or points[place][1] > best[1]:
            best = points[place]
        on[place] = points[place] == best
    return on
