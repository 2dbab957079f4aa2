"""Linear regression of ratings on benchmark scores, to find models on which a benchmark and the voters disagree.

If a model is far below the line, voters like it less than its score predicts. If it is far above the line, they like it
more. A large residual does not prove anything: it can be due to overfitting, leakage, a narrow test, style, or chance.

Every web process loads this module, but few pages show a regression. So numpy is imported only inside the functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import TYPE_CHECKING, Literal

from core.text.proportions import Z95

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

MIN_MODELS = 12
MIN_OUTLIER_Z = 1.5
MAX_RANGE = 10**9  # of scores, and of ratings
RELATIVE_TOLERANCE = 1e-9
# With a lower rank correlation, the scores are not a useful predictor of the ratings.
MIN_CORRELATION = 0.3
PERFECT_CORRELATION = 1 - 1e-12
Verdict = Literal["below", "above", "unclear", "agree"]


@dataclass(frozen=True)
class RegressionPoint:
    """One model's data and residual.

    `z` is the residual divided by the standard deviation of all residuals. `z_low` and `z_high` are the ends of its 95%
    interval, which accounts for the errors of the model's own rating and score.
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
        """The verdict is "agree" if |z| is below 1.5, and "unclear" if the interval of z contains 0.

        Otherwise it is "below" or "above".
        """
        if abs(self.z) < MIN_OUTLIER_Z:
            return "agree"
        if self.z_low <= 0 <= self.z_high:
            return "unclear"
        return "below" if self.z < 0 else "above"


@dataclass(frozen=True)
class BenchmarkRegression:
    """A least-squares line with the residuals, and the rank correlation between scores and ratings.

    `points` are sorted by residual, from lowest to highest. `sd` is the standard deviation of the residuals in Elo
    points, with n - 2 degrees of freedom. `spearman_low` and `spearman_high` are the ends of the 95% interval of the
    rank correlation.
    """

    points: tuple[RegressionPoint, ...]
    slope: float
    intercept: float
    sd: float
    spearman: float
    spearman_low: float
    spearman_high: float

    @property
    def has_lost_signal(self) -> bool:
        """True if the benchmark no longer predicts the order of the ratings."""
        return self.spearman < MIN_CORRELATION


def regress_ratings(
    names: Sequence[str],
    scores: "ArrayLike",
    ratings: "ArrayLike",
    rating_se: "ArrayLike" = 0.0,
    score_se: "ArrayLike" = 0.0,
) -> BenchmarkRegression:
    """Return the regression of ratings on scores. There must be at least `MIN_MODELS` models.

    rating_se, score_se: standard errors, or 0 where the error is unknown.

    Raises ValueError if all scores or all ratings are equal, or if two of them differ by a billion or more.
    """
    import numpy as np

    x, y, noise_x, noise_y = (
        np.broadcast_to(np.asarray(numbers, dtype=float), len(names))
        for numbers in (scores, ratings, score_se, rating_se)
    )
    if not all(0 < np.ptp(numbers) < MAX_RANGE for numbers in (x, y)):
        raise ValueError("All scores, or all ratings, are the same or too far apart.")
    slope = float((x - x.mean()) @ (y - y.mean()) / np.sum((x - x.mean()) ** 2))
    intercept = float(y.mean() - slope * x.mean())
    expected = intercept + slope * x
    sd = sqrt(float(np.sum((y - expected) ** 2)) / (len(names) - 2))
    unit = sd if sd > RELATIVE_TOLERANCE * np.ptp(y) else np.inf  # infinite if all models are on the line
    residuals = (y - expected) / unit
    margins = Z95 * np.hypot(noise_y, slope * noise_x) / unit
    columns = (x, y, expected, residuals, residuals - margins, residuals + margins)
    points = [RegressionPoint(*row) for row in zip(names, *(column.tolist() for column in columns), strict=True)]
    spearman = float(np.corrcoef(_rank_values(x), _rank_values(y))[0, 1])
    low, high = compute_correlation_interval(spearman, len(names))
    return BenchmarkRegression(
        points=tuple(sorted(points, key=lambda point: (point.z, point.name))),
        slope=slope,
        intercept=intercept,
        sd=sd,
        spearman=spearman,
        spearman_low=low,
        spearman_high=high,
    )


def compute_correlation_interval(rho: float, n: int) -> tuple[float, float]:
    """Return the ends of the 95% interval of a rank correlation over n > 3 pairs.

    Source: D. G. Bonett and T. A. Wright, Psychometrika 65 (2000), 23-28.
    """
    if abs(rho) > PERFECT_CORRELATION:
        return rho, rho
    margin = Z95 * sqrt((1 + rho * rho / 2) / (n - 3))
    return tanh(atanh(rho) - margin), tanh(atanh(rho) + margin)


def _rank_values(values: "np.ndarray") -> "np.ndarray":
    """Return ranks that start at 1. Equal values share the mean of their ranks."""
    import numpy as np

    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[positions]
    return ranks
