"""Votes summed by who cast them: the middle of sandwiches that are clustered by voter. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ratings.vote_arrays import Floats, Ids, Indices

# Columns (E,), or one for all, of a table with a row for each voter, and what each entry adds there (E,).
Part: TypeAlias = tuple[Ids | int, Floats]
Summand: TypeAlias = Callable[[Floats], Floats]

# So many sums of some voters stay in the cache.
_CELLS = 1 << 19
# A voter with fewer entries than one for so many columns is multiplied quicker as a sparse row.
_SPARSE = 10


def products(voter: Indices, parts: Sequence[Part], width: int) -> Floats:
    """The sum over voters of the outer products (width, width) of their sums; voter (E,) counts from 0."""
    voters = int(voter.max(initial=-1)) + 1
    if _SPARSE * len(parts) * len(voter) < voters * width:
        rows = np.tile(voter, len(parts))
        columns = np.concatenate([np.broadcast_to(column, voter.shape) for column, _ in parts])
        table = csr_array((np.concatenate([values for _, values in parts]), (rows, columns)), shape=(voters, width))
        sparse: Floats = (table.T @ table).toarray()
        return sparse
    found = np.zeros((width, width))
    for entries, row, size in _blocks(voter, width):
        cells = row * width
        at = np.concatenate([cells + (c if isinstance(c, int) else c[entries]) for c, _ in parts])
        sums = np.bincount(at, np.concatenate([values[entries] for _, values in parts]), size * width)
        block = sums.reshape(size, width)
        found += block.T @ block
    return found


def totals(voter: Indices, sides: Sequence[Indices], amount: Floats, width: int, of: Sequence[Summand]) -> list[Floats]:
    """(width,) for each function: its sum over voters, applied to what each voter adds up to in a column.

    voter (E,) counts from 0; each entry adds amount (E,), not negative, to its column of each side (E,). The functions
    go from arrays to arrays, and from 0 to 0.
    """
    found = np.zeros((len(of), width))
    for columns, sums in _sums(voter, sides, amount, width):
        for row, function in enumerate(of):
            found[row] += np.bincount(columns, function(sums), width)
    return list(found)


def _sums(voter: Indices, sides: Sequence[Indices], amount: Floats, width: int) -> Iterator[tuple[Any, Any]]:
    """Columns and what one voter adds up to there, some voters at a time."""
    voters = int(voter.max(initial=-1)) + 1
    if _SPARSE * len(sides) * len(voter) < voters * width:
        rows = np.tile(voter, len(sides))
        entries = np.tile(amount, len(sides)), (rows, np.concatenate(sides))
        table = csr_array(entries, shape=(voters, width))
        yield table.indices, table.data
        return
    for entries_here, row, size in _blocks(voter, width):
        cells = np.concatenate([row * width + side[entries_here] for side in sides])
        sums = np.bincount(cells, np.tile(amount[entries_here], len(sides)), size * width)
        there = np.flatnonzero(sums)
        yield there % width, sums[there]


def _blocks(voter: Indices, width: int) -> Iterator[tuple[NDArray[np.intp], Indices, int]]:
    """Some voters at a time: their entries, the row of each, and how many rows there are."""
    shift = max(0, (_CELLS // max(width, 1)).bit_length() - 1)
    block = voter >> shift
    # Sorting small whole numbers takes a tenth of the time.
    order = np.argsort(block.astype(np.min_scalar_type(int(block.max(initial=0)))), kind="stable")
    ends = np.searchsorted(block[order], np.arange(int(block.max(initial=-1)) + 2))
    for number, (low, high) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        if low < high:
            entries = order[low:high]
            yield entries, voter[entries] - (number << shift), 1 << shift
