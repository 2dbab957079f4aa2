"""Proportions with their 95% intervals."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)  # standard errors on each side of a 95% interval


@dataclass(frozen=True)
class Proportion:
    """A proportion in percent with its Wilson 95% interval (E. B. Wilson, JASA 22, 1927). `whole` must not be 0."""

    part: float
    whole: int

    @property
    def percent(self) -> float:
        return 100 * self.part / self.whole

    @property
    def low(self) -> float:
        return max(self._middle - self._half_width, 0.0)

    @property
    def high(self) -> float:
        return min(self._middle + self._half_width, 100.0)

    @property
    def includes_half(self) -> bool:
        """True if the interval contains 50%."""
        return self.low <= 50 <= self.high

    @property
    def _middle(self) -> float:
        spread = Z95**2 / self.whole
        return (self.percent + 50 * spread) / (1 + spread)

    @property
    def _half_width(self) -> float:
        spread = Z95**2 / self.whole
        rate = self.part / self.whole
        return 100 * sqrt(spread * (rate * (1 - rate) + spread / 4)) / (1 + spread)


def compute_proportion(part: float, whole: int) -> Proportion | None:
    """Return the proportion, or None if the whole is 0."""
    return Proportion(part, whole) if whole else None
