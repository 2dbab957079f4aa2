"""Which models have a finite Bradley-Terry rating, and which can be compared at all.

Let i -> j if i has at least half a win over j. Maximum likelihood ratings are finite exactly within the
strongly connected components of this graph (L. R. Ford, American Mathematical Monthly 64, 1957).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.vote_arrays import Floats, Indices


@dataclass(frozen=True, eq=False)
class Component:
    """Models joined by chains of votes, as positions in the board's labels.

    bounded: the strongly connected component with most votes (then most models, then the first label),
    empty if none has two models. loose: all others.
    """

    bounded: Indices
    loose: Indices


def list_components(board: Comparisons) -> list[Component]:
    """All components of a board, the main one first; those without a bounded part last, most votes first."""
    if not board.labels:
        return []
    beats = board.score > 0
    if len(beats) > 1 and _can_reach_all(beats) and _can_reach_all(beats.T):
        return [Component(np.arange(len(beats)), np.arange(0))]
    _, strong = connected_components(beats, connection="strong")
    groups, group = connected_components(beats, connection="weak")
    standing = _rank_strong_components(board, strong)
    votes = board.votes.sum(axis=1)
    found = []
    for number in range(groups):
        models = np.flatnonzero(group == number)
        best = int(standing[models].min())
        inside = standing[models] == best
        if inside.sum() > 1:
            found.append(((0, 0.0, best), Component(models[inside], models[~inside])))
        else:
            found.append(((1, -float(votes[models].sum()), best), Component(models[:0], models)))
    return [component for _, component in sorted(found, key=lambda pair: pair[0])]


def label_components(board: Comparisons) -> tuple[Indices, NDArray[np.bool_]]:
    """(M,) each: the component of each model, 0 for the main one, and whether it is bounded there."""
    component, bounded = np.zeros(len(board.labels), dtype=np.intp), np.zeros(len(board.labels), dtype=bool)
    for number, part in enumerate(list_components(board)):
        component[part.bounded] = component[part.loose] = number
        bounded[part.bounded] = True
    return component, bounded


def _can_reach_all(beats: NDArray[np.bool_]) -> bool:
    """Whether chains lead from the first model to all; quicker than a search where most pairs have met."""
    now, before = beats[0].copy(), -1
    now[0] = True
    while before < (count := int(now.sum())) < len(now):
        now, before = now | beats[now].any(axis=0), count
    return count == len(now)


def find_reachable(score: Floats, source: int) -> NDArray[np.bool_]:
    """(M,): the models to which a chain of (half) wins leads from the source, itself included."""
    mask = np.zeros(len(score), dtype=bool)
    mask[breadth_first_order(score > 0, source, return_predecessors=False)] = True
    return mask


def _rank_strong_components(board: Comparisons, strong: NDArray[np.int32]) -> Indices:
    """(M,): 0 for the models of the strong component that comes first, 1 for the next, and so on."""
    inside = np.where(strong[:, None] == strong, board.votes, 0).sum(axis=1)
    votes = np.bincount(strong, weights=inside)
    alphabetical = sorted(range(len(strong)), key=lambda model: board.labels[model])
    first = np.empty(len(votes), dtype=np.intp)
    first[strong[alphabetical[::-1]]] = np.arange(len(strong))[::-1]
    order = np.lexsort((first, -np.bincount(strong), -votes))
    return np.argsort(order)[strong]
