"""Votes with the style of both answers, the input of `ratings.statistics.style_control`, and sums over them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.likelihood import build_laplacian, compute_lead_chances
from ratings.statistics.vote_arrays import Flags, Floats, Indices, Label, count_outcomes, sum_by_pair


@dataclass(frozen=True, eq=False)
class StyledVotes:
    """N votes between M models, with K style differences.

    labels: the names of the models.
    first, second (N,): positions of the models.
    score (N,): the score of the first model: 0, 0.5, or 1.
    weight (N,): the number of identical votes, multiplied by the filter weight.
    squared_weight (N,): the number of identical votes, multiplied by the square of the filter weight.
    voter (N,): the index of each vote's voter, counting from 0, or negative if the voter is unknown. None if
        errors are not clustered by voter.
    x (K, N): style differences, in units of `scale`.
    scale (K,): the standard deviations of the differences. If one is 0, its differences are all equal, and not scaled.

    The parameters are the M strengths, followed by the K coefficients. In vote v, the first model leads by
    strength[first] - strength[second] + coefficients @ x[:, v] natural units.
    """

    labels: tuple[Label, ...]
    first: Indices
    second: Indices
    score: Floats
    weight: Floats
    squared_weight: Floats
    voter: Indices | None
    x: Floats
    scale: Floats

    @classmethod
    def from_features(
        cls,
        labels: Sequence[Label],
        models: tuple[ArrayLike, ArrayLike],
        outcome: ArrayLike,
        features: NDArray[Any],
        *,
        weight: Floats | None = None,
        filter_weight: Floats | None = None,
        voter: Indices | None = None,
    ) -> Self:
        """Return votes with the style differences (a - b) / (a + b + 1).

        labels: M distinct names or ids.
        models: two arrays (N,), the positions in `labels` of each vote's first and second model.
        outcome (N,): 1 if the first model won, 0 if the second model won, 0.5 for a tie.
        features (N, 2 K): K features of the first answer, then the same K features of the second, such as the length
            and the numbers of headers, bold marks, and list items. They must be finite and not negative.
        weight (N,): positive integers. A vote with weight n counts as n identical votes.
        filter_weight (N,): from 0 to 1, or None if it is 1 for all votes. Votes with weight 0 are excluded.
        """
        first, second = (np.asarray(side, dtype=np.intp) for side in models)
        factor = np.ones(len(first)) if filter_weight is None else filter_weight
        weights = factor if weight is None else weight * factor
        a, b = np.split(np.asarray(features.T, dtype=np.float64), 2)
        x = a - b
        x /= a + b + 1
        columns = (first, second, np.asarray(outcome, np.float64), weights, weights * factor, voter, x, np.ones(len(x)))
        votes = cls(tuple(labels), *columns).select_votes(factor > 0)
        scale = _measure_spread(votes.x, votes.weight)
        return replace(votes, x=votes.x / np.where(scale > 0, scale, 1.0)[:, None], scale=scale)

    def select_votes(self, votes: Flags) -> Self:
        """Return the selected votes only. `votes` is a mask of length N."""
        if votes.all():
            return self
        columns = {name: column for name, column in vars(self).items() if name not in ("labels", "scale")}
        return replace(self, **{name: column[..., votes] for name, column in columns.items() if column is not None})

    def select_styles(self, styles: Flags) -> Self:
        """Return the votes with the selected style columns only. `styles` is a mask of length K."""
        return self if styles.all() else replace(self, x=self.x[styles], scale=self.scale[styles])

    def to_comparisons(self) -> Comparisons:
        """Return the total weight of the votes on each pair, by outcome."""
        columns = (len(self.labels), self.first, self.second, self.score)
        amounts = (self.weight, self.squared_weight)
        return Comparisons(self.labels, *(matrix for amount in amounts for matrix in count_outcomes(*columns, amount)))

    def compute_leads(self, parameters: Floats) -> Floats:
        """Return the lead of the first model in each vote (N,), in natural units."""
        lead: Floats = parameters[self.first] - parameters[self.second]
        lead += parameters[len(self.labels) :] @ self.x
        return lead

    def compute_residuals(self, leads: Floats) -> tuple[Floats, Floats]:
        """Return score minus probability (N,), and the information probability * (1 - probability) (N,)."""
        p, q = compute_lead_chances(leads)
        # If p is near 1, the subtraction score - p would lose all precision.
        return self.score * q - (1 - self.score) * p, p * q

    def sum_derivatives(self, amount: Floats) -> Floats:
        """Return the sum over votes of amount * d (M + K,), where d is the gradient of the lead."""
        return np.append(_subtract_sides(self._sum_by_pair(amount)), self.x @ amount)

    def sum_outer_products(self, amount: Floats) -> Floats:
        """Return the sum over votes of amount * d d' (M + K, M + K), where d is the gradient of the lead."""
        pairs = self._sum_by_pair(amount)
        mixed, styles = np.empty((len(self.x), len(pairs))), np.empty((len(self.x), len(self.x)))
        for k, style in enumerate(self.x):
            part = style * amount
            mixed[k] = _subtract_sides(self._sum_by_pair(part))
            styles[k] = self.x @ part
        return np.block([[build_laplacian(pairs + pairs.T), mixed.T], [mixed, styles]])

    def _sum_by_pair(self, amount: Floats) -> Floats:
        return sum_by_pair(len(self.labels), self.first, self.second, amount)


def _subtract_sides(pairs: Floats) -> Floats:
    """Return the sum of each model's pairs (M,). Pairs in which it is the second model are subtracted."""
    difference: Floats = pairs.sum(axis=1) - pairs.sum(axis=0)
    return difference


def _measure_spread(x: Floats, weight: Floats) -> Floats:
    """Return the population standard deviations of the rows of x (K,). They are exactly 0 for constant rows."""
    total = max(float(weight.sum()), 1.0)
    shifted = x - x[:, :1]
    return np.sqrt(np.maximum(shifted**2 @ weight / total - (shifted @ weight / total) ** 2, 0))
