"""Each pool's counts and votes, cached in the ratings worker's memory.

PostgreSQL is the source of truth. While the revision of a cached state equals the pool's revision, a refresh reads only
new votes. If only weights have changed, it also reads the weights and tallies again. After any other change, it reads
everything again.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arena.models import Pool
from ratings.models import DECISIVE_CATEGORY, FULL_WEIGHT, OVERALL_CATEGORY
from ratings.pipeline.tallies import COUNT_FIELDS, PairCount, TallyChanges, read_tallies
from ratings.pipeline.vote_columns import VoteColumns
from ratings.statistics import elo
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.vote_arrays import Floats, Indices

MAX_POOLS = 20
# Elo updates replay at least this many of the newest votes, and at most twice as many, because votes can commit out
# of order. 500 votes arrive in 10 s at 50 votes per second. If an older vote commits late, all votes are replayed.
REPLAY_WINDOW = 500
# A pair's counts from the view of its first contestant and of its second one, as indices of `COUNT_FIELDS`.
OUTCOMES = ("wins", "ties", "both_bad", "lost_wins", "lost_ties", "lost_squared_wins", "lost_squared_ties")
FIRST = [COUNT_FIELDS.index(name) for name in OUTCOMES]
SECOND = [COUNT_FIELDS.index(name.replace("wins", "losses")) for name in OUTCOMES]
WEIGHT_UNITS = np.array([FULL_WEIGHT, FULL_WEIGHT, FULL_WEIGHT**2, FULL_WEIGHT**2]).reshape(4, 1, 1)
# Votes are sorted by the voter's index after this many of its lowest bits are dropped.
VOTER_GROUP_BITS = 8


@dataclass(frozen=True, eq=False)
class CategoryCounts:
    """The counts for one category in a pool.

    keys: the keys of M contestants, in the order of the labels.
    comparisons: the votes, multiplied by their filter weights.
    counted: the same votes, not multiplied by their filter weights.
    both_bad (M,): the number of both-bad votes on each contestant.
    """

    keys: list[int]
    comparisons: Comparisons
    counted: Comparisons
    both_bad: Floats


@dataclass(frozen=True, eq=False)
class CategoryVotes:
    """N votes in one category.

    first, second (N,): positions of the contestants.
    double_score (N,): twice the score of the first contestant.

    The other fields are as in `VoteColumns`.
    """

    first: Indices
    second: Indices
    double_score: Indices
    both_bad: NDArray[np.bool_]
    weight: Floats
    filter_weight: Floats
    voter: Indices

    def select(self, votes: NDArray[np.bool_]) -> "CategoryVotes":
        """Return the selected votes only. `votes` is a mask of length N."""
        return CategoryVotes(*(getattr(self, column.name)[votes] for column in fields(self)))

    def count_contestants(self, keys: list[int], slugs: dict[int, str]) -> tuple[CategoryCounts, "CategoryVotes"]:
        """Return the counts of these votes, and the votes with positions in these counts.

        All votes must be between weighted contestants (see `is_between_weighted`). Those without votes are omitted.
        """
        outcome = self.double_score / 2
        counted = Comparisons.from_votes(self.first, self.second, outcome, self.weight)
        comparisons = counted
        if self.has_filter_weights:
            comparisons = Comparisons.from_votes(self.first, self.second, outcome, self.weight, self.filter_weight)
        inside = np.array(counted.labels, dtype=np.intp)
        first, second = (np.searchsorted(inside, side) for side in (self.first, self.second))
        both_bad = np.zeros(len(inside))
        for side in (first, second):
            both_bad += np.bincount(side, self.both_bad * self.weight, len(inside))
        judged = [keys[position] for position in inside]
        labels = tuple(slugs[key] for key in judged)
        counts = CategoryCounts(judged, replace(comparisons, labels=labels), replace(counted, labels=labels), both_bad)
        return counts, replace(self, first=first, second=second)

    @cached_property
    def is_between_weighted(self) -> NDArray[np.bool_]:
        """Whether both sides of each vote have a vote with a weight above 0 (N,). Fits exclude all others."""
        has_weight = self.filter_weight > 0
        weighted = np.union1d(self.first[has_weight], self.second[has_weight])
        return np.isin(self.first, weighted) & np.isin(self.second, weighted)

    @cached_property
    def has_filter_weights(self) -> bool:
        """Whether any vote has a filter weight below 1."""
        return bool((self.filter_weight < 1).any())

    @cached_property
    def voter_counts(self) -> VoterCounts:
        """The votes of known persons with a weight above 0, counted per voter and pair."""
        is_included = (self.voter >= 0) & (self.filter_weight > 0)
        votes = self if is_included.all() else self.select(is_included)
        weight = votes.weight * votes.filter_weight if votes.has_filter_weights else votes.weight
        won = weight * (votes.double_score == 2)
        lost = weight * (votes.double_score == 0)
        tied = weight * (votes.double_score == 1)
        filter_weight = votes.filter_weight if votes.has_filter_weights else None
        return VoterCounts(votes.voter, votes.first, votes.second, won, lost, tied, filter_weight)


class EloReplay(NamedTuple):
    """The Elo ratings (M,) after the first `votes` votes in a pool."""

    votes: int
    ratings: Floats


@dataclass
class PoolState:
    """One pool's counts, and its votes if their order is known.

    votes_revision: increases with every change of the tallies that is not one of weights.
    counts (C, 7, M, M): for each category, and for one contestant against another, the counts in `OUTCOMES`.
    positions: contestant key → position in all arrays.
    categories: category → position in `counts`.
    elo: category → ratings after all votes except the newest ones.
    last_ratings: category → ratings from the last fit, by contestant key.
    last_style_fits: category → ratings and coefficients from the last fit under style control.
    """

    votes_revision: int
    weight_revision: int
    ordered: bool
    votes: VoteColumns = field(default_factory=VoteColumns)
    counts: Indices = field(default_factory=lambda: np.zeros((0, len(OUTCOMES), 0, 0), dtype=np.int64))
    positions: dict[int, int] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    elo: dict[str, EloReplay] = field(default_factory=dict)
    last_ratings: dict[str, dict[int, float]] = field(default_factory=dict)
    last_style_fits: dict[str, tuple[dict[int, float], list[float]]] = field(default_factory=dict)
    _voter_order: Indices | None = None

    def reload_weights(self, pool: Pool) -> None:
        """Read the weights and the tallies again.

        The previous fits are dropped as starting points, so undoing a weight change restores exactly the same ratings.
        """
        if self.ordered:
            self.votes.reload_weights(pool.pk)
        self.counts[:] = 0
        self.last_ratings = {}
        self.last_style_fits = {}
        self.add_counts(read_tallies(pool))
        self.weight_revision = pool.counts.weight_revision

    def add_counts(self, counts: Sequence[PairCount]) -> None:
        """Add counts, at most one for each category and pair. New categories and contestants get the next positions."""
        if not counts:
            return
        categories, lows, highs, *columns = zip(*counts, strict=True)
        category, first, second = (
            np.array([known.setdefault(key, len(known)) for key in keys])
            for known, keys in ((self.categories, categories), (self.positions, lows), (self.positions, highs))
        )
        shape = len(self.categories), len(OUTCOMES), len(self.positions), len(self.positions)
        if shape != self.counts.shape:
            self.counts = np.pad(self.counts, [(0, n - held) for n, held in zip(shape, self.counts.shape, strict=True)])
        numbers = np.array(columns, dtype=np.int64)
        self.counts[category, :, first, second] += numbers[FIRST].T
        self.counts[category, :, second, first] += numbers[SECOND].T

    def build_counts(self, category: str, slugs: dict[int, str]) -> CategoryCounts:
        """Return the counts for all contestants with votes in a category, labeled and sorted by slug."""
        counts = self._get_counts(category)
        has_lost = counts[3:].any()
        weighted = np.tile(counts[:2], (2, 1, 1)) - counts[3:] / WEIGHT_UNITS if has_lost else counts[:2]
        has_votes = (weighted[0] + weighted[0].T + weighted[1]).sum(axis=1) > 0
        judged = [key for key, position in self.positions.items() if has_votes[position]]
        keys = sorted(judged, key=slugs.__getitem__)
        positions = np.array([self.positions[key] for key in keys], dtype=np.intp)
        inside = np.ix_(positions, positions)
        labels = tuple(slugs[key] for key in keys)
        wins, ties, both_bad = (matrix[inside].astype(np.float64) for matrix in counts[:3])
        counted = comparisons = Comparisons(labels, wins, ties)
        if has_lost:
            comparisons = Comparisons(labels, *(matrix[inside] for matrix in weighted))
        return CategoryCounts(keys, comparisons, counted, both_bad.sum(axis=1))

    def count_votes(self, category: str) -> float:
        """Return the number of votes in a category."""
        wins, ties, *_ = self._get_counts(category)
        return float(wins.sum() + ties.sum() / 2)  # both sides of a tie are in the matrix

    def select_votes(self, category: str, keys: list[int], last_id: int | None = None) -> CategoryVotes:
        """Return the votes in a category, roughly sorted by voter.

        keys: those of contestants in the order of the positions. All votes on any other must have weight 0.
        last_id: the id of the newest vote to include. None means all votes.

        If the order of votes is unknown, the result has no votes.
        """
        positions = np.zeros(max(self.positions, default=0) + 1, dtype=np.intp)
        positions[keys] = np.arange(len(keys))
        indices = self._find_votes(category)
        if last_id is not None:
            indices = indices[self.votes["id"][indices] <= last_id]
        return self._build_votes(positions, indices)

    def sum_old_lost_weights(self, category: str, keys: list[int], end: float, *, styled: bool = False) -> Floats:
        """Return the weight that the filter or an operator took from each contestant's votes before `end` (M,).

        end: in seconds since 1970.
        styled: exclude votes without style features.
        """
        reduced = np.flatnonzero((self.votes["filter_weight"] < 1) & (self.votes["time"] < end))
        if styled:
            reduced = reduced[np.isfinite(self.votes["style"][reduced]).all(axis=1)]
        if category != OVERALL_CATEGORY:
            reduced = reduced[self._has_category(category, reduced)]
        amount = self.votes["weight"][reduced] * (1 - self.votes["filter_weight"][reduced])
        judged = np.concatenate([self.votes[side][reduced] for side in ("a", "b")])
        lost: Floats = np.bincount(judged, np.tile(amount, 2), max(self.positions, default=0) + 1).astype(np.float64)
        return lost[keys]

    def compute_elo_ratings(self, category: str) -> dict[int, float]:
        """Return the Elo ratings by contestant key after all votes in a category, replayed in order."""
        positions = np.zeros(max(self.positions, default=0) + 1, dtype=np.intp)
        positions[list(self.positions)] = list(self.positions.values())
        start, ratings = self.elo.get(category, EloReplay(0, np.zeros(0)))
        ratings = np.append(ratings, np.full(len(self.positions) - len(ratings), elo.START_RATING))
        end = len(self.votes)
        if end - start > 2 * REPLAY_WINDOW:
            settled = self._find_votes_between(start, end - REPLAY_WINDOW, category)
            ratings = _replay_elo(ratings, self._build_votes(positions, settled))
            start = end - REPLAY_WINDOW
            self.elo[category] = EloReplay(start, ratings)
        newest = self._find_votes_between(start, end, category)
        ratings = _replay_elo(ratings, self._build_votes(positions, newest))
        return {key: float(ratings[position]) for key, position in self.positions.items()}

    def apply_changes(self, changes: TallyChanges) -> None:
        """Add counts and votes that have been applied to the tallies."""
        self.add_counts(changes.counts)
        if self.ordered:
            first_changed = self.votes.add(changes.votes)
            self._voter_order = None
            self.elo = {category: replay for category, replay in self.elo.items() if replay.votes <= first_changed}
        self.votes_revision += 1  # as storing the changes does

    def select_style(self, category: str) -> NDArray[np.float32]:
        """Return the style features of all votes in a category (N, 8): of the first answer, then of the second."""
        style: NDArray[np.float32] = self.votes["style"][self._find_votes(category)]
        return style

    def _get_counts(self, category: str) -> Indices:
        if category not in self.categories:
            return np.zeros(self.counts.shape[1:], dtype=np.int64)
        counts: Indices = self.counts[self.categories[category]]
        return counts

    def _build_votes(self, positions: Indices, indices: Indices) -> CategoryVotes:
        return CategoryVotes(
            first=positions[self.votes["a"][indices]],
            second=positions[self.votes["b"][indices]],
            double_score=self.votes["double_score"][indices],
            both_bad=self.votes["both_bad"][indices],
            weight=self.votes["weight"][indices].astype(np.float64),
            filter_weight=self.votes["filter_weight"][indices].astype(np.float64),
            voter=self.votes["voter"][indices],
        )

    def _find_votes(self, category: str) -> Indices:
        """Return the indices of the votes in a category, roughly sorted by voter.

        This order halves the time for sums by voter.
        """
        order = self._voter_order
        if order is None:
            # Sorting small integers takes a tenth of the time.
            order = np.argsort((self.votes["voter"] >> VOTER_GROUP_BITS).astype(np.uint16), kind="stable")
            self._voter_order = order
        if category == OVERALL_CATEGORY:
            return order
        return order[self._has_category(category, slice(None))[order]]

    def _find_votes_between(self, start: int, end: int, category: str) -> Indices:
        """Return the indices from `start` to `end` of the votes in a category, in voting order."""
        if category == OVERALL_CATEGORY:
            return np.arange(start, end)
        indices: Indices = start + np.flatnonzero(self._has_category(category, slice(start, end)))
        return indices

    def _has_category(self, category: str, part: slice | Indices) -> NDArray[np.bool_]:
        if category == DECISIVE_CATEGORY:
            is_decided: NDArray[np.bool_] = self.votes["double_score"][part] != 1
            return is_decided
        return self.votes.has_category(category, part)


def _replay_elo(ratings: Floats, votes: CategoryVotes) -> Floats:
    return elo.replay_votes(ratings, votes.first, votes.second, votes.double_score / 2, votes.weight)


_pool_cache: OrderedDict[int, PoolState] = OrderedDict()


def apply_changes(pool: Pool, changes: TallyChanges) -> None:
    """Apply changes that are committed to a pool's state if it is cached and has all other votes.

    `pool` must have its revision after these changes. A state that is not cached is loaded when it is needed.
    """
    state = _pool_cache.pop(pool.pk, None)
    if state and state.votes_revision + 1 == _read_votes_revision(pool):
        state.apply_changes(changes)
        _pool_cache[pool.pk] = state


def get_pool_state(pool: Pool) -> PoolState:
    """Return a pool's state, from memory or from the database."""
    state = _pool_cache.pop(pool.pk, None)
    if state is None or state.votes_revision != _read_votes_revision(pool):
        state = PoolState(_read_votes_revision(pool), pool.counts.weight_revision, pool.ordered)
        if state.ordered:
            state.votes.load(pool.pk)
        state.add_counts(read_tallies(pool))
    elif state.weight_revision != pool.counts.weight_revision:
        state.reload_weights(pool)
    _pool_cache[pool.pk] = state
    while len(_pool_cache) > MAX_POOLS:
        _pool_cache.popitem(last=False)
    return state


def _read_votes_revision(pool: Pool) -> int:
    return pool.counts.revision - pool.counts.weight_revision


def clear_pool_states() -> None:
    """Clear the cache, so that all states are loaded from the database again."""
    _pool_cache.clear()
