"""The Pareto frontier: the points that no other point beats in both numbers at once."""

from collections.abc import Sequence


def mark_frontier(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Return whether each point is on the Pareto frontier, in the order of the points; more is better in both numbers.

    A point is off the frontier if another point is at least as good in both numbers and better in one, so equal points
    are both on it or both off it. No number is divided by another: a scale without a meaningful zero, such as the
    rating scale, gives only an order.
    """
    order = sorted(range(len(points)), key=lambda position: points[position], reverse=True)
    is_on_frontier = [False] * len(points)
    best: tuple[float, float] | None = None
    for position in order:
        if best is None or points[position][1] > best[1]:
            best = points[position]
        is_on_frontier[position] = points[position] == best
    return is_on_frontier
