"""An e-value for each voter: how much better an attack explains their votes than the most favorable honest type.

The numerator is a mixture of attacks, with weights that add up to 1. The denominator is the largest likelihood among
honest types. Under each of these types the e-value has a mean of at most 1, whatever the number of votes, so the chance
that it ever exceeds 1/alpha is at most alpha (J. Ville, 1939; V. Vovk and R. Wang, Annals of Statistics 49, 2021).

An attacker lifts or lowers one model and votes on its battles more often than they are drawn, or prefers the weaker
model, or gives the same answer to everything.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ratings.statistics.vote_arrays import Flags, Floats, Indices
from ratings.statistics.vote_filter.aims import Aims
from ratings.statistics.vote_filter.expectations import Expectations
from ratings.statistics.vote_filter.records import A_WON, B_WON, TIE, VoteRecords

# The maximum chance that a voter of an honest type is ever flagged.
ALPHA = 1e-3
# This share of all votes is noise: wrong clicks, and questions that the voter cannot judge.
NOISE = 0.05
# Honest types: how closely votes follow the ratings, the preference for side a, and multiples of the usual shares of
# ties and of "both bad". Each combination is a type.
SHARPNESS = (0.0, 0.4, 0.8, 1.3, 2.0)
SIDE_BIAS = (-0.3, -0.15, 0.0, 0.15, 0.3)
TIE_FACTORS = (0.3, 0.6, 1.0, 1.6, 2.5)
BOTH_BAD_FACTORS = (0.3, 1.0, 2.0, 4.0)
# An honest voter may also prefer or dislike the target by this much, in units of strength.
TASTES = (-0.8, -0.4, 0.4, 0.8)
_MAX_TIE_SHARE = 0.45
# The share of an attacker's votes that are on the target's battles → the weight of such attacks. None stands for an
# attacker who does not abandon other battles.
FOCUS = {None: 0.1, 0.15: 0.15, 0.45: 0.3, 0.95: 0.45}
# The weight of attackers who vote on the target's battles more often, but for either side.
_ANY_SIDE = 0.1
# The weight of the targets of proven attacks, and also that of an attack on all of them.
_PROVEN_SHARE = 0.4
# The shares of votes that an attacker with all of these targets casts on battles with any of them.
_PROVEN_FOCUS = (0.45, 0.95)
# The chance that an attacker with a target chooses the outcome that serves the attack, and that of each other outcome.
_LOG_WIN = np.log(0.94)
_LOG_OTHER = np.log(0.02)
# The same for an attacker who gives the same answer to everything.
_LOG_CONSTANT = np.log(0.97)
_LOG_NOT_CONSTANT = np.log(0.01)
_TARGET_SHARE = 0.8  # the weight of attacks with a target in the mixture

# Columns of log-likelihoods. A vote's likelihood is the product of the likelihood of its kind (decisive, tie, or both
# bad) and that of its winner, so winners and kinds have separate columns, which any type combines.
_WINNERS = np.array([*product(SHARPNESS, SIDE_BIAS), (-1.0, 0.0), (1.0, 0.0)])
_KINDS = np.array([*product(TIE_FACTORS, BOTH_BAD_FACTORS), (1.0, 1.0)])
WINNERS = slice(0, len(_WINNERS) - 2)
CONTRARIAN = len(_WINNERS) - 2
PLAIN_WINNER = len(_WINNERS) - 1
KINDS = slice(len(_WINNERS), len(_WINNERS) + len(_KINDS) - 1)
PLAIN_KIND = KINDS.stop
CONSTANT = slice(PLAIN_KIND + 1, PLAIN_KIND + 5)
_COLUMNS = CONSTANT.stop
_UNTARGETED_COUNT = 5  # attacks without a target: one contrarian and four constant ones


def compute_log_chances(lead: Floats, outcome: Indices, expected: Expectations) -> Floats:
    """Return the log-likelihoods of each vote (N, columns): winners, kinds, and constant answers.

    lead (N,): the strength of a minus that of b.
    """
    sharpness, bias = _WINNERS.T
    sign = np.where(outcome == B_WON, -1.0, 1.0)[:, None]
    winner = _log_win(sign * (lead[:, None] * sharpness + bias))
    winner[outcome >= TIE] = 0
    ties, bad = np.minimum((expected.tie, expected.both_bad) * _KINDS, _MAX_TIE_SHARE).T
    by_kind = np.log((1 - NOISE) * np.array([1 - ties - bad, 1 - ties - bad, ties, bad]) + NOISE / 3)
    constant = np.where(outcome[:, None] == np.arange(4), _LOG_CONSTANT, _LOG_NOT_CONSTANT)
    return np.hstack((winner, by_kind[outcome], constant))


def _log_win(lead: Floats) -> Floats:
    """Return the log-chance that a model with this lead wins."""
    log_chance: Floats = np.log((1 - NOISE) / (1 + np.exp(-lead)) + NOISE / 2)
    return log_chance


def _weight_aims(proven: Flags) -> Floats:
    """Return the log-weights (2 M,) of targets to lift and to lower in the mixture."""
    even = _TARGET_SHARE / len(proven)
    count = int(proven.sum())
    if not count:
        return np.full(len(proven), np.log(even))
    weights: Floats = np.log((1 - 2 * _PROVEN_SHARE) * even + _PROVEN_SHARE * _TARGET_SHARE / count * proven)
    return weights


@dataclass(eq=False)
class Evidence:
    """The evidence about all voters, up to the last closed epoch.

    sums (G, columns): the log-likelihoods of each voter's votes, see `compute_log_chances`.
    plain (N,): the log-likelihood of each vote under the plain type: sharpness 1, no bias, and the usual shares.
    lead (N,): the strength of a minus that of b when the vote's epoch began, or 0 if one of them was not known.
    used (N,): whether both strengths were known, so that the outcome is evidence of an attack with a target.
    row (N,): the row of the vote's chances in `minus_log_absence` and `minus_log_odds`.
    """

    records: VoteRecords
    sums: NDArray[np.float32]
    plain: Floats
    lead: Floats
    used: Flags
    row: Indices

    @classmethod
    def for_records(cls, records: VoteRecords) -> "Evidence":
        total = len(records.a)
        sums = np.zeros((records.voter_count, _COLUMNS), dtype=np.float32)
        plain, lead = np.zeros((2, total))
        return cls(records, sums, plain, lead, np.zeros(total, dtype=bool), np.zeros(total, np.intp))

    def add_votes(self, votes: slice, expected: Expectations) -> None:
        """Add the outcomes of an epoch. The expectations must be from earlier epochs."""
        records = self.records
        a, b = records.a[votes], records.b[votes]
        used = expected.known[a] & expected.known[b]
        # Without known strengths, the lead is 0: sides are drawn at random, so each side wins half of the time.
        lead = np.where(used, expected.theta[a] - expected.theta[b], 0.0)
        logs = compute_log_chances(lead, records.outcome[votes], expected)
        self.used[votes] = used
        self.lead[votes] = lead
        self.plain[votes] = logs[:, PLAIN_WINNER] + logs[:, PLAIN_KIND]
        voters, position = np.unique(records.voter[votes], return_inverse=True)
        ones = csr_array((np.ones(len(a)), (position, np.arange(len(a)))), shape=(len(voters), len(a)))
        self.sums[voters] += np.asarray(ones @ logs)

    def compute_log_e(
        self,
        voters: Indices,
        votes: Indices,
        owner: Indices,
        minus_log_absence: Floats,
        minus_log_odds: Floats,
        won: Floats,
        aims: Aims,
    ) -> tuple[Floats, Indices]:
        """Return the log e-value of each of these voters, and the aim of the likeliest attack.

        The aim is the target, plus M if the attack lowers it, or -1 for an attack without a target.

        votes: all votes of these voters in closed epochs.
        owner: the position of each vote's voter in `voters`.
        minus_log_absence (R, M): -log(1 - chance) of each model under each row of expectations.
        minus_log_odds (R, M): log(1 - chance) - log(chance).
        won (N,): 1 if a won, 0 if b won, 0.5 for a tie.
        aims: the aims of proven attacks.
        """
        sums = self.sums[voters].astype(np.float64)
        proven_attack = self._sum_proven_attack(len(voters), votes, owner, minus_log_absence, won, aims)
        prior = _weight_aims(np.append(aims.lifted, aims.lowered))
        keys, log_attack = self._sum_attacks(len(voters), votes, owner, minus_log_absence, minus_log_odds, prior)
        starts = np.searchsorted(keys, 2 * self.records.model_count * np.arange(len(voters)))
        contrarian = sums[:, CONTRARIAN] + sums[:, PLAIN_KIND]
        untargeted = np.logaddexp(contrarian, np.logaddexp.reduce(sums[:, CONSTANT], axis=1))
        untargeted += np.log((1 - _TARGET_SHARE) / _UNTARGETED_COUNT)
        honest = sums[:, WINNERS].max(axis=1) + sums[:, KINDS].max(axis=1)
        attack = np.logaddexp(np.logaddexp.reduceat(log_attack, starts), untargeted)
        log_e = np.logaddexp(attack, proven_attack) - honest
        best = np.maximum.reduceat(log_attack, starts)
        target_voter, target = np.divmod(keys, 2 * self.records.model_count)
        leading = np.flatnonzero(log_attack >= best[target_voter])
        aim = np.full(len(voters), -1)
        aim[target_voter[leading]] = target[leading]
        aim[untargeted >= best] = -1
        return log_e, aim

    def _sum_proven_attack(
        self, voter_count: int, votes: Indices, owner: Indices, minus_log_absence: Floats, won: Floats, aims: Aims
    ) -> Floats:
        """Return each voter's log-likelihood of an attack that serves all proven aims at once, with its weight."""
        if not aims.models.any():
            return np.full(voter_count, -np.inf)
        records = self.records
        a, b = records.a[votes], records.b[votes]
        has_aim, gain = aims.find_gains(a, b, won[votes])
        directed = has_aim & self.used[votes] & ~np.isnan(gain)
        lift = np.where(directed, np.where(gain > 0, _LOG_WIN, _LOG_OTHER) - self.plain[votes], 0.0)
        # An honest voter may prefer or dislike these models.
        sign = np.where(won[votes] < 1 / 2, -1, 1)
        lead = sign * self.lead[votes]
        unbiased = _log_win(lead)
        side = np.sign(aims.directions[a] - aims.directions[b]) * sign * (directed & (won[votes] != 1 / 2))
        taste = np.zeros(voter_count)
        for shift in TASTES:
            change = np.where(side == 0, 0.0, _log_win(lead + side * shift) - unbiased)
            taste = np.maximum(taste, np.bincount(owner, change, voter_count))
        # The chance of a battle with any of the models is at most the sum of their chances, and at least half of it.
        chance = np.clip(-np.expm1(-minus_log_absence[:, aims.models]).sum(axis=1), 1e-9, 1)[self.row[votes]]
        base = self.plain[votes] + lift - np.where(has_aim, np.log(chance), np.log1p(-chance / 2))
        hits = np.bincount(owner, has_aim, voter_count)
        misses = np.bincount(owner, ~has_aim, voter_count)
        chosen = [hits * np.log(focus) + misses * np.log(1 - focus) for focus in _PROVEN_FOCUS]
        weight = _PROVEN_SHARE * _TARGET_SHARE / len(_PROVEN_FOCUS)
        log_attack: Floats = (
            np.bincount(owner, base, voter_count) - taste + np.logaddexp.reduce(chosen) + np.log(weight)
        )
        return log_attack

    def _sum_attacks(
        self,
        voter_count: int,
        votes: Indices,
        owner: Indices,
        minus_log_absence: Floats,
        minus_log_odds: Floats,
        prior: Floats,
    ) -> tuple[Indices, Floats]:
        """Return keys and log-likelihoods with weights, two arrays with one entry per voter and target they judged.

        Each likelihood is that of all attacks on the target. The key is 2 M times the position of the voter, plus the
        likelier aim: the target, plus M if the attack lowers it. Keys are in the order of voters. Attacks on targets
        that the voter has not judged are left out, which can only make the voter's e-value smaller.
        """
        size = self.records.model_count
        a, b = self.records.a[votes], self.records.b[votes]
        cells, pair = np.unique(np.concatenate((owner * size + a, owner * size + b)), return_inverse=True)
        voter, target = np.divmod(cells, size)
        hits = np.bincount(pair)
        misses = np.bincount(owner, minlength=voter_count)[voter] - hits
        # Minus the log-chance of these hits and misses for a voter who judges every battle.
        row = self.row[votes]
        rows = csr_array((np.ones(len(votes)), (owner, row)), shape=(voter_count, len(minus_log_absence)))
        hit_odds = np.bincount(pair, np.concatenate((minus_log_odds[row, a], minus_log_odds[row, b])))
        minus_log_chance = np.asarray(rows @ minus_log_absence).ravel()[cells] + hit_odds
        lift, lower, taste = self._compare_outcomes(votes, pair)
        base = np.bincount(owner, self.plain[votes], voter_count)[voter]
        up, down = np.full((2, len(cells)), -np.inf)
        for focus, weight in FOCUS.items():
            chosen = base + np.log(weight)
            any_side = np.full(len(cells), -np.inf)
            if focus:
                chosen += hits * np.log(focus) + misses * np.log(1 - focus) + minus_log_chance
                any_side = chosen + np.log(_ANY_SIDE)
            directed = chosen - taste + np.log(1 - _ANY_SIDE)
            up = np.logaddexp(up, np.logaddexp(directed + lift, any_side))
            down = np.logaddexp(down, np.logaddexp(directed + lower, any_side))
        up += prior[target]
        down += prior[size + target]
        return 2 * size * voter + target + size * (down > up), np.logaddexp(up, down)

    def _compare_outcomes(self, votes: Indices, pair: Indices) -> tuple[Floats, Floats, Floats]:
        """Return three gains in log-likelihood over the plain type, per pair of a voter and a target.

        They are the gains if the voter lifts the target, if the voter lowers it, and from the most favorable of the
        `TASTES`, or 0.

        pair: the pair of each vote with its model a, then of each vote with its model b.
        """
        outcome = self.records.outcome[votes]
        won = np.concatenate((outcome == A_WON, outcome == B_WON))
        lost = np.concatenate((outcome == B_WON, outcome == A_WON))
        used = np.tile(self.used[votes], 2)
        plain = np.tile(self.plain[votes], 2)
        lift, lower = (
            np.bincount(pair, used * (np.where(served, _LOG_WIN, _LOG_OTHER) - plain)) for served in (won, lost)
        )
        sign = np.where(lost, -1, 1)
        lead = sign * np.concatenate((self.lead[votes], -self.lead[votes]))  # of the winner
        decisive = used & (won | lost)
        unbiased = _log_win(lead)
        taste = np.zeros(len(lift))
        for shift in TASTES:
            taste = np.maximum(taste, np.bincount(pair, decisive * (_log_win(lead + sign * shift) - unbiased)))
        return lift, lower, taste
