"""An e-value for each voter: how much better an attack explains their votes than the most favorable honest type.

The numerator is a mixture of attacks, with weights that add up to 1. The denominator is the largest likelihood among
honest types. Under each of these types the e-value has a mean of at most 1, whatever the number of votes, so the chance
that it ever exceeds 1/alpha is at most alpha (J. Ville, 1939; V. Vovk and R. Wang, Annals of Statistics 49, 2021).

The attacks lift or lower one model, voting in its battles more often than they are drawn, or prefer the weaker model,
or give the same answer to everything.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from ratings.statistics.likelihood import Flags
from ratings.statistics.vote_arrays import Floats, Indices
from ratings.statistics.vote_filter.expectations import Expectations
from ratings.statistics.vote_filter.records import A_WON, B_WON, BOTH_BAD, TIE, VoteRecords

# A voter is honest with the chance 1 - ALPHA of never being flagged.
ALPHA = 1e-3
NOISE = 0.05
SHARPNESS = (0.4, 1.0, 1.8)
SIDE_BIAS = (-0.3, 0.0, 0.3)
TIE_FACTORS = (0.3, 1.0, 2.5)
BOTH_BAD_FACTORS = (0.4, 2.0)
_MAX_TIE_SHARE = 0.45
# The share of votes on the target's battles for an attacker who leaves other battles. None: the attacker leaves none.
FOCUS = (None, 0.15, 0.45, 0.95)
_LOG_WIN, _LOG_OTHER = np.log(0.94), np.log(0.02)
_LOG_CONSTANT, _LOG_NOT_CONSTANT = np.log(0.97), np.log(0.01)
_TARGET_SHARE = 0.9  # the weight of attacks with a target in the mixture

_TYPES = np.array(list(product(SHARPNESS, SIDE_BIAS, TIE_FACTORS, BOTH_BAD_FACTORS)))
_CONTRARIAN = np.array([[-1.0, 0.0, 1.0, 1.0]])
_PLAIN = np.array([[1.0, 0.0, 1.0, 1.0]])
_ROWS = np.vstack((_TYPES, _CONTRARIAN, _PLAIN))
HONEST = slice(0, len(_TYPES))
# The contrarian, and the constant answers a, b, tie, and both bad.
UNTARGETED = slice(len(_TYPES), len(_TYPES) + 5)
PLAIN = -1


def compute_log_chances(lead: Floats, outcome: Indices, expected: Expectations) -> Floats:
    """Return the log-likelihood of each vote under each type (N, 60): honest ones, attacks without target, and plain.

    lead (N,): the strength of a minus that of b.
    """
    sharpness, bias, tie_factor, bad_factor = _ROWS.T
    ties = np.minimum(expected.tie * tie_factor, _MAX_TIE_SHARE)
    bad = np.minimum(expected.both_bad * bad_factor, _MAX_TIE_SHARE)
    sign = np.where(outcome == B_WON, -1.0, 1.0)[:, None]
    chance = (1 - ties - bad) / (1 + np.exp(-sign * (lead[:, None] * sharpness + bias)))
    chance[outcome == TIE] = ties
    chance[outcome == BOTH_BAD] = bad
    logs = np.log((1 - NOISE) * chance + NOISE / 4)
    constant = np.where(outcome[:, None] == np.arange(4), _LOG_CONSTANT, _LOG_NOT_CONSTANT)
    return np.hstack((logs[:, :-1], constant, logs[:, -1:]))


@dataclass(eq=False)
class Evidence:
    """The evidence about all voters, up to the last closed epoch.

    sums (G, 60): the log-likelihoods of each voter's votes under each type of `compute_log_chances`.
    plain (N,): the log-likelihood of each vote under the plain type, 0 for votes whose outcome is not used.
    used (N,): whether the outcome of the vote is used, that is, whether both strengths were known.
    row (N,): the row of the vote's chances in `absent` and `odds`.
    """

    records: VoteRecords
    sums: Floats
    plain: Floats
    used: Flags
    row: Indices

    @classmethod
    def for_records(cls, records: VoteRecords) -> "Evidence":
        total = len(records.a)
        used = np.zeros(total, dtype=bool)
        return cls(records, np.zeros((records.voters, len(_ROWS) + 4)), np.zeros(total), used, np.zeros(total, np.intp))

    def add_votes(self, votes: slice, expected: Expectations) -> None:
        """Add the outcomes of an epoch. The expectations must be from earlier epochs."""
        records = self.records
        a, b = records.a[votes], records.b[votes]
        used = expected.known[a] & expected.known[b]
        logs = compute_log_chances(expected.theta[a] - expected.theta[b], records.outcome[votes], expected)
        logs[~used] = 0
        self.used[votes] = used
        self.plain[votes] = logs[:, PLAIN]
        voters, position = np.unique(records.voter[votes], return_inverse=True)
        ones = csr_array((np.ones(len(a)), (position, np.arange(len(a)))), shape=(len(voters), len(a)))
        self.sums[voters] += ones @ logs

    def compute_log_e(self, voters: Indices, votes: Indices, owner: Indices, absent: Floats, odds: Floats) -> Floats:
        """Return the log e-value of each of these voters.

        votes: all votes of these voters in closed epochs.
        owner: the position in `voters` for each vote.
        absent (R, M): -log(1 - chance) of each model under each row of expectations.
        odds (R, M): log(1 - chance) - log(chance).
        """
        targeted = self._sum_attacks(len(voters), votes, owner, absent, odds)
        sums = self.sums[voters]
        untargeted = np.logaddexp.reduce(sums[:, UNTARGETED], axis=1) + np.log((1 - _TARGET_SHARE) / 5)
        log_e: Floats = np.logaddexp(targeted, untargeted) - sums[:, HONEST].max(axis=1)
        return log_e

    def _sum_attacks(self, number: int, votes: Indices, owner: Indices, absent: Floats, odds: Floats) -> Floats:
        """Return the log-likelihood of the mixture of all attacks with a target, for each voter.

        Targets that a voter has not met are left out, which makes the e-value smaller.
        """
        records, size = self.records, self.records.models
        outcome, row, used = records.outcome[votes], self.row[votes], self.used[votes]
        a_key, b_key = owner * size + records.a[votes], owner * size + records.b[votes]
        keys, place = np.unique(np.concatenate((a_key, b_key)), return_inverse=True)
        pairs = len(keys)
        won = np.concatenate((outcome == A_WON, outcome == B_WON))
        lost = np.concatenate((outcome == B_WON, outcome == A_WON))
        twice_used, plain = np.tile(used, 2), np.tile(self.plain[votes], 2)
        lift = np.where(won, _LOG_WIN, _LOG_OTHER) * twice_used - plain
        lower = np.where(lost, _LOG_WIN, _LOG_OTHER) * twice_used - plain
        met_odds = np.concatenate((odds[row, records.a[votes]], odds[row, records.b[votes]]))
        lift, lower, met_odds = (np.bincount(place, each, pairs) for each in (lift, lower, met_odds))
        met = np.bincount(place, minlength=pairs)
        voter = keys // size
        rows = csr_array((np.ones(len(votes)), (owner, row)), shape=(number, len(absent)))
        left = (rows @ absent).ravel()[keys] + met_odds
        missed = np.bincount(owner, minlength=number)[voter] - met
        base = np.bincount(owner, self.plain[votes], number)[voter]
        logs = []
        for focus in FOCUS:
            chosen = 0.0 if focus is None else met * np.log(focus) + missed * np.log(1 - focus) + left
            directions = (lift, lower) if focus is None else (lift, lower, 0.0)
            logs += [base + chosen + direction for direction in directions]
        best = np.logaddexp.reduce(np.array(logs), axis=0) - np.log(len(logs) * size / _TARGET_SHARE)
        # Keys are sorted, and each voter has at least one vote.
        starts = np.searchsorted(keys, np.arange(number) * size)
        mixture: Floats = np.logaddexp.reduceat(best, starts)
        return mixture
