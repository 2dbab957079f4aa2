"""Logarithmic axes of the calculators' plots, which are drawn as SVG. This module does not use Django."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True)
class LogAxis:
    """A logarithmic axis with values from `low` to `high`, drawn from `start` to `end` in units of the plot."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        share = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def decades(self) -> list[float]:
        """The powers of ten on the axis, at most eight of them."""
        first = ceil(log10(self.low) - 1e-9)
        last = floor(log10(self.high) + 1e-9)
        step = 1 + (last - first) // 8
        return [10.0**exponent for exponent in range(first, last + 1, step)]

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Pairs of a position and a value."""
        return [(self.place(decade), decade) for decade in self.decades]

    def list_values(self, number: int) -> list[float]:
        """Return `number` values, at least two, that are equally spaced on the axis."""
        ratio = (self.high / self.low) ** (1 / (number - 1))
        return [self.low * ratio**step for step in range(number)]


def build_axis(values: Iterable[float], start: float, end: float, margin: float = 1.0) -> LogAxis:
    """Return the axis of whole decades that contains all positive values. There must be at least one.

    margin: the minimum ratio between each value and either end of the axis.
    """
    positive_values = [value for value in values if value > 0]
    low = floor(log10(min(positive_values) / margin))
    high = ceil(log10(max(positive_values) * margin))
    return LogAxis(10.0**low, 10.0 ** max(high, low + 1), start, end)


def build_path(points: Iterable[tuple[float, float]]) -> str:
    """Return the SVG path of a line through these points, of which there must be at least one."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
