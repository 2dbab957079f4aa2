"""Conversion of votes to arrays: names and ids to positions, and outcomes to counts.

Invalid input raises a ValueError that identifies the vote.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Label: TypeAlias = str | int
Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]
Ids: TypeAlias = NDArray[np.integer[Any]]

# If the range of the ids is at most this (or at most the number of votes), a lookup table is faster than sorting.
_MAX_ID_SPAN = 1_000_000
# If all ids are below this, they are used as positions directly.
_MAX_DIRECT_IDS = 512
_CHUNK_SIZE = 1 << 18


def encode_models(model_a: ArrayLike, model_b: ArrayLike) -> tuple[Sequence[Label], Ids, Ids]:
    """Return labels, and each vote's two models as positions in the labels (N,). Some labels might have no votes.

    Raises ValueError unless the models are all names or all integer ids.
    """
    sides = [_as_ids(model_a), _as_ids(model_b)]
    if sides[0] is not None and sides[1] is not None:
        return _encode_ids(sides[0], sides[1])
    encoded_sides = [_encode_names(side) for side in (model_a, model_b)]
    distinct = set[Any]().union(*(names for names, _ in encoded_sides))
    if not all(isinstance(name, str) and name for name in distinct):
        raise ValueError("model_a and model_b must both be names (text, not empty) or both whole-number ids")
    labels = sorted(distinct)
    first, second = (look_up_positions(labels, list(names))[codes] for names, codes in encoded_sides)
    return labels, first, second


def _encode_names(values: Any) -> tuple[Sequence[Any], Indices]:
    """Return the distinct names, and the position of each value in them (N,)."""
    if hasattr(values, "factorize"):  # a data frame column, which does not have to be converted to a list
        codes, names = values.factorize(use_na_sentinel=False)
        return list(names), np.asarray(codes, dtype=np.intp)
    listed = as_list(values)
    try:
        names = list(dict.fromkeys(listed))
        return names, look_up_positions(names, listed)
    except TypeError:  # an unhashable value is not a name
        return [None], np.zeros(0, dtype=np.intp)


def as_list(values: ArrayLike) -> list[Any]:
    """Return the values as a list. Raises ValueError if they are not a sequence or are text."""
    listed = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ValueError("votes must be lists of equal length")
    return list(listed)


def _as_ids(values: ArrayLike) -> Ids | None:
    """Return the values as an array, or None if they are not a list of integers."""
    # Converting names to an array of fixed-width text would take longer than counting.
    if isinstance(values, Sequence) and values and isinstance(values[0], str):
        return None
    kind = getattr(getattr(values, "dtype", None), "kind", "iu")
    if kind not in "iu":
        return None
    ids: Ids = np.asarray(values)
    return ids if ids.ndim == 1 and ids.dtype.kind in "iu" else None


def _encode_ids(a: Ids, b: Ids) -> tuple[Sequence[Label], Ids, Ids]:
    end = max(_compute_id_bound(a), _compute_id_bound(b))
    if end <= _MAX_DIRECT_IDS:
        return range(end), a, b
    nonempty = [side for side in (a, b) if side.size]
    low = min(int(side.min()) for side in nonempty)
    span = max(int(side.max()) for side in nonempty) - low + 1
    a, b = (side.astype(np.int64) for side in (a, b))
    if span <= _MAX_DIRECT_IDS:
        return range(low, low + span), a - low, b - low
    if span > max(_MAX_ID_SPAN, a.size):
        ids, codes = np.unique(np.concatenate((a, b)), return_inverse=True)
        return ids.tolist(), codes[: a.size], codes[a.size :]
    seen = np.zeros(span, dtype=bool)
    for side in (a, b):
        seen[side - low] = True
    code = np.cumsum(seen) - 1
    return (np.flatnonzero(seen) + low).tolist(), code[a - low], code[b - low]


def _compute_id_bound(ids: Ids) -> int:
    """Return the largest id plus one.

    Negative ids are read as large unsigned numbers, so a small bound also shows that no id is negative.
    """
    wide = ids.astype(np.int16) if ids.dtype == np.int8 else ids
    return int(wide.view(wide.dtype.str.replace("i", "u")).max(initial=0)) + 1


def count_outcomes(size: int, first: Ids, second: Ids, outcome: ArrayLike, weight: ArrayLike | None) -> Floats:
    """Return the losses, ties, and wins of each model against each other model (size, size, 3).

    first, second: positions of the models, all below size.
    """
    results = np.asarray(outcome)
    cells = 3 * size * size
    if weight is not None or results.dtype.kind not in "iufb" or not first.shape == second.shape == results.shape:
        double_score, weights = check_votes(first, second, outcome, weight)
        weighted_cells = (first.astype(np.intp) * size + second) * 3 + double_score
        return np.bincount(weighted_cells, weights, minlength=cells).reshape(size, size, 3).astype(np.float64)
    counts = np.zeros(cells, dtype=np.intp)
    kind = _choose_cell_type(cells)
    # Memory access takes most of the time, so the votes are processed in chunks that fit into the processor's cache.
    step = max(_CHUNK_SIZE, cells)
    for low in range(0, len(first), step):
        votes = slice(low, low + step)
        doubled = 2 * results[votes]
        with np.errstate(invalid="ignore"):
            vote_cells: Ids = doubled.astype(kind)
        if vote_cells.max(initial=0) > 2 or not np.array_equal(vote_cells.astype(doubled.dtype), doubled):
            check_votes(first, second, outcome, None)  # raises an error that identifies the vote
        vote_cells += second[votes].astype(kind, copy=False) * kind.type(3)
        vote_cells += first[votes].astype(kind, copy=False) * kind.type(3 * size)
        counts += np.bincount(vote_cells.astype(np.intp), minlength=cells)
    table = counts.reshape(size, size, 3).astype(np.float64)
    if table.diagonal().any():
        check_votes(first, second, outcome, None)
    return table


def _choose_cell_type(cells: int) -> np.dtype[Any]:
    if cells < 1 << 16:
        return np.dtype(np.uint16)
    if cells < 1 << 32:
        return np.dtype(np.uint32)
    return np.dtype(np.intp)


def look_up_positions(labels: Sequence[Label], models: list[Any]) -> Indices:
    """Return each model's position in the labels, with shape (N,). Raises a ValueError that names an unknown model."""
    positions = {label: position for position, label in enumerate(labels)}
    try:
        return np.fromiter(map(positions.__getitem__, models), np.intp, len(models))
    except (KeyError, TypeError):
        unknown = next(model for model in models if model not in labels)
        raise ValueError(f"{unknown!r} is not a model on this board") from None


def check_votes(
    first: Ids, second: Ids, outcome: ArrayLike, weight: ArrayLike | None
) -> tuple[NDArray[np.int8], Floats | None]:
    """Return twice the outcome (N,), and the weights (N,) or None.

    Raises a ValueError that identifies an invalid vote.
    """
    results = as_floats("outcome", outcome)
    weights = None if weight is None else as_floats("weight", weight)
    if not first.shape == second.shape == results.shape == (results if weights is None else weights).shape:
        raise ValueError("model_a, model_b, outcome, and weight must be lists of the same length")
    raise_if_any(~((results == 1) | (results == 0) | (results == 0.5)), "outcome must be 1, 0, or 0.5: vote {}")
    raise_if_any(first == second, "vote {} compares a model with itself")
    if weights is not None:
        raise_if_any(
            ~((weights >= 1) & (weights < np.inf) & (np.floor(weights) == weights)), "weight must be 1, 2, 3 …: vote {}"
        )
    return (results * 2).astype(np.int8), weights


def check_filter_weight(filter_weight: ArrayLike, votes: int) -> Floats:
    """Return the filter weights of the votes (N,). Raises ValueError unless they are N numbers from 0 to 1."""
    weights = as_floats("filter_weight", filter_weight)
    if weights.shape != (votes,):
        raise ValueError("filter_weight must have an entry for each vote")
    raise_if_any(~((weights >= 0) & (weights <= 1)), "filter_weight must be from 0 to 1: vote {}")
    return weights


def raise_if_any(wrong: NDArray[np.bool_], message: str) -> None:
    """Raise ValueError with this message if an entry is true.

    `{}` is replaced by the position of the first such entry.
    """
    if wrong.any():
        raise ValueError(message.format(int(wrong.argmax())))


def as_floats(name: str, values: ArrayLike) -> Floats:
    """Return a new array of the values. Raises ValueError if they are not numbers."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers") from None
