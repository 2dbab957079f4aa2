"""Where a benchmark and the people of an arena disagree: ratings against scores. Pure.

A model far below the line scores higher than people prefer it, one far above is preferred beyond its score. Neither
proves anything: overfitting, leakage, a narrow test, style, or chance can do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ratings.statistics.constants import Z95

MIN_MODELS = 12
MIN_OUTLIER_Z = 1.5
MAX_VALUE = 10**9
RELATIVE_TOLERANCE = 1e-9
# Below this the order of the scores says next to nothing of the order of the ratings.
MIN_CORRELATION = 0.3
PERFECT_CORRELATION = 1 - 1e-12
Verdict = Literal["below", "above", "unclear", "agree"]


@dataclass(frozen=True)
class RegressionPoint:
    """One model. `z` is its residual in standard deviations of all; the noise of its rating and score alone could have
    put it anywhere from `z_low` to `z_high`, in 95 % of cases.

    `verdict`: "below" or "above" the line by 1.5 or more, "unclear" if noise could do that alone, else "agree".
    """

    name: str
    score: float
    rating: float
    expected: float
    z: float
    z_low: float
    z_high: float

    @property
    def verdict(self) -> Verdict:
        if abs(self.z) < MIN_OUTLIER_Z:
            return "agree"
        if self.z_low <= 0 <= self.z_high:
            return "unclear"
        return "below" if self.z < 0 else "above"


@dataclass(frozen=True)
class BenchmarkRegression:
    """The line of least squares, how far models lie from it, and how well the two orders agree.

    `points` go from the lowest to the highest residual. `sd` is that of the residuals, in Elo points, with n - 2. The
    true rank correlation lies from `spearman_low` to `spearman_high` in 95 % of cases.
    """

    points: tuple[RegressionPoint, ...]
    slope: float
    intercept: float
    sd: float
    spearman: float

    @property
    def spearman_low(self) -> float:
        return compute_correlation_interval(self.spearman, len(self.points))[0]

    @property
    def spearman_high(self) -> float:
        return compute_correlation_interval(self.spearman, len(self.points))[1]

    @property
    def lost(self) -> bool:
        """Whether the benchmark no longer tells who is preferred."""
        return self.spearman < MIN_CORRELATION


def regress_ratings(
    names: Sequence[str],
    scores: ArrayLike,
    ratings: ArrayLike,
    rating_se: ArrayLike = 0.0,
    score_se: ArrayLike = 0.0,
) -> BenchmarkRegression:
    """Regress ratings on scores; errors are standard errors, 0 where none is known.

    Raises ValueError below twelve models, if a number is none or beyond all sense, or if all scores, or all ratings,
    are the same.
    """
    x, y = _check_numbers("scores", scores, len(names)), _check_numbers("ratings", ratings, len(names))
    noise_y, noise_x = (_check_numbers("errors", each, len(names)) for each in (rating_se, score_se))
    if len(names) < MIN_MODELS:
        raise ValueError(f"It takes {MIN_MODELS} models that have both; here are {len(names)}.")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise ValueError("All scores, or all ratings, are the same.")
    slope = float((x - x.mean()) @ (y - y.mean()) / np.sum((x - x.mean()) ** 2))
    intercept = float(y.mean() - slope * x.mean())
    expected = intercept + slope * x
    sd = sqrt(float(np.sum((y - expected) ** 2)) / (len(names) - 2))
    unit = sd if sd > RELATIVE_TOLERANCE * np.ptp(y) else np.inf  # all on the line: nothing is left to tell apart
    z, reach = (y - expected) / unit, Z95 * np.hypot(noise_y, slope * noise_x) / unit
    rows = zip(names, x.tolist(), y.tolist(), expected.tolist(), z.tolist(), reach.tolist(), strict=True)
    points = [RegressionPoint(name, s, r, e, z, z - reach, z + reach) for name, s, r, e, z, reach in rows]
    ordered = tuple(sorted(points, key=lambda point: (point.z, point.name)))
    return BenchmarkRegression(
        ordered, slope, intercept, sd, float(np.corrcoef(_rank_values(x), _rank_values(y))[0, 1])
    )


def compute_correlation_interval(rho: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a rank correlation over n > 3 pairs (Bonett and Wright 2000, Psychometrika 65, 23-28)."""
    if abs(rho) > PERFECT_CORRELATION:
        return rho, rho
    reach = Z95 * sqrt((1 + rho * rho / 2) / (n - 3))
    return tanh(atanh(rho) - reach), tanh(atanh(rho) + reach)


def _rank_values(values: np.ndarray) -> np.ndarray:
    """From 1; equal values share the mean of their ranks."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(times) - (times - 1) / 2)[place]
    return ranks


def _check_numbers(what: str, values: ArrayLike, size: int) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.ndim and found.shape != (size,):
        raise ValueError(f"There are {found.size} {what} for {size} models.")
    if not (np.abs(found) < MAX_VALUE).all():
        raise ValueError(f"The {what} must be finite numbers of less than {MAX_VALUE:,}.")
    return np.broadcast_to(found, (size,))
