"""Votes summed by who cast them: the middle of sandwiches that are clustered by voter. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ratings.statistics.vote_arrays import Floats, Ids, Indices

# Columns (E,), or one for all, of a table with a row for each voter, and what each entry adds there (E,).
ColumnEntries: TypeAlias = tuple[Ids | int, Floats]
ArrayFunction: TypeAlias = Callable[[Floats], Floats]

# So many sums of some voters stay in the cache.
_BLOCK_CELLS = 1 << 19
# A voter with fewer entries than one for so many columns is multiplied quicker as a sparse row.
_SPARSE_FACTOR = 10


def sum_outer_products(voter: Indices, parts: Sequence[ColumnEntries], width: int) -> Floats:
    """The sum over voters of the outer products (width, width) of their sums; voter (E,) counts from 0."""
    voters = int(voter.max(initial=-1)) + 1
    if _is_sparse(voter, len(parts), width):
        rows = np.tile(voter, len(parts))
        columns = np.concatenate([np.broadcast_to(column, voter.shape) for column, _ in parts])
        table = csr_array((np.concatenate([values for _, values in parts]), (rows, columns)), shape=(voters, width))
        sparse: Floats = (table.T @ table).toarray()
        return sparse
    found = np.zeros((width, width))
    for entries, row, size in _iter_blocks(voter, width):
        cells = row * width
        at = np.concatenate([cells + (c if isinstance(c, int) else c[entries]) for c, _ in parts])
        sums = np.bincount(at, np.concatenate([values[entries] for _, values in parts]), size * width)
        block = sums.reshape(size, width)
        found += block.T @ block
    return found


def sum_pair_products(
    voter: Indices, pair: tuple[Indices, Indices], score: Floats, amount: Floats, width: int
) -> tuple[Floats, Floats]:
    """`sum_outer_products` of a score (E,) that counts for the first model of a pair and against the second, and
    (width,): the sum over voters of the square of what their amounts (E,) add up to on each model.

    Both in one pass, for finding the votes of each voter takes longer than adding them up.
    """
    first, second = pair
    if _is_sparse(voter, 2, width):
        (squares,) = sum_over_voters(voter, pair, amount, width, [np.square])
        return sum_outer_products(voter, [(first, score), (second, -score)], width), squares
    found, squares = np.zeros((width, width)), np.zeros(width)
    for entries, row, size in _iter_blocks(voter, width):
        cells, scores, amounts = row * width, score[entries], amount[entries]
        at = np.concatenate((cells + first[entries], cells + second[entries]))
        block = np.bincount(at, np.concatenate((scores, -scores)), size * width).reshape(size, width)
        found += block.T @ block
        block = np.bincount(at, np.concatenate((amounts, amounts)), size * width).reshape(size, width)
        squares += np.einsum("vm,vm->m", block, block)
    return found, squares


def sum_over_voters(
    voter: Indices, sides: Sequence[Indices], amount: Floats, width: int, of: Sequence[ArrayFunction]
) -> list[Floats]:
    """(width,) for each function: its sum over voters, applied to what each voter adds up to in a column.

    voter (E,) counts from 0; each entry adds amount (E,), not negative, to its column of each side (E,). The functions
    go from arrays to arrays, and from 0 to 0.
    """
    found = np.zeros((len(of), width))
    if _is_sparse(voter, len(sides), width):
        rows = np.tile(voter, len(sides))
        entries = np.tile(amount, len(sides)), (rows, np.concatenate(sides))
        table = csr_array(entries, shape=(int(voter.max(initial=-1)) + 1, width))
        for total, function in enumerate(of):
            found[total] = np.bincount(table.indices, function(table.data), width)
        return list(found)
    for entries_here, row, size in _iter_blocks(voter, width):
        cells, amounts = row * width, amount[entries_here]
        sums = np.zeros(size * width)
        for side in sides:
            sums += np.bincount(cells + side[entries_here], amounts, size * width)
        for total, function in enumerate(of):
            found[total] += np.add.reduce(function(sums).reshape(size, width), axis=0)
    return list(found)


def _is_sparse(voter: Indices, sides: int, width: int) -> bool:
    voters = int(voter.max(initial=-1)) + 1
    return _SPARSE_FACTOR * sides * len(voter) < voters * width


def _iter_blocks(voter: Indices, width: int) -> Iterator[tuple[NDArray[np.intp], Indices, int]]:
    """Some voters at a time: their entries, the row of each, and how many rows there are."""
    shift = max(0, (_BLOCK_CELLS // max(width, 1)).bit_length() - 1)
    block = voter >> shift
    # Sorting small whole numbers takes a tenth of the time.
    order = np.argsort(block.astype(np.min_scalar_type(int(block.max(initial=0)))), kind="stable")
    ends = np.searchsorted(block[order], np.arange(int(block.max(initial=-1)) + 2))
    for number, (low, high) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        if low < high:
            entries = order[low:high]
            yield entries, voter[entries] - (number << shift), 1 << shift
