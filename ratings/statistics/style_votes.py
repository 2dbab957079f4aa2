"""Votes with the style of both answers, the input of `ratings.statistics.style_control`.

Invalid input raises a ValueError that identifies the vote.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.statistics.likelihood import Flags
from ratings.statistics.style_pair_sums import CHUNK_SIZE, PairedVotes
from ratings.statistics.vote_arrays import (
    Floats,
    Indices,
    Label,
    as_floats,
    check_filter_weight,
    check_votes,
    raise_if_any,
)


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
