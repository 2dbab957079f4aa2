"""The counts and votes of pools, kept in the memory of the process that rates them.

PostgreSQL has the truth; what is kept here holds as long as its revision is the pool's. So a refresh reads only the
votes that are new, and whoever else changes the tallies of a pool makes the next one read everything.
"""

from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ratings.models import DECIDED, OVERALL, Pool, Tally
from ratings.pipeline.tallies import Count, Folded
from ratings.pipeline.vote_columns import NOBODY, Columns
from ratings.statistics import elo
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.vote_arrays import Floats, Indices

MOST_POOLS = 20
# So many of the newest votes are replayed at each refresh, for one of them may have come late.
LATE = 2_000
# Voters whose numbers differ only in so many of the lowest bits count as near each other.
NEAR = 8


@dataclass
class Matrices:
    """Counts of one category: wins, ties and both-bad ones of each pair (room, room), `models` of it in use."""

    wins: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    ties: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    both_bad: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def add(self, low: int, high: int, count: Count) -> None:
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
class Counts:
    """One category of a pool: M models (their keys) in the order of the labels, both_bad (M,) counts those of each."""

    models: list[int]
    comparisons: Comparisons
    both_bad: Floats


@dataclass(frozen=True, eq=False)
class Ballots:
    """N votes of one category: positions of the models, twice the score of the first, as in `Columns`."""

    first: Indices
    second: Indices
    twice: Indices
    bad: NDArray[np.bool_]
    weight: Floats
    voter: Indices

    def where(self, wanted: NDArray[np.bool_]) -> "Ballots":
        """Only these."""
        return Ballots(*(getattr(self, each.name)[wanted] for each in fields(self)))

    def counted(self, models: list[int], slugs: dict[int, str]) -> tuple[Counts, "Ballots"]:
        """Their counts, and they themselves, with only those of the models that have votes here."""
        found = Comparisons.from_votes(self.first, self.second, self.twice / 2, weight=self.weight)
        inside = np.array(found.labels, dtype=np.intp)
        first, second = (np.searchsorted(inside, side) for side in (self.first, self.second))
        both_bad = np.zeros(len(inside))
        for side in (first, second):
            both_bad += np.bincount(side, self.bad * self.weight, len(inside))
        judged = [models[place] for place in inside]
        comparisons = Comparisons.from_counts([slugs[key] for key in judged], found.wins, found.ties)
        return Counts(judged, comparisons, both_bad), replace(self, first=first, second=second)

    @cached_property
    def by_voter(self) -> VoterCounts:
        """Those of known voters."""
        known = self.voter != NOBODY
        named = self if known.all() else self.where(known)
        won, lost, tied = (named.weight * (named.twice == score) for score in (2, 0, 1))
        return VoterCounts(named.voter, named.first, named.second, won, lost, tied)


@dataclass
class Kept:
    """What is kept of one pool; `votes` only if they are ordered.

    elo: by category the ratings after so many of the votes, all but the newest. last, styled: by category the
    ratings of the last fit, and those under style control with the coefficients.
    """

    revision: int
    ordered: bool
    votes: Columns = field(default_factory=Columns)
    places: dict[int, int] = field(default_factory=dict)
    categories: dict[str, Matrices] = field(default_factory=dict)
    elo: dict[str, tuple[int, Floats]] = field(default_factory=dict)
    last: dict[str, dict[int, float]] = field(default_factory=dict)
    styled: dict[str, tuple[dict[int, float], list[float]]] = field(default_factory=dict)
    _people: Indices | None = None

    def add(self, counts: list[Count]) -> None:
        for count in counts:
            low, high = (self.places.setdefault(key, len(self.places)) for key in (count.low, count.high))
            self.categories.setdefault(count.category, Matrices()).add(low, high, count)

    def counts(self, category: str, slugs: dict[int, str]) -> Counts:
        """The models with votes in a category, labelled and ordered by slug."""
        table = self.categories.get(category, Matrices())
        room = len(table.wins)
        judged = (table.wins + table.wins.T + table.ties).sum(axis=1) > 0
        models = sorted(
            (key for key, place in self.places.items() if place < room and judged[place]), key=slugs.__getitem__
        )
        inside = np.array([self.places[key] for key in models], dtype=np.intp)
        wins, ties, both_bad = (each[np.ix_(inside, inside)] for each in (table.wins, table.ties, table.both_bad))
        comparisons = Comparisons.from_counts([slugs[key] for key in models], wins, ties)
        return Counts(models, comparisons, both_bad.sum(axis=1))

    def number(self, category: str) -> float:
        """How many votes a category has."""
        table = self.categories.get(category, Matrices())
        return float(table.wins.sum() + table.ties.sum() / 2)

    def ballots(self, category: str, models: list[int]) -> Ballots:
        """The votes of a category between these models, person by person; none where they have no order."""
        place = np.zeros(max(self.places, default=0) + 1, dtype=np.intp)
        place[models] = np.arange(len(models))
        return self._ballots(place, self._of(category))

    def elo_ratings(self, category: str) -> dict[int, float]:
        """Ratings by model after all votes of a category, which are ordered."""
        place = np.zeros(max(self.places, default=0) + 1, dtype=np.intp)
        place[list(self.places)] = list(self.places.values())
        start, ratings = self.elo.get(category, (0, np.zeros(0)))
        ratings = np.append(ratings, np.full(len(self.places) - len(ratings), elo.START))
        end = len(self.votes)
        if end - start > 2 * LATE:
            ratings = _replay(ratings, self._ballots(place, self._between(start, end - LATE, category)))
            start = end - LATE
            self.elo[category] = (start, ratings)
        ratings = _replay(ratings, self._ballots(place, self._between(start, end, category)))
        return {key: float(ratings[at]) for key, at in self.places.items()}

    def follow(self, folded: Folded) -> None:
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

    def _ballots(self, place: Indices, chosen: Indices) -> Ballots:
        first, second = (place[self.votes[side][chosen]] for side in "ab")
        others = (self.votes[name][chosen] for name in ("twice", "bad", "weight", "voter"))
        return Ballots(first, second, *others)

    def _of(self, category: str) -> Indices:
        """Where the votes of a category are, those of one person near each other: sums by voter take half the time."""
        people = self._people
        if people is None:
            # Sorting small whole numbers takes a tenth of the time.
            people = np.argsort((self.votes["voter"] >> NEAR).astype(np.uint16), kind="stable")
            self._people = people
        return people if category == OVERALL else people[self._chosen(category, slice(None))[people]]

    def _between(self, start: int, end: int, category: str) -> Indices:
        """Where the votes of a category are between these two, in order."""
        if category == OVERALL:
            return np.arange(start, end)
        found: Indices = start + np.flatnonzero(self._chosen(category, slice(start, end)))
        return found

    def _chosen(self, category: str, part: slice) -> NDArray[np.bool_]:
        if category == DECIDED:
            decided: NDArray[np.bool_] = self.votes["twice"][part] != 1
            return decided
        return self.votes.of_category(category, part)


def _replay(ratings: Floats, ballots: Ballots) -> Floats:
    return elo.replay(ratings, ballots.first, ballots.second, ballots.twice / 2, ballots.weight)


# Apart: many sets that are voted on must not push out the pool of this arena, which takes seconds to read.
_memory: OrderedDict[int, Kept] = OrderedDict()
_memory_of_sets: OrderedDict[int, Kept] = OrderedDict()


def _memory_for(pool: Pool) -> OrderedDict[int, Kept]:
    return _memory_of_sets if pool.is_set else _memory


def follow(pool: Pool, folded: Folded) -> None:
    """Take in what a fold did to a pool, if it is in memory; else it is read when it is needed."""
    if pool.pk in _memory_for(pool):
        of_pool(pool, folded)


def of_pool(pool: Pool, folded: Folded | None = None) -> Kept:
    """What is kept of a pool, its revision being that before `folded`, which the same transaction has stored."""
    memory = _memory_for(pool)
    kept = memory.pop(pool.pk, None)
    if kept is None or kept.revision != pool.revision:
        kept = _load(pool)
    elif folded:
        kept.follow(folded)
    kept.revision = pool.revision + (folded is not None)
    memory[pool.pk] = kept
    while len(memory) > MOST_POOLS:
        memory.popitem(last=False)
    return kept


def forget() -> None:
    """What is kept is not what is stored: read it again."""
    _memory.clear()
    _memory_of_sets.clear()


def _load(pool: Pool) -> Kept:
    kept = Kept(pool.revision, pool.ordered)
    if kept.ordered:
        kept.votes.load(pool.slug)
    tallies = Tally.objects.filter(board__pool=pool, board__style_control=False)
    rows = tallies.values_list("board__category__slug", "model_a", "model_b", "wins", "losses", "ties", "both_bad")
    kept.add([Count(pool.slug, *row, 0) for row in rows.iterator(chunk_size=10_000)])
    return kept
