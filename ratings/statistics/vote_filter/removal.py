"""Removes a model's excess appearances or wins from a stratum, beginning with the voters who look like attackers.

A stratum is a set of votes by similar voters (see `strata`).

Only the excess is removed. If more were removed, the model that the attack favors would fall. Then anyone could harm a
rival by casting rigged votes in its favor.
"""

from dataclasses import dataclass

import numpy as np

from ratings.statistics.vote_arrays import Indices
from ratings.statistics.vote_filter.aims import Aims
from ratings.statistics.vote_filter.strata import MIN_Z, Stratum, Wins

# The prior odds that votes beyond the expected number serve the proven attack on the model. With lower odds, more of an
# attack remains if the attackers also cast ordinary votes. With higher odds, honest votes in the model's battles lower
# it more often.
_PRIOR_ODDS = 20.0
# The shares of an attacker's votes that are on the target's battles.
_ATTACK_FOCUS = (0.45, 0.95)


class WinRecord:
    """Sums over the strata from which appearances of M models were removed, if an attack in one direction is proven.

    predicted (M,): the excess of wins in a stratum if all votes to be removed serve the attack. It is negative if the
        attack lowers the model.
    excess (M,): the measured excess of wins in the stratum, before the removal.
    variance (M,): the variance of the measured excess.

    Strata overlap, so `compute_chance` is approximate. Votes that were removed are in no later stratum.
    """

    def __init__(self, model_count: int) -> None:
        self.predicted, self.excess, self.variance = np.zeros((3, model_count))

    def add(self, model: int, predicted: float, excess: float, error: float) -> None:
        self.predicted[model] += predicted
        self.excess[model] += excess
        self.variance[model] += error**2

    def compute_chance(self, model: int) -> float:
        """Return the posterior chance that the removed votes serve the attack.

        The alternative is that the model wins and loses these votes as often as expected. One stratum rarely decides
        between the two, but all strata together do.
        """
        predicted = self.predicted[model]
        variance = max(float(self.variance[model]), 1e-9)
        log_ratio = predicted * (self.excess[model] - predicted / 2) / variance
        return float(1 / (1 + np.exp(np.clip(-log_ratio, -50, 50)) / _PRIOR_ODDS))


@dataclass(frozen=True)
class Proof:
    """The evidence of attacks on a model.

    lifted, lowered: whether an attack in this direction is proven.
    outside: the excess of appearances outside the stratum, as a share of the appearances there. If the attack is also
        outside, the model's scores inside and outside the stratum do not differ.
    """

    lifted: bool = False
    lowered: bool = False
    outside: float = 0.0


def remove_appearances(
    stratum: Stratum, model: int, amount: float, wins: Wins, proof: Proof, record: WinRecord, aims: Aims
) -> None:
    """Remove the weight `amount` from the votes with the model.

    If an attack in one direction is proven and the measured wins do not contradict it, the weight is removed from the
    outcome that serves it, to the extent that this is probable (see `WinRecord`). Otherwise, it is removed from wins
    (or losses) to the extent that the model wins (or loses) more often than expected. The remaining weight is removed
    from all outcomes in proportion, so the share of wins does not change.
    """
    positions = np.flatnonzero((stratum.a == model) | (stratum.b == model))
    score = np.where(stratum.a[positions] == model, stratum.won[positions], 1 - stratum.won[positions])
    weight = stratum.weight[positions]
    total = float(weight.sum())
    amount = min(amount, total)
    if amount <= 0:
        return
    opponent = stratum.a[positions] + stratum.b[positions] - model
    expected = float(np.average(wins.expected[model, opponent], weights=weight + 1e-12))
    excess = float(wins.excess[model])
    lifted = excess > 0
    predicted = ((1 - expected) if proof.lifted else -expected) * (amount - total * proof.outside)
    error = float(wins.error[model])
    is_one_sided = proof.lifted != proof.lowered
    if is_one_sided:
        record.add(model, predicted, excess, error)
    if is_one_sided and (excess * predicted > 0 or abs(excess) < MIN_Z * error):
        lifted, directed = proof.lifted, record.compute_chance(model)
    elif abs(wins.z[model]) > MIN_Z:
        directed = _find_directed_part(amount, total, expected, excess)
    else:
        directed = 0.0
    for value in (0.0, 0.5, 1.0):
        share = float(weight[score == value].sum()) / total
        part = amount * ((1 - directed) * share + directed * (value == lifted))
        _remove_weight(stratum, positions[score == value], part, aims)


def _find_directed_part(amount: float, total: float, expected: float, excess: float) -> float:
    """Return the part of the amount (0 to 1) that must be taken from one outcome to leave the expected score."""
    neutral = amount * excess / total
    directed = amount * ((1 - expected) if excess > 0 else -expected)
    return float(np.clip((excess - neutral) / (directed - neutral), 0, 1)) if directed != neutral else 0.0


def remove_wins(stratum: Stratum, model: int, wins: Wins, aims: Aims) -> None:
    """Remove enough of a model's wins, or of its losses if it loses too often, to leave the expected score."""
    excess = float(wins.excess[model])
    score = np.where(stratum.a == model, stratum.won, np.where(stratum.b == model, 1 - stratum.won, 0.5))
    positions = np.flatnonzero(score == (1.0 if excess > 0 else 0.0))
    opponent = stratum.a[positions] + stratum.b[positions] - model
    expected = wins.expected[model, opponent]
    change = (1 - expected) if excess > 0 else expected
    mean = float(np.average(change, weights=stratum.weight[positions] + 1e-12)) if len(positions) else 1.0
    _remove_weight(stratum, positions, abs(excess) / max(mean, 1e-6), aims)


def _remove_weight(stratum: Stratum, positions: Indices, amount: float, aims: Aims) -> None:
    """Remove the weight `amount` from these votes, beginning with the voters who look most like attackers."""
    if not len(positions) or amount <= 0:
        return
    rank = _rank_voters(stratum, positions, aims)
    order = np.argsort(rank, kind="stable")
    groups = np.unique(rank[order], return_index=True)[1]
    weight = stratum.weight[positions[order]]
    sums = np.add.reduceat(weight, groups)
    before = np.cumsum(sums) - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(sums > 0, np.clip((amount - before) / sums, 0, 1), 0)
    size = np.diff(groups, append=len(order))
    stratum.weight[positions[order]] = weight * (1 - np.repeat(part, size))


def _rank_voters(stratum: Stratum, positions: Indices, aims: Aims) -> Indices:
    """Return the rank of each of these votes' voters, counting from 0 for those who look most like attackers.

    Votes at `positions`, and all votes on a model with an aim whose outcome does not oppose the aims, count as votes of
    the attack. Voters are ranked by the likelihood ratio of their number of such votes.
    """
    voters, owner = np.unique(stratum.voter, return_inverse=True)
    has_aim, gain = aims.find_gains(stratum.a, stratum.b, stratum.won)
    is_attack = has_aim & ~(gain < 0)
    is_attack[positions] = True
    votes = np.bincount(owner, minlength=len(voters))
    hits = np.bincount(owner[is_attack], minlength=len(voters))
    base_share = max(float(stratum.weight[is_attack].sum() / max(stratum.weight.sum(), 1e-12)), 1e-6)
    base_share = min(base_share, 0.5)
    ratio = [
        hits * np.log(focus / base_share) + (votes - hits) * np.log((1 - focus) / (1 - base_share))
        for focus in _ATTACK_FOCUS
    ]
    likeness = np.round(np.maximum(*ratio)[owner[positions]], 6)
    return np.unique(-likeness, return_inverse=True)[1].astype(np.intp)
