"""Connected components of the models on a board, and the models with a finite Bradley-Terry rating in each component.

Draw an edge from i to j if i has at least half a win over j. Maximum likelihood ratings are finite exactly within the
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
    """A set of models connected by chains of votes, as positions in the board's labels.

    bounded: the strongly connected component with the most votes. Ties go to the one with more models, then to the one
        with the first label. It is empty if no strongly connected component has two models.
    unbounded: all other models.
    """

    bounded: Indices
    unbounded: Indices


def list_components(board: Comparisons) -> list[Component]:
    """Return all components on a board.

    The main component comes first. Components without bounded models come last, sorted by votes in descending order.
    """
    if not board.labels:
        return []
    has_scored = board.score > 0
    if len(has_scored) > 1 and _can_reach_all(has_scored) and _can_reach_all(has_scored.T):
        return [Component(np.arange(len(has_scored)), np.arange(0))]
    _, strong = connected_components(has_scored, connection="strong")
    group_count, group_of = connected_components(has_scored, connection="weak")
    order = _rank_strong_components(board, strong)
    votes = board.votes.sum(axis=1)
    entries = []
    for number in range(group_count):
        models = np.flatnonzero(group_of == number)
        best_order = int(order[models].min())
        is_bounded = order[models] == best_order
        if is_bounded.sum() > 1:
            component = Component(models[is_bounded], models[~is_bounded])
            sort_key = (0, 0.0, best_order)
        else:
            component = Component(models[:0], models)
            sort_key = (1, -float(votes[models].sum()), best_order)
        entries.append((sort_key, component))
    return [component for _, component in sorted(entries, key=lambda entry: entry[0])]


def label_components(parts: Sequence[Component], size: int) -> tuple[Indices, NDArray[np.bool_]]:
    """Return the component of each of `size` models (0 is the main one), and whether the model is bounded."""
    component = np.zeros(size, dtype=np.intp)
    bounded = np.zeros(size, dtype=bool)
    for number, part in enumerate(parts):
        component[part.bounded] = number
        component[part.unbounded] = number
        bounded[part.bounded] = True
    return component, bounded


def _can_reach_all(has_scored: NDArray[np.bool_]) -> bool:
    """Return whether there is a path from the first model to every other model.

    If most pairs have votes, this is faster than a graph search.
    """
    reached = has_scored[0].copy()
    reached[0] = True
    previous_count = -1
    while previous_count < (count := int(reached.sum())) < len(reached):
        reached = reached | has_scored[reached].any(axis=0)
        previous_count = count
    return count == len(reached)


def find_reachable(score: Floats, source: int) -> NDArray[np.bool_]:
    """Return a mask (M,) of the source and all models that can be reached from it by a path of wins or ties."""
    mask = np.zeros(len(score), dtype=bool)
    mask[breadth_first_order(score > 0, source, return_predecessors=False)] = True
    return mask


def _rank_strong_components(board: Comparisons, strong: NDArray[np.int32]) -> Indices:
    """Return the position of each model's strong component in the order of preference (M,), counting from 0."""
    is_same_component = strong[:, None] == strong
    votes_of_model = np.where(is_same_component, board.votes, 0).sum(axis=1)
    votes = np.bincount(strong, weights=votes_of_model)
    size = np.bincount(strong)
    last_label_first = sorted(range(len(strong)), key=lambda model: board.labels[model], reverse=True)
    first_position = np.empty(len(votes), dtype=np.intp)
    # If a component occurs several times, the last assignment applies. The order is reversed to get the first label.
    first_position[strong[last_label_first]] = np.arange(len(strong))[::-1]
    components_in_order = np.lexsort((first_position, -size, -votes))
    order_of_component = np.argsort(components_in_order)
    return order_of_component[strong]
