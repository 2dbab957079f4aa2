"""The counts and votes of pools, kept in the memory of the process that rates them.

PostgreSQL has the truth; what is kept here holds as long as its revision is the pool's. So a refresh reads only the
votes that are new, and whoever else changes the tallies of a pool makes the next one read everything.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ratings.models import DECISIVE_CATEGORY, OVERALL_CATEGORY, Pool, Tally
from ratings.pipeline.tallies import PairCount, TallyChanges
from ratings.pipeline.vote_columns import UNKNOWN_VOTER, VoteColumns
from ratings.statistics import elo
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.vote_arrays import Floats, Indices

MAX_POOLS = 20
# So many of the newest votes are replayed at each refresh, for one of them may have come late.
REPLAY_WINDOW = 2_000
# Voters whose numbers differ only in so many of the lowest bits count as near each other.
VOTER_GROUP_BITS = 8


@dataclass
class PairMatrices:
    """Counts of one category: wins, ties and both-bad ones of each pair (room, room), `models` of it in use."""

    wins: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    ties: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    both_bad: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def add(self, low: int, high: int, count: PairCount) -> None:
        room = len(self.wins)
        if max(low, high) >= room:
            grown = ((0, max(low, high) + 1),) * 2
            self.wins, self.ties, self.both_bad = (
                np.pad(each, grown) for each in (self.wins, self.ties, self.both_bad)
            )
        self.wins[low, high] += count.wins
        self.wins[high, low] += count.losses
        for table, number in ((self.ties, count.ties), (self.both_bad, count.both_bad)):
            table[low, high] += number
            table[high, low] += number


@dataclass(frozen=True, eq=False)
class CategoryCounts:
    """One category of a pool: M models (their keys) in the order of the labels, both_bad (M,) counts those of each."""

    models: list[int]
    comparisons: Comparisons
    both_bad: Floats


@dataclass(frozen=True, eq=False)
class CategoryVotes:
    """N votes of one category: positions of the models, twice the score of the first, as in `VoteColumns`."""

    first: Indices
    second: Indices
    twice: Indices
    bad: NDArray[np.bool_]
    weight: Floats
    voter: Indices

    def where(self, wanted: NDArray[np.bool_]) -> "CategoryVotes":
        """Only these."""
        return CategoryVotes(*(getattr(self, each.name)[wanted] for each in fields(self)))

    def counted(self, models: list[int], slugs: dict[int, str]) -> tuple[CategoryCounts, "CategoryVotes"]:
        """Their counts, and they themselves, with only those of the models that have votes here."""
        found = Comparisons.from_votes(self.first, self.second, self.twice / 2, weight=self.weight)
        inside = np.array(found.labels, dtype=np.intp)
        first, second = (np.searchsorted(inside, side) for side in (self.first, self.second))
        both_bad = np.zeros(len(inside))
        for side in (first, second):
            both_bad += np.bincount(side, self.bad * self.weight, len(inside))
        judged = [models[place] for place in inside]
        comparisons = Comparisons.from_counts([slugs[key] for key in judged], found.wins, found.ties)
        return CategoryCounts(judged, comparisons, both_bad), replace(self, first=first, second=second)

    @cached_property
    def by_voter(self) -> VoterCounts:
        """Those of known voters."""
        known = self.voter != UNKNOWN_VOTER
        named = self if known.all() else self.where(known)
        won, lost, tied = (named.weight * (named.twice == score) for score in (2, 0, 1))
        return VoterCounts(named.voter, named.first, named.second, won, lost, tied)


@dataclass
class PoolState:
    """What is kept of one pool; `votes` only if they are ordered.

    elo: by category the ratings after so many of the votes, all but the newest. last, styled: by category the
    ratings of the last fit, and those under style control with the coefficients.
    """

    revision: int
    ordered: bool
    votes: VoteColumns = field(default_factory=VoteColumns)
    places: dict[int, int] = field(default_factory=dict)
    categories: dict[str, PairMatrices] = field(default_factory=dict)
    elo: dict[str, tuple[int, Floats]] = field(default_factory=dict)
    last: dict[str, dict[int, float]] = field(default_factory=dict)
    styled: dict[str, tuple[dict[int, float], list[float]]] = field(default_factory=dict)
    _people: Indices | None = None

    def add(self, counts: list[PairCount]) -> None:
        for count in counts:
            low, high = (self.places.setdefault(key, len(self.places)) for key in (count.low, count.high))
            self.categories.setdefault(count.category, PairMatrices()).add(low, high, count)

    def counts(self, category: str, slugs: dict[int, str]) -> CategoryCounts:
        """The models with votes in a category, labelled and ordered by slug."""
        table = self.categories.get(category, PairMatrices())
        room = len(table.wins)
        judged = (table.wins + table.wins.T + table.ties).sum(axis=1) > 0
        models = sorted(
            (key for key, place in self.places.items() if place < room and judged[place]), key=slugs.__getitem__
        )
        inside = np.array([self.places[key] for key in models], dtype=np.intp)
        wins, ties, both_bad = (each[np.ix_(inside, inside)] for each in (table.wins, table.ties, table.both_bad))
        comparisons = Comparisons.from_counts([slugs[key] for key in models], wins, ties)
        return CategoryCounts(models, comparisons, both_bad.sum(axis=1))

    def number(self, category: str) -> float:
        """How many votes a category has."""
        table = self.categories.get(category, PairMatrices())
        return float(table.wins.sum() + table.ties.sum() / 2)

    def ballots(self, category: str, models: list[int]) -> CategoryVotes:
        """The votes of a category between these models, person by person; none where they have no order."""
        place = np.zeros(max(self.places, default=0) + 1, dtype=np.intp)
        place[models] = np.arange(len(models))
        return self._ballots(place, self._of(category))

    def elo_ratings(self, category: str) -> dict[int, float]:
        """Ratings by model after all votes of a category, which are ordered."""
        place = np.zeros(max(self.places, default=0) + 1, dtype=np.intp)
        place[list(self.places)] = list(self.places.values())
        start, ratings = self.elo.get(category, (0, np.zeros(0)))
        ratings = np.append(ratings, np.full(len(self.places) - len(ratings), elo.START_RATING))
        end = len(self.votes)
        if end - start > 2 * REPLAY_WINDOW:
            ratings = _replay_elo(ratings, self._ballots(place, self._between(start, end - REPLAY_WINDOW, category)))
            start = end - REPLAY_WINDOW
            self.elo[category] = (start, ratings)
        ratings = _replay_elo(ratings, self._ballots(place, self._between(start, end, category)))
        return {key: float(ratings[at]) for key, at in self.places.items()}

    def follow(self, folded: TallyChanges) -> None:
        """Take in what a fold did."""
        self.add(folded.counts)
        if self.ordered:
            changed = self.votes.add(folded.votes)
            self._people = None
            self.elo = {category: kept for category, kept in self.elo.items() if kept[0] <= changed}

    def style(self, category: str) -> NDArray[np.float32]:
        """(N, 8): features of the ballots of a category, of the first answer and then of the second."""
        style: NDArray[np.float32] = self.votes["style"][self._of(category)]
        return style

    def _ballots(self, place: Indices, chosen: Indices) -> CategoryVotes:
        first, second = (place[self.votes[side][chosen]] for side in "ab")
        others = (self.votes[name][chosen] for name in ("twice", "bad", "weight", "voter"))
        return CategoryVotes(first, second, *others)

    def _of(self, category: str) -> Indices:
        """Where the votes of a category are, those of one person near each other: sums by voter take half the time."""
        people = self._people
        if people is None:
            # Sorting small whole numbers takes a tenth of the time.
            people = np.argsort((self.votes["voter"] >> VOTER_GROUP_BITS).astype(np.uint16), kind="stable")
            self._people = people
        return people if category == OVERALL_CATEGORY else people[self._chosen(category, slice(None))[people]]

    def _between(self, start: int, end: int, category: str) -> Indices:
        """Where the votes of a category are between these two, in order."""
        if category == OVERALL_CATEGORY:
            return np.arange(start, end)
        found: Indices = start + np.flatnonzero(self._chosen(category, slice(start, end)))
        return found

    def _chosen(self, category: str, part: slice) -> NDArray[np.bool_]:
        if category == DECISIVE_CATEGORY:
            decided: NDArray[np.bool_] = self.votes["twice"][part] != 1
            return decided
        return self.votes.of_category(category, part)


def _replay_elo(ratings: Floats, ballots: CategoryVotes) -> Floats:
    return elo.replay_votes(ratings, ballots.first, ballots.second, ballots.twice / 2, ballots.weight)


# Apart: many sets that are voted on must not push out the pool of this arena, which takes seconds to read.
_pool_cache: OrderedDict[int, PoolState] = OrderedDict()
_set_cache: OrderedDict[int, PoolState] = OrderedDict()


def _get_cache(pool: Pool) -> OrderedDict[int, PoolState]:
    return _set_cache if pool.is_set else _pool_cache


def apply_changes(pool: Pool, folded: TallyChanges) -> None:
    """Take in what a fold did to a pool, if it is in memory; else it is read when it is needed."""
    if pool.pk in _get_cache(pool):
        get_pool_state(pool, folded)


def get_pool_state(pool: Pool, folded: TallyChanges | None = None) -> PoolState:
    """What is kept of a pool, its revision being that before `folded`, which the same transaction has stored."""
    memory = _get_cache(pool)
    kept = memory.pop(pool.pk, None)
    if kept is None or kept.revision != pool.revision:
        kept = _load_pool_state(pool)
    elif folded:
        kept.follow(folded)
    kept.revision = pool.revision + (folded is not None)
    memory[pool.pk] = kept
    while len(memory) > MAX_POOLS:
        memory.popitem(last=False)
    return kept


def clear_pool_states() -> None:
    """What is kept is not what is stored: read it again."""
    _pool_cache.clear()
    _set_cache.clear()


def _load_pool_state(pool: Pool) -> PoolState:
    kept = PoolState(pool.revision, pool.ordered)
    if kept.ordered:
        kept.votes.load(pool.slug)
    tallies = Tally.objects.filter(board__pool=pool, board__style_control=False)
    rows = tallies.values_list("board__category__slug", "model_a", "model_b", "wins", "losses", "ties", "both_bad")
    kept.add([PairCount(pool.slug, *row, 0) for row in rows.iterator(chunk_size=10_000)])
    return kept
