"""Components of models that votes connect, and the models with a finite Bradley-Terry rating in each.

Let i -> j if i has at least half a win over j. Maximum likelihood ratings are finite exactly within the
strongly connected components of this graph (L. R. Ford, American Mathematical Monthly 64, 1957).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.vote_arrays import Floats, Indices


@dataclass(frozen=True, eq=False)
class Component:
    """Models that chains of votes connect, as positions in the board's labels.

    bounded: the strongly connected component with the most votes (then the most models, then the first label); empty
    if none has two models. loose: all other models.
    """

    bounded: Indices
    loose: Indices


def list_components(board: Comparisons) -> list[Component]:
    """All components of a board: the main one first; those without a bounded part last, most votes first."""
    if not board.labels:
        return []
    beats = board.score > 0
    if len(beats) > 1 and _can_reach_all(beats) and _can_reach_all(beats.T):
        return [Component(np.arange(len(beats)), np.arange(0))]
    _, strong = connected_components(beats, connection="strong")
    groups, group = connected_components(beats, connection="weak")
    order = _rank_strong_components(board, strong)
    votes = board.votes.sum(axis=1)
    entries = []
    for number in range(groups):
        models = np.flatnonzero(group == number)
        first = int(order[models].min())
        is_bounded = order[models] == first
        if is_bounded.sum() > 1:
            component = Component(models[is_bounded], models[~is_bounded])
            sort_key = (0, 0.0, first)
        else:
            component = Component(models[:0], models)
            sort_key = (1, -float(votes[models].sum()), first)
        entries.append((sort_key, component))
    return [component for _, component in sorted(entries, key=lambda entry: entry[0])]


def label_components(parts: Sequence[Component], size: int) -> tuple[Indices, NDArray[np.bool_]]:
    """The component of each of `size` models, 0 for the main one, and whether the model is bounded there."""
    component = np.zeros(size, dtype=np.intp)
    bounded = np.zeros(size, dtype=bool)
    for number, part in enumerate(parts):
        component[part.bounded] = number
        component[part.loose] = number
        bounded[part.bounded] = True
    return component, bounded


def _can_reach_all(beats: NDArray[np.bool_]) -> bool:
    """Whether chains lead from the first model to all; faster than a search where most pairs have met."""
    reached = beats[0].copy()
    reached[0] = True
    previous_count = -1
    while previous_count < (count := int(reached.sum())) < len(reached):
        reached = reached | beats[reached].any(axis=0)
        previous_count = count
    return count == len(reached)


def find_reachable(score: Floats, source: int) -> NDArray[np.bool_]:
    """(M,): the models to which a chain of (half) wins leads from the source, including the source."""
    mask = np.zeros(len(score), dtype=bool)
    mask[breadth_first_order(score > 0, source, return_predecessors=False)] = True
    return mask


def _rank_strong_components(board: Comparisons, strong: NDArray[np.int32]) -> Indices:
    """(M,): the order of each model's strong component: 0 for the first, 1 for the next, and so on."""
    inside = np.where(strong[:, None] == strong, board.votes, 0).sum(axis=1)
    votes = np.bincount(strong, weights=inside)
    alphabetical = sorted(range(len(strong)), key=lambda model: board.labels[model])
    first = np.empty(len(votes), dtype=np.intp)
    first[strong[alphabetical[::-1]]] = np.arange(len(strong))[::-1]
    order = np.lexsort((first, -np.bincount(strong), -votes))
    return np.argsort(order)[strong]
