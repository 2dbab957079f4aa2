"""Sums over millions of votes with style.

Memory access takes most of the time in a pass over the votes, so votes on the same pair are stored together and
processed in chunks that fit into the processor's cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.likelihood import Flags, build_laplacian, compute_lead_chances
from ratings.statistics.vote_arrays import Floats, Indices, Label

CHUNK_SIZE = 8192


class _Chunk(NamedTuple):
    """A range of votes, and the runs in it. A run is a sequence of votes on one pair.

    starts: where each run starts, counted from the start of the chunk.
    """

    votes: slice
    runs: slice
    starts: Indices


class _Runs(NamedTuple):
    """The first vote and the two models of each run. No run extends beyond its chunk."""

    starts: Indices
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
        if votes.all():
            return self
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
        leads = np.empty(len(self.score))
        for chunk in self._chunks:
            leads[chunk.votes] = self._compute_lead(parameters, chunk)
        return leads

    def compute_residuals(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return score minus probability (N,), and the information probability * (1 - probability) (N,)."""
        p, q = compute_lead_chances(self.compute_leads(parameters))
        return self.score * q - (1 - self.score) * p, p * q

    def compute_derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Return the gradient of the log-likelihood (M + K,) and the information matrix (M + K, M + K)."""
        gradient = _VectorSum(self)
        information = _MatrixSum(self)
        for chunk in self._chunks:
            p, q = compute_lead_chances(self._compute_lead(parameters, chunk))
            score, weight = self.score[chunk.votes], self.weight[chunk.votes]
            # If p is near 1, the subtraction score - p would lose all precision.
            gradient.add(chunk, weight * (score * q - (1 - score) * p))
            information.add(chunk, weight * p * q)
        return gradient.total(), information.total()

    def sum_derivatives(self, amount: Floats) -> Floats:
        """Return the sum over votes of amount * d (M + K,), where d is the gradient of the lead."""
        vector_sum = _VectorSum(self)
        for chunk in self._chunks:
            vector_sum.add(chunk, amount[chunk.votes])
        return vector_sum.total()

    def sum_outer_products(self, amount: Floats) -> Floats:
        """Return the sum over votes of amount * d d' (M + K, M + K), where d is the gradient of the lead."""
        matrix_sum = _MatrixSum(self)
        for chunk in self._chunks:
            matrix_sum.add(chunk, amount[chunk.votes])
        return matrix_sum.total()

    @cached_property
    def runs(self) -> _Runs:
        """All runs, in the order of the votes."""
        edge = np.zeros(len(self.first), dtype=bool)
        edge[::CHUNK_SIZE] = True
        edge[1:] |= (self.first[1:] != self.first[:-1]) | (self.second[1:] != self.second[:-1])
        starts = np.flatnonzero(edge)
        return _Runs(starts, self.first[starts].astype(np.intp), self.second[starts].astype(np.intp))

    @cached_property
    def run_lengths(self) -> Indices:
        """The number of votes in each run."""
        return np.diff(self.runs.starts, append=len(self.first))

    @cached_property
    def _chunks(self) -> list[_Chunk]:
        starts = self.runs.starts
        size = len(self.first)
        edges = np.append(np.arange(0, size, CHUNK_SIZE), size)
        within = np.searchsorted(starts, edges)
        return [
            _Chunk(slice(low, high), slice(start, end), starts[start:end] - low)
            for low, high, start, end in zip(edges[:-1], edges[1:], within[:-1], within[1:], strict=True)
        ]

    def _compute_lead(self, parameters: Floats, chunk: _Chunk) -> Floats:
        first = self.runs.first[chunk.runs]
        second = self.runs.second[chunk.runs]
        lead: Floats = np.repeat(parameters[first] - parameters[second], self.run_lengths[chunk.runs])
        lead += (parameters[self.model_count :] / self.scale) @ self.x[:, chunk.votes]
        return lead


class _VectorSum:
    """Sums values of votes into a vector with one entry per parameter."""

    def __init__(self, votes: PairedVotes) -> None:
        self._votes = votes
        self._run_sums = np.zeros(len(votes.run_lengths))
        self._style_sums = np.zeros(len(votes.scale))

    def add(self, chunk: _Chunk, amount: Floats) -> None:
        self._run_sums[chunk.runs] = np.add.reduceat(amount, chunk.starts)
        self._style_sums += self._votes.x[:, chunk.votes] @ amount

    def total(self) -> Floats:
        return np.append(_sum_by_model(self._votes, self._run_sums), self._style_sums / self._votes.scale)


class _MatrixSum:
    """Sums values of votes into a matrix with one row and one column per parameter."""

    def __init__(self, votes: PairedVotes) -> None:
        self._votes = votes
        runs = len(votes.run_lengths)
        styles = len(votes.scale)
        self._run_sums = np.zeros(runs)
        self._mixed_sums = np.zeros((styles, runs))
        self._style_sums = np.zeros((styles, styles))

    def add(self, chunk: _Chunk, amount: Floats) -> None:
        x = self._votes.x[:, chunk.votes]
        scaled = x * amount
        self._run_sums[chunk.runs] = np.add.reduceat(amount, chunk.starts)
        self._mixed_sums[:, chunk.runs] = np.add.reduceat(scaled, chunk.starts, axis=1)
        self._style_sums += scaled @ x.T

    def total(self) -> Floats:
        size = self._votes.model_count
        scale = self._votes.scale
        _, first, second = self._votes.runs
        pairs = np.bincount(first * size + second, self._run_sums, size * size).astype(np.float64).reshape(size, size)
        mixed = np.reshape([_sum_by_model(self._votes, row) for row in self._mixed_sums], (-1, size)) / scale[:, None]
        strengths = build_laplacian(pairs + pairs.T)
        styles = self._style_sums / scale / scale[:, None]
        return np.block([[strengths, mixed.T], [mixed, styles]])


def _sum_by_model(votes: PairedVotes, run_sums: Floats) -> Floats:
    """Return the sum of each model's runs (M,). Runs in which it is the second model are subtracted."""
    _, first, second = votes.runs
    total = np.bincount(first, run_sums, votes.model_count) - np.bincount(second, run_sums, votes.model_count)
    return total.astype(np.float64)
