"""Half-widths of intervals, from a plain covariance and from a covariance that is clustered by voter.

With few voters, or with one voter who cast most of the votes, a normal quantile gives intervals that are too narrow. So
a clustered error is multiplied by a quantile of Student's t distribution. Its degrees of freedom are the effective
number of voters minus one. In addition, no interval is narrower than the plain one. These intervals cover the true
value in at least 95% of cases with 5 voters who cast similar numbers of votes, and also if one of the 5 voters cast 60%
of the votes (see `bench.coverage`).

The effective number of voters follows L. Kish, Survey Sampling (1965), with information instead of weights. The use of
Student's t with few clusters follows R. M. Bell and D. F. McCaffrey, Survey Methodology 28 (2002).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from ratings.statistics.vote_arrays import Floats, Indices

# The probability below the upper end of a two-sided 95% interval.
UPPER_PROBABILITY = 0.975


@dataclass(frozen=True, eq=False)
class Spread:
    """The joint uncertainty of M strengths.

    covariance (M, M): the sandwich covariance, clustered by voter if there are enough voters.
    plain (M, M): the sandwich covariance of independent votes.
    degrees (M,): the degrees of freedom of each model's error, or inf if it is not clustered.
    """

    covariance: Floats
    plain: Floats
    degrees: Floats

    @classmethod
    def unclustered(cls, covariance: Floats) -> "Spread":
        """Return the spread of independent votes."""
        return cls(covariance, covariance, np.full(len(covariance), np.inf))

    def select_models(self, models: Indices) -> "Spread":
        """Return the spread for these models only."""
        inside = np.ix_(models, models)
        return Spread(self.covariance[inside], self.plain[inside], self.degrees[models])

    def compute_half_widths(self, upper: float = UPPER_PROBABILITY) -> Floats:
        """Return the half-width of each strength's interval (M,).

        upper: the probability below the upper end of the interval.
        """
        clustered = stdtrit(self.degrees, upper) * np.sqrt(self.covariance.diagonal())
        widths: Floats = np.maximum(clustered, ndtri(upper) * np.sqrt(self.plain.diagonal()))
        return widths

    def compute_difference_half_widths(self, upper: float = UPPER_PROBABILITY) -> Floats:
        """Return the half-width of each difference's interval (M, M).

        A difference has the smaller of its two models' degrees of freedom. `upper` is the probability below the upper
        end.
        """
        plain: Floats = ndtri(upper) * np.sqrt(compute_difference_variances(self.plain))
        quantile = stdtrit(self.degrees, upper)
        # Fewer degrees of freedom give a larger quantile.
        errors = np.sqrt(compute_difference_variances(self.covariance))
        clustered = np.maximum(quantile[:, None], quantile) * errors
        widths: Floats = np.maximum(clustered, plain)
        return widths


def compute_difference_variances(covariance: Floats) -> Floats:
    """Return the variances of all differences (M, M). Negative variances from rounding become zero."""
    variances = covariance.diagonal()
    differences: Floats = np.maximum(variances[:, None] + variances - (covariance + covariance.T), 0)
    return differences


def compute_degrees_of_freedom(information: Floats, squares: Floats) -> Floats:
    """Return the effective number of voters minus one, but at least one, for each model (M,).

    information (M,): the sum of the voters' information about each model.
    squares (M,): the sum of the squares of each voter's information about the model.
    """
    effective_voters = np.divide(information**2, squares, out=np.ones_like(information), where=squares > 0)
    degrees: Floats = np.maximum(effective_voters - 1, 1.0)
    return degrees
