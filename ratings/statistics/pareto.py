"""The Pareto frontier: the points that no other point exceeds in both coordinates."""

from collections.abc import Sequence


def mark_frontier(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Return whether each point is on the Pareto frontier, in the order of the points. Larger values are better.

    A point is not on the frontier if another point is at least as good in both coordinates and better in one. Equal
    points are either both on it or both off it. Values are only compared, not divided, because ratings have no
    meaningful zero.
    """
    order = sorted(range(len(points)), key=lambda position: points[position], reverse=True)
    is_on_frontier = [False] * len(points)
    best: tuple[float, float] | None = None
    for position in order:
        if best is None or points[position][1] > best[1]:
            best = points[position]
        is_on_frontier[position] = points[position] == best
    return is_on_frontier
