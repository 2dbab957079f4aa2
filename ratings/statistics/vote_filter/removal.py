"""Takes exactly the excess out of a stratum, first from voters whose votes look like the attack.

Removing more would hurt the model that the attack favors, so that anyone could lower a rival by rigging for it.
"""

import numpy as np

from ratings.statistics.vote_arrays import Indices
from ratings.statistics.vote_filter.strata import Stratum, Wins

# A direction that is less certain than this many standard errors is not acted on.
MIN_Z = 2.0
# How an attacker and an honest voter split their votes between the target's battles and others.
_ATTACK_FOCUS = (0.45, 0.95)


def remove_appearances(
    stratum: Stratum, model: int, amount: float, wins: Wins, proven: tuple[bool, bool] = (False, False)
) -> None:
    """Remove this much weight from the votes with the model.

    Wins go first if the model wins more often than expected, and losses if it loses more often. If neither is certain,
    all outcomes go in proportion, which leaves the share of wins as it is.

    proven: whether an attack that lifts the model is proven, and one that lowers it. The share of wins is then believed
        even if it is not certain. If it cannot be tested, the amount comes from the outcome that the attack wants.
    """
    places = np.flatnonzero((stratum.a == model) | (stratum.b == model))
    score = np.where(stratum.a[places] == model, stratum.won[places], 1 - stratum.won[places])
    weight = stratum.weight[places]
    total = float(weight.sum())
    amount = min(amount, total)
    if amount <= 0:
        return
    lifted = bool(wins.excess[model] > 0)
    directed = 0.0
    if np.isinf(wins.error[model]) and proven[0] != proven[1]:
        lifted, directed = proven[0], 1.0
    elif abs(wins.z[model]) > (0 if proven[0 if lifted else 1] else MIN_Z):
        directed = _find_directed_part(amount, total, model, wins, stratum, places)
    for value in (0.0, 0.5, 1.0):
        share = float(weight[score == value].sum()) / total
        part = amount * ((1 - directed) * share + directed * (value == lifted))
        _take(stratum, places[score == value], part, model)


def _find_directed_part(
    amount: float, total: float, model: int, wins: Wins, stratum: Stratum, places: Indices
) -> float:
    """Return the part of the amount (0 to 1) that must be taken from one outcome to leave the expected score."""
    opponent = stratum.a[places] + stratum.b[places] - model
    expected = np.average(wins.expected[model, opponent], weights=stratum.weight[places] + 1e-12)
    excess = float(wins.excess[model])
    neutral = amount * excess / total
    directed = amount * ((1 - expected) if excess > 0 else -expected)
    return float(np.clip((excess - neutral) / (directed - neutral), 0, 1)) if directed != neutral else 0.0


def remove_wins(stratum: Stratum, model: int, wins: Wins) -> None:
    """Remove so many wins, or losses if there are too many of them, that the model's score is the expected one."""
    excess = float(wins.excess[model])
    score = np.where(stratum.a == model, stratum.won, np.where(stratum.b == model, 1 - stratum.won, 0.5))
    places = np.flatnonzero(score == (1.0 if excess > 0 else 0.0))
    opponent = stratum.a[places] + stratum.b[places] - model
    expected = wins.expected[model, opponent]
    change = (1 - expected) if excess > 0 else expected
    mean = float(np.average(change, weights=stratum.weight[places] + 1e-12)) if len(places) else 1.0
    _take(stratum, places, abs(excess) / max(mean, 1e-6), model)


def _take(stratum: Stratum, places: Indices, amount: float, model: int) -> None:
    """Take weight off these votes: all from the voters who look most like the attack, a part from the last ones."""
    if not len(places) or amount <= 0:
        return
    rank = _rank_voters(stratum, places, model)
    order = np.argsort(rank, kind="stable")
    groups = np.unique(rank[order], return_index=True)[1]
    weight = stratum.weight[places[order]]
    sums = np.add.reduceat(weight, groups)
    before = np.cumsum(sums) - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(sums > 0, np.clip((amount - before) / sums, 0, 1), 0)
    size = np.diff(groups, append=len(order))
    stratum.weight[places[order]] = weight * (1 - np.repeat(part, size))


def _rank_voters(stratum: Stratum, places: Indices, model: int) -> Indices:
    """Return a rank for each of these votes, 0 for the votes of the voters who look most like the attack.

    The attacker's votes are those at `places`, and the rank follows the likelihood ratio of the number of them.
    """
    voters, owner = np.unique(stratum.voter, return_inverse=True)
    votes = np.bincount(owner, minlength=len(voters))
    hits = np.bincount(owner[places], minlength=len(voters))
    usual = max(float(stratum.weight[places].sum() / max(stratum.weight.sum(), 1e-12)), 1e-6)
    usual = min(usual, 0.5)
    ratio = [
        hits * np.log(focus / usual) + (votes - hits) * np.log((1 - focus) / (1 - usual)) for focus in _ATTACK_FOCUS
    ]
    likeness = np.round(np.maximum(*ratio)[owner[places]], 6)
    return np.unique(-likeness, return_inverse=True)[1].astype(np.intp)
