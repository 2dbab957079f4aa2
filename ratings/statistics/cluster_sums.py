"""Sums over voters for sandwich covariances clustered by voter."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ratings.statistics.vote_arrays import Floats, Indices

# The columns of E values in a table with one row per voter, and the values. An int is the same column for all values.
ColumnEntries: TypeAlias = tuple[Indices | int, Floats]
ArrayFunction: TypeAlias = Callable[[Floats], Floats]

# A block of this many sums fits into the processor's cache.
_BLOCK_CELLS = 1 << 19
# Sparse products are faster if, on average, fewer than one in this many cells of the table has an entry.
_SPARSE_FACTOR = 10


def sum_outer_products(voter: Indices, parts: Sequence[ColumnEntries], width: int) -> Floats:
    """Return the sum over voters of the outer products of their totals, a (width, width) matrix.

    voter (E,): each entry's voter, numbered from 0.
    parts: the entries. Each voter's totals are the sums of their values in each of the `width` columns.
    """
    voters = int(voter.max(initial=-1)) + 1
    if _is_sparse(voter, len(parts), width):
        rows = np.tile(voter, len(parts))
        columns = np.concatenate([np.broadcast_to(column, voter.shape) for column, _ in parts])
        table = csr_array((np.concatenate([values for _, values in parts]), (rows, columns)), shape=(voters, width))
        sparse: Floats = (table.T @ table).toarray()
        return sparse
    products = np.zeros((width, width))
    for entries, row, size in _iter_blocks(voter, width):
        row_starts = row * width
        cells = np.concatenate([row_starts + (c if isinstance(c, int) else c[entries]) for c, _ in parts])
        sums = np.bincount(cells, np.concatenate([values[entries] for _, values in parts]), size * width)
        block = sums.reshape(size, width)
        products += block.T @ block
    return products


def sum_over_voters(
    voter: Indices, sides: Sequence[Indices], amount: Floats, width: int, functions: Sequence[ArrayFunction]
) -> list[Floats]:
    """Apply functions to the totals of each voter in each column, and return each function's sums over voters (width,).

    voter (E,): each entry's voter, numbered from 0.
    sides: arrays of columns (E,). The amount of an entry is added to its column in each of these arrays.
    functions: element-wise functions of arrays. They must map 0 to 0, because a sparse table has no zeros.

    With many voters of few votes, a sparse table of the totals is faster. Otherwise, blocks of a dense one are.
    """
    totals = np.zeros((len(functions), width))
    if _is_sparse(voter, len(sides), width):
        rows = np.tile(voter, len(sides))
        cells = rows, np.concatenate(sides)
        table = csr_array((np.tile(amount, len(sides)), cells), shape=(int(voter.max(initial=-1)) + 1, width))
        for number, function in enumerate(functions):  # of `data`, where scipy has added up each cell's entries
            totals[number] = np.bincount(table.indices, function(table.data), width)
        return list(totals)
    for entries, row, size in _iter_blocks(voter, width):
        row_starts = row * width
        amounts = amount[entries]
        sums = np.zeros(size * width)
        for side in sides:
            sums += np.bincount(row_starts + side[entries], amounts, size * width)
        for number, function in enumerate(functions):
            totals[number] += function(sums).reshape(size, width).sum(axis=0)
    return list(totals)


def _is_sparse(voter: Indices, sides: int, width: int) -> bool:
    voters = int(voter.max(initial=-1)) + 1
    return _SPARSE_FACTOR * sides * len(voter) < voters * width


def _iter_blocks(voter: Indices, width: int) -> Iterator[tuple[NDArray[np.intp], Indices, int]]:
    """Yield blocks of voters as tuples of the block's entries, each entry's row in the block, and the number of rows.

    The last block ends at the last voter. With few voters and models, it is much smaller than the other blocks.
    """
    voters = int(voter.max(initial=-1)) + 1
    shift = max(0, (_BLOCK_CELLS // max(width, 1)).bit_length() - 1)
    block = voter >> shift
    # Sorting small integers takes a tenth of the time.
    order = np.argsort(block.astype(np.min_scalar_type(int(block.max(initial=0)))), kind="stable")
    ends = np.searchsorted(block[order], np.arange(int(block.max(initial=-1)) + 2))
    for number, (low, high) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        if low < high:
            entries = order[low:high]
            start = number << shift
            yield entries, voter[entries] - start, min(1 << shift, voters - start)
