"""The certificate of an order: how many voters would have to be removed to change it.

For each pair, the exact number needs a search over all sets of voters. This module returns a range that contains it.
The upper end is the size of a set of voters whose removal changed the order in a new fit. The voters are chosen by
their leave-one-out influence on the difference, as with dropped observations in T. Broderick, R. Giordano, and R.
Meager, arXiv 2011.14999 (2020). The lower end is the smallest number of voters whose removal could eliminate the
difference according to an upper bound. The bound is the sum of the largest influences, scaled up for the information
that is removed with these voters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ratings.statistics.certificate.electorate import Electorate, Removal
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.components import list_components

UNDEFINED = Removal(None, None, None)


@dataclass(frozen=True, eq=False)
class Certificate:
    """The removals that would change a board's order.

    pairs: one removal for each pair of neighbors in the order.
    first: the removal for the first place, or None if the order is empty.
    """

    pairs: list[Removal]
    first: Removal | None


def certify_order(board: Comparisons, voters: VoterCounts, order: Sequence[int]) -> Certificate:
    """Return how many voters would have to be removed to change an order.

    voters: the votes of each voter. Votes on the board that are missing here cannot be removed.
    order: positions of models on the board, best first. The order of a pair changes when the first model is no longer
        ahead in a fit without the removed voters.

    Removals are undefined between components, for unbounded models, and without voters. The first place changes when
    any other model in the order is ahead. Raises likelihood.NotConverged as `bradley_terry.fit` does.
    """
    removals: dict[tuple[int, int], Removal] = {}
    first = UNDEFINED if order else None
    for part in list_components(board):
        bounded = {model: position for position, model in enumerate(part.bounded.tolist())}
        members = [model for model in order if model in bounded]
        counts = voters.select_between(part.bounded, len(board.labels))
        if len(members) > 1 and counts.votes.any():
            electorate = Electorate(board.score[np.ix_(part.bounded, part.bounded)], counts)
            pair_removals, first_removal = electorate.certify([bounded[model] for model in members])
            removals.update(zip(pairwise(members), pair_removals, strict=True))
            if members[0] == order[0]:
                first = first_removal
    return Certificate([removals.get(pair, UNDEFINED) for pair in pairwise(order)], first)
