"""A pool's votes, sorted by time, and the epochs in which they are weighted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from ratings.statistics.vote_arrays import Floats, Indices

A_WON, B_WON, TIE, BOTH_BAD = range(4)
# An epoch closes after this many votes or at a UTC midnight, but never with fewer votes or voters than the minimum.
EPOCH_VOTES = 2000
MIN_EPOCH_VOTES = 100
MIN_EPOCH_VOTERS = 5
# If an epoch has more draw tables than this, those in which no model is certain to be drawn are grouped.
MAX_TABLES = 8
_SHARE_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class VoteRecords:
    """N votes, sorted by time. Votes at the same time keep the order of the input.

    order (N,): the position of each vote in the input.
    voter (N,): the voters, numbered from 0.
    a, b (N,): the models, as columns of `shares`.
    outcome (N,): 0 if a won, 1 if b won, 2 for a tie, 3 if both are bad.
    draw (N,): the draw table of each vote, as a row of `shares`.
    shares (D, M): the chance that each model is in the pair, under each draw table.
    ends: the end of each closed epoch, as positions in these arrays. Later votes are in the open epoch.
    """

    order: Indices
    voter: Indices
    a: Indices
    b: Indices
    outcome: Indices
    draw: Indices
    shares: Floats
    ends: list[int]

    @property
    def model_count(self) -> int:
        return int(self.shares.shape[1])

    @property
    def voter_count(self) -> int:
        return int(self.voter.max(initial=-1)) + 1


def read_votes(
    voter: ArrayLike, a: Indices, b: Indices, outcome: Indices, time: Floats, draw: Indices, shares: Floats
) -> VoteRecords:
    """Return the votes, sorted by time. Raises ValueError if the draw table of a vote excludes one of its models.

    The columns are described in `weighting.weigh`.
    """
    impossible = np.flatnonzero((shares[draw, a] <= 0) | (shares[draw, b] <= 0))
    if len(impossible):
        raise ValueError(f"vote {impossible[0]} has a model with chance 0 in its draw table")
    order = np.argsort(time, kind="stable")
    voters = np.unique(voter, return_inverse=True)[1].astype(np.intp)[order]
    ends = find_epoch_ends(time[order], voters)
    return VoteRecords(order, voters, a[order], b[order], outcome[order], draw[order], shares, ends)


def find_epoch_ends(time: Floats, voter: Indices) -> list[int]:
    """Return the ends of the closed epochs.

    time (N,): the times in days, in ascending order. A UTC midnight is a whole number.
    """
    midnights = np.flatnonzero(np.diff(np.floor(time))) + 1
    ends: list[int] = []
    start = 0
    checked = 0
    while True:
        index = int(np.searchsorted(midnights, checked, side="right"))
        midnight = int(midnights[index]) if index < len(midnights) else len(time) + 1
        end = min(checked - (checked - start) % EPOCH_VOTES + EPOCH_VOTES, midnight)
        if end > len(time):
            return ends
        checked = end
        if end - start >= MIN_EPOCH_VOTES and len(np.unique(voter[start:end])) >= MIN_EPOCH_VOTERS:
            ends.append(end)
            start = end


@dataclass(frozen=True, eq=False)
class VoterIndex:
    """An index of votes by voter.

    votes (N,): the positions of all votes, sorted by voter and time.
    starts (G + 1,): where each voter's votes start in `votes`.
    """

    votes: Indices
    starts: Indices

    @classmethod
    def from_voters(cls, voter: Indices, voter_count: int) -> "VoterIndex":
        starts = np.zeros(voter_count + 1, dtype=np.intp)
        np.cumsum(np.bincount(voter, minlength=voter_count), out=starts[1:])
        return cls(np.argsort(voter, kind="stable"), starts)

    def list_votes(self, voters: Indices, counts: Indices) -> tuple[Indices, Indices]:
        """Return the earliest votes of these voters, and for each vote the position of its voter in `voters`.

        counts: the number of votes to list for each voter.
        """
        owner = np.repeat(np.arange(len(voters)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.votes[self.starts[voters][owner] + within], owner


def group_tables(records: VoteRecords, epoch: Indices) -> tuple[Indices, Floats, list[int]]:
    """Return the row of each vote in closed epochs, the chances of each row (R, M), and where each epoch's rows end.

    epoch: the epoch of each of these votes.

    A row is a draw table in an epoch. If an epoch has many tables, for example because they are renewed every minute,
    neighboring tables share a row with their mean. Tables in which a model is certain to be drawn are not mixed with
    others.
    """
    tables = len(records.shares)
    keys, key_index, votes = np.unique(
        epoch * tables + records.draw[: len(epoch)], return_inverse=True, return_counts=True
    )
    epochs, draws = keys // tables, keys % tables
    mixed = records.shares.max(axis=1, initial=0)[draws] < 1 - _SHARE_TOLERANCE
    first = np.searchsorted(epochs, epochs)
    number = np.searchsorted(epochs, epochs, side="right") - first
    within = np.arange(len(keys)) - first
    group = np.where(mixed & (number > MAX_TABLES), within * MAX_TABLES // np.maximum(number, 1), MAX_TABLES + within)
    ids, row = np.unique(epochs * (MAX_TABLES + tables) + group, return_inverse=True)
    weights = csr_array((votes.astype(np.float64), (row, draws)), shape=(len(ids), tables))
    shares = np.asarray(weights @ records.shares) / np.bincount(row, votes, len(ids))[:, None]
    ends = np.searchsorted(ids // (MAX_TABLES + tables), np.arange(len(records.ends)), side="right")
    return row[key_index], shares, ends.tolist()
