"""Half-widths of intervals from two covariances: by the votes one by one, and clustered by voter. Pure.

Few voters, or one voter with most of the votes, reveal less about how tastes differ than a normal quantile assumes. So
a clustered error is multiplied by the quantile of Student's t for the voters in effect less one, and no interval is
narrower than the plain one. This covers 95% with 5 voters of similar size, and also with 5 voters of whom one has 60%
of the votes (see `bench.coverage`). Voters in effect are those of L. Kish, Survey Sampling (1965), by information
instead of weight. The t quantile for few clusters is that of R. M. Bell and D. F. McCaffrey, Survey Methodology 28
(2002).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri, stdtrit

from ratings.statistics.vote_arrays import Floats, Indices

# The chance below the upper end of a two-sided 95% interval.
UPPER_PROBABILITY = 0.975


@dataclass(frozen=True, eq=False)
class Spread:
    """The joint uncertainty of M strengths.

    covariance (M, M): the sandwich covariance. degrees (M,): the degrees of freedom of each model's error; inf where
    it is not clustered. plain (M, M): the sandwich covariance of the votes one by one; the same array as `covariance`
    where nothing is clustered.
    """

    covariance: Floats
    plain: Floats
    degrees: Floats

    @classmethod
    def unclustered(cls, covariance: Floats) -> Self:
        """Return the spread of votes that all count one by one."""
        return cls(covariance, covariance, np.full(len(covariance), np.inf))

    def select_models(self, models: Indices) -> "Spread":
        """Return the spread of these models only."""
        inside = np.ix_(models, models)
        covariance = self.covariance[inside]
        plain = covariance if self.plain is self.covariance else self.plain[inside]
        return Spread(covariance, plain, self.degrees[models])

    def compute_half_widths(self, upper: float = UPPER_PROBABILITY) -> Floats:
        """(M,): half-width of the interval of each strength; `upper` is the chance below its upper end."""
        clustered = stdtrit(self.degrees, upper) * np.sqrt(self.covariance.diagonal())
        widths: Floats = np.maximum(clustered, ndtri(upper) * np.sqrt(self.plain.diagonal()))
        return widths

    def compute_difference_half_widths(self, upper: float = UPPER_PROBABILITY) -> Floats:
        """(M, M): half-width of the interval of each difference, by the fewer degrees of freedom of the two."""
        plain: Floats = ndtri(upper) * compute_difference_errors(self.plain)
        if self.plain is self.covariance:
            return plain
        quantile = stdtrit(self.degrees, upper)
        # Fewer degrees of freedom give a larger quantile.
        clustered = np.maximum(quantile[:, None], quantile) * compute_difference_errors(self.covariance)
        widths: Floats = np.maximum(clustered, plain)
        return widths


def compute_difference_errors(covariance: Floats) -> Floats:
    """(M, M): the errors of all differences; rounding does not take a variance below zero."""
    own = covariance.diagonal()
    errors: Floats = np.sqrt(np.maximum(own[:, None] + own - 2 * covariance, 0))
    return errors


def compute_degrees_of_freedom(information: Floats, squares: Floats) -> Floats:
    """Voters in effect less one, but at least one.

    information (M,): the sum over voters of the information of each. squares (M,): the sum of its squares.
    """
    effective_voters = np.divide(information**2, squares, out=np.ones_like(information), where=squares > 0)
    degrees: Floats = np.maximum(effective_voters - 1, 1.0)
    return degrees
