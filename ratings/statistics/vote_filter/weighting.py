"""Weights the votes of a pool, one closed epoch after another.

The parameters of each epoch come from the epochs before it. When an epoch closes, voters whose e-value is too large are
flagged permanently, and the excess of appearances and of wins is removed from strata of the votes, small ones first.
Nothing else changes a weight, so weights do not reveal whether a certain vote counts.

An epoch closes after a number of votes or at a UTC midnight. A block is a run of closed epochs, and a stratum is the
votes of some voters in a block. A row is a draw table in an epoch, with each model's chance of being drawn. A model is
seen in a vote, and drawn if its row says so. An aim is a model that a proven attack lifts or lowers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.statistics.likelihood import compute_chances
from ratings.statistics.vote_arrays import Flags, Floats, Indices, sum_by_pair
from ratings.statistics.vote_filter.aims import Aims
from ratings.statistics.vote_filter.evidence import ALPHA, Evidence
from ratings.statistics.vote_filter.expectations import (
    MIN_KNOWN_WEIGHT,
    Expectations,
    estimate_completion,
    estimate_strengths,
    estimate_tie_shares,
)
from ratings.statistics.vote_filter.records import BOTH_BAD, TIE, VoteRecords, VoterIndex, group_tables, read_votes
from ratings.statistics.vote_filter.removal import Proof, WinRecord, remove_appearances, remove_wins
from ratings.statistics.vote_filter.strata import (
    MIN_Z,
    Appearances,
    Reference,
    Stratum,
    Wins,
    compare_wins,
    compute_growth,
    compute_log_e_limit,
    compute_z_limit,
    count_appearances,
    find_hits,
    find_joint_hits,
    has_testable_wins,
)

VERSION = 3  # weights of different versions are not comparable
# Weights are multiples of 1 / STEPS, so that their sums are exact. Weights below MIN_WEIGHT become 0.
STEPS = 256
MIN_WEIGHT = 1 / 64
# Classes of voters by their votes in an epoch: 1, 2 to 3, 4 to 5, 6 to 9, 10 to 29, and more. No class should have most
# of the votes, because the wins in a class are compared with a larger number of votes in the other classes.
CLASS_STARTS = (2, 4, 6, 10, 30)
# Each class is a stratum, and so are ranges of low classes, because an attack can be spread over several classes.
_CLASS_RANGES = (*((number, number) for number in range(len(CLASS_STARTS) + 1)), (0, 1), (0, 2), (0, 3))
# Completion is estimated from voters with at least this many votes.
COMPLETION_VOTES = 10
NOT_REDUCED, BY_VOTER, BY_APPEARANCES, BY_WINS = "", "voter", "appearances", "wins"
# The information about a strength without votes, 1 / 0.6**2, because the standard deviation of strengths is about 0.6.
_PRIOR_INFORMATION = 2.8
# An attack on a model is proven by one test beyond its limit, or by this many flagged voters. From then on, lower
# limits apply to other votes of the attack.
_FLAGGED_FOR_PROOF = 3
# The lower limits in standard errors: for wins and for appearances in all closed epochs together, and for both of them
# in a smaller block of epochs.
_PROVEN_Z = 3.0
_PROVEN_SEEN_Z = 2.25
_PROVEN_Z_IN_BLOCK = 3.5
_SEARCH_BATCH_SIZE = 5000  # voters
_WON = np.array([1.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True, eq=False)
class VoteWeights:
    """The weights of N votes, in the order of the input.

    weight (N,): from 0 to 1, multiples of 1/256.
    reason (N,): why the weight was last lowered: "voter", "appearances", "wins", or "" if the weight is 1.
    is_closed (N,): whether the vote is in a closed epoch.
    """

    weight: Floats
    reason: NDArray[np.str_]
    is_closed: Flags


def weigh(
    voter: ArrayLike,
    model_a: Indices,
    model_b: Indices,
    outcome: Indices,
    time: Floats,
    draw: Indices,
    shares: Floats,
) -> VoteWeights:
    """Return the weights of a pool's votes.

    voter (N,): names or ids.
    model_a, model_b (N,): the indexes of the models, from 0 to M - 1.
    outcome (N,): 0 if a won, 1 if b won, 2 for a tie, 3 if both are bad.
    time (N,): the times in days. A UTC midnight is a whole number. Votes at the same time keep the order of the input.
    draw (N,): the draw table of each vote, as a row of `shares`. A battle whose opponent was drawn for a model that was
        already chosen needs a row in which that model's chance is 1.
    shares (D, M): the chance that each model is in the pair, under each draw table. Rows add up to 2.

    Pass all votes that count, and no others. Otherwise, attackers can hide which battles they abandon. A vote in the
    open epoch has weight 1, or 0 if its voter is flagged.

    Raises ValueError if the draw table of a vote excludes one of its models. Raises likelihood.NotConverged as
    `bradley_terry.fit` does.
    """
    records = read_votes(voter, model_a, model_b, outcome, time, draw, shares)
    state = _FilterState(records)
    start = 0
    theta = np.zeros(records.model_count)
    for epoch, end in enumerate(records.ends):
        theta = state.close_epoch(epoch, slice(start, end), theta)
        start = end
    state.lower(np.flatnonzero(state.flagged[records.voter[start:]]) + start, 0.0, BY_VOTER)
    weight = np.empty(len(records.order))
    reason = np.empty(len(records.order), dtype=state.reason.dtype)
    weight[records.order] = state.weight
    reason[records.order] = state.reason
    is_closed = np.zeros(len(weight), dtype=bool)
    is_closed[records.order[:start]] = True
    return VoteWeights(weight, reason, is_closed)


@dataclass(frozen=True, eq=False)
class _Epoch:
    """What is known of honest votes when an epoch closes, from the votes of all earlier epochs.

    number: counting from 0.
    votes: the positions of the epoch's votes.
    rows: the rows of the epoch's votes.
    expected: the expected properties of its votes.
    p (M, M): the chance that each model wins against each other model.
    variance (M,): the variance of each strength.
    """

    number: int
    votes: slice
    rows: slice
    expected: Expectations
    p: Floats
    variance: Floats


class _Attacks:
    """What is known about attacks.

    proven (3, M): whether an attack is proven, by direction (lifted, lowered, or too frequent) and model.
    searched (3, M): the proven attacks for which all voters have been checked.
    flagged (2 M,): the number of voters flagged for lifting each model, and then for lowering it.
    tests: the number of tests so far, on which their limits depend.
    wins: the wins in strata from which appearances were removed.
    """

    def __init__(self, model_count: int) -> None:
        self.proven = np.zeros((3, model_count), dtype=bool)
        self.searched = self.proven.copy()
        self.flagged = np.zeros(2 * model_count, dtype=np.intp)
        self.tests = 0
        self.wins = WinRecord(model_count)

    @property
    def aims(self) -> Aims:
        return Aims(*self.proven)


class _FilterState:
    """The weights of the votes and what is known about voters after all epochs that have been closed so far."""

    def __init__(self, records: VoteRecords) -> None:
        self.records = records
        total = len(records.a)
        self.index = VoterIndex.from_voters(records.voter, records.voter_count)
        self.closed = np.zeros(records.voter_count, dtype=np.intp)  # votes of each voter in closed epochs
        self.flagged = np.zeros(records.voter_count, dtype=bool)
        self.weight = np.ones(total)
        self.reason = np.full(total, NOT_REDUCED, dtype="<U11")
        self.won = _WON[records.outcome]
        self.voter_class = np.zeros(total, dtype=np.int8)
        self.evidence = Evidence.for_records(records)
        # Each combination of an epoch and a draw table has a row of chances.
        closed = records.ends[-1] if records.ends else 0
        epoch = np.searchsorted(records.ends, np.arange(closed), side="right")
        self.evidence.row[:closed], self.row_shares, self.row_ends = group_tables(records, epoch)
        self.minus_log_absence, self.minus_log_odds = np.zeros((2, *self.row_shares.shape))
        # The weighted wins of each model over each other model, in closed epochs.
        self.score = np.zeros((records.model_count, records.model_count))
        # Sums over voters who are not flagged, of their votes with each model and of the squares of these numbers.
        self.model_votes, self.model_squares = np.zeros((2, records.model_count))
        self.attacks = _Attacks(records.model_count)
        self.last_full_trim = 0  # the number of closed epochs when all of them were last trimmed as one block

    def close_epoch(self, number: int, votes: slice, start: Floats) -> Floats:
        """Close an epoch. Return its strengths, with which the estimate of the next epoch's strengths starts."""
        epoch = self._estimate_epoch(number, votes, start)
        # The margin keeps the logarithms finite for models that are certain or impossible to be drawn.
        inside = np.clip(epoch.expected.correct_shares(self.row_shares[epoch.rows]), 1e-9, 1 - 1e-9)
        self.minus_log_absence[epoch.rows] = -np.log1p(-inside)
        self.minus_log_odds[epoch.rows] = np.log1p(-inside) - np.log(inside)
        self.evidence.add_votes(votes, epoch.expected)
        voters, counts = np.unique(self.records.voter[votes], return_counts=True)
        position = np.searchsorted(voters, self.records.voter[votes])
        self.voter_class[votes] = np.searchsorted(CLASS_STARTS, counts, side="right")[position]
        self._add_scores(np.arange(votes.start, votes.stop), self.weight[votes])
        earlier_counts = self.closed[voters]
        self.closed[voters] += counts
        self._update_voters(voters, earlier_counts)
        self._trim_blocks(epoch)
        return epoch.expected.theta

    def _estimate_epoch(self, number: int, votes: slice, start: Floats) -> _Epoch:
        """Return what the earlier votes say about an epoch. `start` are the strengths before the last one."""
        records, size, score = self.records, self.records.model_count, self.score
        earlier = slice(0, votes.start)
        outcomes = np.bincount(records.outcome[earlier], self.weight[earlier], 4)
        often = np.where((self.closed >= COMPLETION_VOTES)[records.voter[earlier]], self.weight[earlier], 0.0)
        seen = np.bincount(records.a[earlier], often, size) + np.bincount(records.b[earlier], often, size)
        drawn = np.bincount(self.evidence.row[earlier], often, len(self.row_shares))
        theta = estimate_strengths(score, start)
        p, q = compute_chances(theta, theta)
        variance = 1 / (((score + score.T) * p * q).sum(axis=1) + _PRIOR_INFORMATION)
        known = score.sum(axis=0) + score.sum(axis=1) >= MIN_KNOWN_WEIGHT
        tie, both_bad = estimate_tie_shares(outcomes[TIE], outcomes[BOTH_BAD], float(outcomes.sum()))
        completion, error = estimate_completion(seen, drawn, self.row_shares)
        rows = slice(self.row_ends[number - 1] if number else 0, self.row_ends[number])
        return _Epoch(number, votes, rows, Expectations(theta, known, tie, both_bad, completion, error), p, variance)

    def _add_scores(self, votes: Indices, change: Floats) -> None:
        records, won = self.records, change * self.won[votes]
        a, b = records.a[votes], records.b[votes]
        self.score += sum_by_pair(len(self.score), a, b, won) + sum_by_pair(len(self.score), b, a, change - won)

    def lower(self, votes: Indices, weight: Floats | float, reason: str) -> None:
        """Lower the weights of these votes. `weight` is rounded to a multiple of 1/256."""
        rounded = np.rint(np.asarray(weight) * STEPS) / STEPS
        new = np.minimum(np.where(rounded < MIN_WEIGHT, 0.0, rounded), self.weight[votes])
        changed = new < self.weight[votes]
        votes, new = votes[changed], new[changed]
        self._add_scores(votes, new - self.weight[votes])
        self.weight[votes] = new
        self.reason[votes] = reason

    def _update_voters(self, voters: Indices, earlier_counts: Indices) -> None:
        """Flag voters by their e-values, and update the sums over voters with this epoch's votes."""
        flagged_before = self.flagged[voters]
        votes, owner = self._flag_voters(voters)
        honest = ~self.flagged[voters][owner]
        self._count_models(votes[honest], owner[honest], 1)
        earlier = np.arange(len(votes)) - np.searchsorted(owner, owner) < earlier_counts[owner]
        counted = earlier & ~flagged_before[owner]
        self._count_models(votes[counted], owner[counted], -1)

    def _count_models(self, votes: Indices, owner: Indices, sign: int) -> None:
        """Add voters to `model_votes` and `model_squares`, or subtract them if the sign is -1."""
        records, size = self.records, self.records.model_count
        keys = np.concatenate((owner * size + records.a[votes], owner * size + records.b[votes]))
        pairs, number = np.unique(keys, return_counts=True)
        self.model_votes += sign * np.bincount(pairs % size, number, size)
        self.model_squares += sign * np.bincount(pairs % size, number.astype(np.float64) ** 2, size)

    def _flag_voters(self, voters: Indices) -> tuple[Indices, Indices]:
        """Flag voters whose e-value is too large. Return the votes of `voters`, and each vote's voter as an index."""
        votes, owner = self.index.list_votes(voters, self.closed[voters])
        if not len(voters):
            return votes, owner
        log_e, aim = self.evidence.compute_log_e(
            voters, votes, owner, self.minus_log_absence, self.minus_log_odds, self.won, self.attacks.aims
        )
        hits = (log_e >= -np.log(ALPHA)) & ~self.flagged[voters]
        self.flagged[voters[hits]] = True
        self.attacks.flagged += np.bincount(aim[hits & (aim >= 0)], minlength=len(self.attacks.flagged))
        self.lower(votes[self.flagged[voters][owner]], 0.0, BY_VOTER)
        return votes, owner

    def _trim_blocks(self, epoch: _Epoch) -> None:
        """Remove excess appearances and wins from the blocks of epochs that end with this epoch.

        Blocks have 1, 2, 4 … epochs. Occasionally, all closed epochs form a block.
        """
        attacks = self.attacks
        attacks.proven[:2] |= (attacks.flagged >= _FLAGGED_FOR_PROOF).reshape(2, -1)
        closed = epoch.number + 1
        lengths = [1 << level for level in range(closed.bit_length()) if closed % (1 << level) == 0]
        if closed * 8 >= self.last_full_trim * 9 and closed not in lengths:
            lengths.append(closed)
        if closed in lengths:
            self.last_full_trim = closed
        for length in lengths:
            first = closed - length
            start = self.records.ends[first - 1] if first else 0
            rows = slice(self.row_ends[first - 1] if first else 0, self.row_ends[epoch.number])
            self._trim_block(epoch, np.arange(start, epoch.votes.stop), rows)
        if closed == self.last_full_trim and (attacks.proven & ~attacks.searched).any():
            self._search_voters()

    def _search_voters(self) -> None:
        """Check the e-values of all voters again after an attack has been proven."""
        self.attacks.searched = self.attacks.proven.copy()
        for start in range(0, self.records.voter_count, _SEARCH_BATCH_SIZE):
            voters = np.arange(start, min(start + _SEARCH_BATCH_SIZE, self.records.voter_count))
            voters = voters[(self.closed[voters] > 0) & ~self.flagged[voters]]
            votes, owner = self._flag_voters(voters)
            newly_flagged = self.flagged[voters][owner]
            self._count_models(votes[newly_flagged], owner[newly_flagged], -1)

    def _trim_block(self, epoch: _Epoch, votes: Indices, rows: slice) -> None:
        # Completion is known more precisely now than when the votes were cast.
        chances = epoch.expected.correct_shares(self.row_shares[rows])
        proven_z = _PROVEN_Z_IN_BLOCK if votes[0] else _PROVEN_Z
        proven_seen_z = _PROVEN_Z_IN_BLOCK if votes[0] else _PROVEN_SEEN_Z
        growth = compute_growth(chances, epoch.expected.completion_error)
        votes = votes[self.weight[votes] > 0]
        voter_class = self.voter_class[votes]
        groups = [votes[(voter_class >= low) & (voter_class <= high)] for low, high in _CLASS_RANGES]
        self.attacks.tests += (len(groups) + 1) * self.records.model_count
        for group in groups:
            stratum = self._build_stratum(group, chances, rows.start)
            if not len(stratum.votes):
                continue
            appearances = count_appearances(stratum, growth, epoch.expected.completion_error)
            wins = self._compare_wins(epoch, stratum) if has_testable_wins(stratum) else None
            hits = find_hits(
                appearances.z, wins.z if wins else np.zeros(self.records.model_count), 2 * self.attacks.tests
            )
            self.attacks.proven |= (hits.lifted, hits.lowered, hits.frequent)
            changed = self._trim_appearances(epoch, stratum, growth, proven_seen_z, hits, appearances)
            if wins:
                self._trim_wins(epoch, stratum, proven_z, hits, self._compare_wins(epoch, stratum) if changed else wins)
        whole_block = self._build_stratum(votes, chances, rows.start)
        if len(whole_block.votes):
            appearances = count_appearances(whole_block, growth, epoch.expected.completion_error)
            no_hits = Aims(*np.zeros((3, self.records.model_count), dtype=bool))
            self._trim_appearances(epoch, whole_block, growth, proven_seen_z, no_hits, appearances)

    def _build_stratum(self, votes: Indices, chances: Floats, first_row: int) -> Stratum:
        votes = votes[self.weight[votes] > 0]
        records = self.records
        return Stratum(
            votes,
            records.a[votes],
            records.b[votes],
            records.voter[votes],
            self.evidence.row[votes] - first_row,
            self.won[votes],
            chances,
            self.weight[votes],
        )

    def _compare_wins(self, epoch: _Epoch, stratum: Stratum) -> Wins:
        reference = Reference(self.score, epoch.p, epoch.variance, self.model_votes, self.model_squares)
        return compare_wins(stratum, reference)

    def _trim_appearances(
        self, epoch: _Epoch, stratum: Stratum, growth: Floats, proven_z: float, hits: Aims, appearances: Appearances
    ) -> bool:
        """Remove the excess of appearances from a stratum. Return whether any weight has changed.

        hits, appearances: see `find_hits` and `count_appearances`.
        """
        limit = compute_log_e_limit(self.attacks.tests)
        done = np.zeros(self.records.model_count, dtype=bool)
        while True:
            is_attacked = self.attacks.proven[:2].any(axis=0)
            proven = hits.models & (appearances.z > 0) | is_attacked & (appearances.z >= proven_z)
            model = _find_excess(appearances.log_e, limit, proven, done)
            if model is None:
                return bool(done.any())
            done[model] = True
            base_share = appearances.expected[model] / stratum.weight.sum()
            amount = (appearances.seen[model] - appearances.expected[model]) / (1 - min(base_share, 0.99))
            wins = self._compare_wins(epoch, stratum)
            direction = int(wins.excess[model] < 0)
            if appearances.log_e[model] >= limit:
                self.attacks.proven[direction if abs(wins.z[model]) >= MIN_Z else 2, model] = True
            lifted, lowered = self.attacks.proven[:2, model].tolist()
            outside = self._measure_outside(
                epoch, model, float(appearances.seen[model]), float(appearances.expected[model])
            )
            proof = Proof(lifted, lowered, outside)
            remove_appearances(stratum, model, float(amount), wins, proof, self.attacks.wins, self.attacks.aims)
            self._store_weights(stratum, BY_APPEARANCES)
            appearances = count_appearances(stratum, growth, epoch.expected.completion_error)

    def _measure_outside(self, epoch: _Epoch, model: int, seen: float, expected: float) -> float:
        """Return the excess of appearances outside a stratum, as a share of the appearances there.

        seen, expected: the appearances in the stratum.
        """
        rows = np.bincount(self.evidence.row[: epoch.votes.stop], self.weight[: epoch.votes.stop], len(self.row_shares))
        used = np.flatnonzero(rows)
        chances = epoch.expected.correct_shares(self.row_shares[used])[:, model]
        others = float(self.score[model].sum() + self.score[:, model].sum()) - seen
        return max(0.0, others - float(rows[used] @ chances) + expected) / max(others, 1.0)

    def _trim_wins(self, epoch: _Epoch, stratum: Stratum, proven_z: float, hits: Aims, wins: Wins) -> None:
        limit = compute_z_limit(2 * self.attacks.tests)
        done = np.zeros(self.records.model_count, dtype=bool)
        while True:
            size = np.abs(wins.z)
            size = np.where(find_joint_hits(wins.z, self.attacks.tests), np.maximum(size, limit), size)
            lifted, lowered = self.attacks.proven[:2]
            is_attacked: Flags = np.where(wins.z > 0, lifted, lowered)
            proven: Flags = is_attacked & (size >= proven_z) | (hits.directions * wins.z >= MIN_Z)
            model = _find_excess(size, limit, proven, done)
            if model is None:
                return
            done[model] = True
            if size[model] >= limit:
                self.attacks.proven[int(wins.z[model] < 0), model] = True
            remove_wins(stratum, model, wins, self.attacks.aims)
            self._store_weights(stratum, BY_WINS)
            wins = self._compare_wins(epoch, stratum)

    def _store_weights(self, stratum: Stratum, reason: str) -> None:
        self.lower(stratum.votes, stratum.weight, reason)
        stratum.weight[:] = self.weight[stratum.votes]


def _find_excess(evidence: Floats, limit: float, proven: Flags, done: Flags) -> int | None:
    """Return the model with the most evidence (M,), or None if none is left that reaches the limit.

    Proven models reach it in any case.
    """
    priority = np.where(done, -np.inf, np.where(proven, np.maximum(evidence, limit), evidence))
    model = int(priority.argmax())
    return model if priority[model] >= limit else None
