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
from ratings.statistics.vote_arrays import Floats, Indices, Label


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
    votes = board.votes
    members = [np.flatnonzero(strong == number) for number in range(int(strong.max()) + 1)]

    def get_sort_key(number: int) -> tuple[float, int, Label]:
        models = members[number]
        return -votes[np.ix_(models, models)].sum(), -len(models), min(board.labels[model] for model in models)

    order = sorted(range(len(members)), key=get_sort_key)
    return np.argsort(order)[strong]
