"""Votes with the style of both answers, the input of `ratings.statistics.style_control`, and sums over them.

Invalid input raises a ValueError that identifies the vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.likelihood import Flags, build_laplacian, compute_lead_chances
from ratings.statistics.vote_arrays import (
    Floats,
    Indices,
    Label,
    as_floats,
    check_filter_weight,
    check_votes,
    raise_if_any,
)

CHUNK_SIZE = 1 << 15  # votes whose features fit into the processor's cache


class Runs(NamedTuple):
    """The first vote, the number of votes, and the two models of each run. A run is all votes on one pair."""

    starts: Indices
    lengths: Indices
    first: Indices
    second: Indices


@dataclass(frozen=True, eq=False)
class PairedVotes:
    """N votes between M models, sorted so that votes on the same pair are adjacent.

    first, second (N,): positions of the models.
    score (N,): the score of the first model: 0, 0.5, or 1.
    weight (N,): the number of identical votes, multiplied by the filter weight.
    squared_weight (N,): the number of identical votes, multiplied by the square of the filter weight.
    voter (N,): the index of each vote's voter, counting from 0, or negative if the voter is unknown. None if
        errors are not clustered by voter.
    x (K, N): style differences, from -1 to 1.
    scale (K,): divisors of the style differences.

    The parameters are the M strengths, followed by the K coefficients. In vote v, the first model leads by
    strength[first] - strength[second] + coefficients @ x[:, v] / scale natural units.
    """

    model_count: int
    first: NDArray[np.unsignedinteger[Any]]
    second: NDArray[np.unsignedinteger[Any]]
    score: Floats
    weight: Floats
    squared_weight: Floats
    voter: NDArray[np.int64] | None
    x: Floats
    scale: Floats

    def select_votes(self, votes: Flags) -> "PairedVotes":
        """Return the selected votes only. `votes` is a mask of length N."""
        return self if votes.all() else self._select(votes)

    def _select(self, votes: Flags | slice) -> "PairedVotes":
        return PairedVotes(
            model_count=self.model_count,
            first=self.first[votes],
            second=self.second[votes],
            score=self.score[votes],
            weight=self.weight[votes],
            squared_weight=self.squared_weight[votes],
            voter=None if self.voter is None else self.voter[votes],
            x=self.x[:, votes],
            scale=self.scale,
        )

    def select_styles(self, styles: Flags) -> "PairedVotes":
        """Return the votes with the selected style columns only. `styles` is a mask of length K."""
        if styles.all():
            return self
        return replace(self, x=self.x[styles], scale=self.scale[styles])

    def to_comparisons(self, labels: Sequence[Label]) -> Comparisons:
        """Return the total weight of the votes on each pair, by outcome."""
        size = self.model_count
        cells = (self.first.astype(np.intp) * size + self.second) * 3 + (2 * self.score).astype(np.intp)
        matrices = []
        for amount in (self.weight, self.squared_weight):
            counts = np.bincount(cells, amount, 3 * size * size).astype(np.float64)
            lost, tied, won = np.moveaxis(counts.reshape(size, size, 3), 2, 0)
            matrices += [won + lost.T, tied + tied.T]
            if self.weight is self.squared_weight:
                break
        return Comparisons(tuple(labels), *matrices)

    def compute_leads(self, parameters: Floats) -> Floats:
        """Return the lead of the first model in each vote (N,), in natural units."""
        runs = self.runs
        lead: Floats = np.repeat(parameters[runs.first] - parameters[runs.second], runs.lengths)
        lead += (parameters[self.model_count :] / self.scale) @ self.x
        return lead

    def compute_residuals(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return score minus probability (N,), and the information probability * (1 - probability) (N,)."""
        p, q = compute_lead_chances(self.compute_leads(parameters))
        # If p is near 1, the subtraction score - p would lose all precision.
        return self.score * q - (1 - self.score) * p, p * q

    def compute_derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return the gradient of the log-likelihood (M + K,) and the information matrix (M + K, M + K)."""
        gradient = np.zeros(len(parameters))
        information = np.zeros((len(parameters), len(parameters)))
        for chunk in self._chunks:
            residual, variance = chunk.compute_residuals(parameters)
            gradient += chunk.sum_derivatives(chunk.weight * residual)
            information += chunk.sum_outer_products(chunk.weight * variance)
        return gradient, information

    def sum_derivatives(self, amount: Floats) -> Floats:
        """Return the sum over votes of amount * d (M + K,), where d is the gradient of the lead."""
        return np.append(self._sum_by_model(self._sum_runs(amount)), self.x @ amount / self.scale)

    def sum_outer_products(self, amount: Floats) -> Floats:
        """Return the sum over votes of amount * d d' (M + K, M + K), where d is the gradient of the lead."""
        size = self.model_count
        cells = self.runs.first * size + self.runs.second
        pairs = np.bincount(cells, self._sum_runs(amount), size * size).astype(np.float64).reshape(size, size)
        mixed = np.empty((len(self.scale), size))
        styles = np.empty((len(self.scale), len(self.scale)))
        for k, scale in enumerate(self.scale.tolist()):
            scaled = self.x[k] * amount / scale
            mixed[k] = self._sum_by_model(self._sum_runs(scaled))
            styles[k] = self.x @ scaled / self.scale
        return np.block([[build_laplacian(pairs + pairs.T), mixed.T], [mixed, styles]])

    @cached_property
    def runs(self) -> Runs:
        edge = np.ones(len(self.first), dtype=bool)
        edge[1:] = (self.first[1:] != self.first[:-1]) | (self.second[1:] != self.second[:-1])
        starts = np.flatnonzero(edge)
        lengths = np.diff(starts, append=len(self.first))
        return Runs(starts, lengths, self.first[starts].astype(np.intp), self.second[starts].astype(np.intp))

    @cached_property
    def _chunks(self) -> list["PairedVotes"]:
        """These votes in parts that fit into the processor's cache, because memory access takes most of the time."""
        starts = range(0, len(self.first), CHUNK_SIZE)
        return [self._select(slice(start, start + CHUNK_SIZE)) for start in starts]

    def _sum_runs(self, amount: Floats) -> Floats:
        return np.add.reduceat(amount, self.runs.starts) if len(amount) else np.zeros(0)

    def _sum_by_model(self, run_sums: Floats) -> Floats:
        """Return the sum of each model's runs (M,). Runs in which it is the second model are subtracted."""
        total = np.bincount(self.runs.first, run_sums, self.model_count)
        return (total - np.bincount(self.runs.second, run_sums, self.model_count)).astype(np.float64)


class StyledVotes:
    """N votes between M models, with the style of both answers.

    labels: M distinct names or ids.
    models: two arrays (N,), the positions in `labels` of each vote's first and second model.
    outcome (N,): 1 if the first model won, 0 if the second model won, 0.5 for a tie.
    features (N, 2 K): K features of the first answer, then the same K features of the second, such as the length and
        the numbers of headers, bold marks, and list items. They must not be negative. Votes with NaN are excluded.
    weight (N,): positive integers. A vote with weight n counts as n identical votes.
    filter_weight (N,): from 0 to 1, or None if it is 1 for all votes. Votes with weight 0 are excluded.
    voter (N,): the index of each vote's voter, counting from 0. It is negative if the voter is unknown.
    """

    def __init__(
        self,
        labels: Sequence[Label],
        models: tuple[ArrayLike, ArrayLike],
        outcome: ArrayLike,
        features: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        filter_weight: ArrayLike | None = None,
        voter: ArrayLike | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self.first, self.second = (_check_positions(side, len(self.labels)) for side in models)
        self.double_score, self.weight = check_votes(self.first, self.second, outcome, weight)
        # A mask of the votes that are not excluded, or None if no vote is excluded.
        self.features, self.is_included = _check_features(features, len(self.double_score))
        self.filter_weight = None
        if filter_weight is not None:
            self.filter_weight = check_filter_weight(filter_weight, len(self.double_score))
            has_weight = self.filter_weight > 0
            self.is_included = has_weight if self.is_included is None else self.is_included & has_weight
        self.voter = None if voter is None else _check_integers("voter", voter)
        if self.voter is not None and self.voter.shape != self.double_score.shape:
            raise ValueError("voter must have an entry for each vote")

    def group_by_pair(self) -> PairedVotes:
        """Return the votes that are not excluded, sorted by pair.

        The scale of each style difference is its population standard deviation.
        """
        # Sorting small integers takes a tenth of the time.
        small = np.min_scalar_type(len(self.labels))
        first = self.first.astype(small)
        second = self.second.astype(small)
        order = np.lexsort((second, first))
        if self.is_included is not None:
            order = order[self.is_included[order]]
        weight = np.ones(len(order)) if self.weight is None else self.weight[order]
        squared_weight = weight
        if self.filter_weight is not None:
            weight = weight * self.filter_weight[order]
            squared_weight = weight * self.filter_weight[order]
        x, scale = _compute_differences(self.features, order, weight)
        return PairedVotes(
            model_count=len(self.labels),
            first=first[order],
            second=second[order],
            score=self.double_score[order] / 2,
            weight=weight,
            squared_weight=squared_weight,
            voter=None if self.voter is None else self.voter[order],
            x=x,
            scale=scale,
        )


def _compute_differences(features: NDArray[Any], order: Indices, weight: Floats) -> tuple[Floats, Floats]:
    """Return the style differences (a - b) / (a + b + 1) of the votes in this order, and their standard deviations.

    The shapes are (K, n) and (K,). The standard deviations are those of the population.
    """
    styles = features.shape[1] // 2
    size = len(order)
    x = np.empty((styles, size))
    sums = np.zeros(styles)
    squares = np.zeros(styles)
    shift = np.zeros(styles)
    for low in range(0, size, CHUNK_SIZE):
        votes = slice(low, low + CHUNK_SIZE)
        block = features.take(order[votes], axis=0).astype(np.float64, copy=False)
        for k in range(styles):
            a = block[:, k]
            b = block[:, styles + k]
            row = x[k, votes]
            np.divide(a - b, a + b + 1, out=row)
            # The first difference is subtracted from all of them, so the sums are exactly 0 if the differences are
            # equal, and precise if they hardly vary.
            if low == 0:
                shift[k] = row[0]
            shifted = row - shift[k]
            weighted = shifted * weight[votes]
            sums[k] += weighted.sum()
            squares[k] += weighted @ shifted
    total = max(float(weight.sum()), 1.0)
    return x, np.sqrt(np.maximum(squares / total - (sums / total) ** 2, 0))


def _check_integers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim != 1 or not (array.dtype.kind in "iu" or array.size == 0):
        raise ValueError(f"{name} must be a list of whole numbers")
    return array.astype(np.int64, copy=False)


def _check_positions(side: ArrayLike, size: int) -> Indices:
    positions = _check_integers("positions of models", side)
    if positions.size and not 0 <= int(positions.min()) <= int(positions.max()) < size:
        raise_if_any((positions < 0) | (positions >= size), "vote {} has a model that is not among the labels")
    return positions


def _check_features(features: ArrayLike, votes: int) -> tuple[NDArray[Any], Flags | None]:
    """Return the features (N, 2 K), and a mask (N,) of the votes that have them, or None if all votes do."""
    table = np.asarray(features)
    if table.dtype.kind not in "iuf":
        table = as_floats("features", features)
    if table.ndim != 2 or len(table) != votes or table.shape[1] % 2:
        raise ValueError(f"features must have {votes} rows, each with the features of both answers")
    if (table < 0).any():
        raise_if_any(np.any(table < 0, axis=1), "vote {} has a negative feature")
    if table.dtype.kind != "f":
        return table, None
    # NaN and inf propagate through a matrix product, which is four times as fast as a check of every value.
    total = table @ np.ones(table.shape[1], table.dtype)
    raise_if_any(np.isinf(total), "vote {} has an infinite feature")
    missing = np.isnan(total)
    return table, ~missing if missing.any() else None
