"""Limits the total weight of new voters' votes per hour. No vote is rejected because its voter is new.

Votes are tested for attacks only when their epoch closes, so the limit is much lower in the open epoch. Votes beyond it
have no weight until the epoch closes.
"""

from collections import Counter, deque
from collections.abc import Iterable

import numpy as np

from ratings.statistics.vote_arrays import Floats, Indices

# If established voters' votes have less weight than this, there is no limit, because most voters in the arena are new.
MIN_ESTABLISHED_WEIGHT = 2000
MIN_HOURLY_LIMIT = 60.0
HOURLY_SHARE = 0.01  # of the weight of established voters' votes
HOUR_S = 3600
# n more votes for a model with m votes shift its rating by n / sqrt(m) standard errors. If all v votes in a pool are
# spread evenly over 32 models, each model has v / 16 votes, because a vote counts for both of its models. So
# sqrt(v) / 4 more votes for one of them shift its rating by one standard error.
OPEN_LIMIT_FACTOR = 1 / 4
OPEN_LIMIT_SHARE = 1 / 2  # of the limit, for votes from one network


def compute_hourly_limit(weight: float) -> float:
    """Return the maximum total weight of new voters' votes in an hour.

    weight: the total weight of established voters' votes in the pool. New votes must not raise their own limit.
    """
    return max(MIN_HOURLY_LIMIT, HOURLY_SHARE * weight)


def compute_open_limit(weight: float) -> float:
    """Return the maximum number of new voters' votes in an hour that have weight before their epoch closes.

    weight: as in `compute_hourly_limit`.
    """
    return OPEN_LIMIT_FACTOR * float(np.sqrt(weight))


def mark_votes_over_limit(votes: Iterable[tuple[float, str, bool]], limit: float) -> list[bool]:
    """Return whether each vote must wait for the end of its epoch (N,).

    votes: for each new voter's vote, its time in seconds, its network, and whether it already has weight, in
        order of time.

    In any hour, at most `limit` votes have weight, and at most half as many from the same network.
    """
    must_wait = []
    counted: deque[tuple[float, str]] = deque()
    by_network: Counter[str] = Counter()
    for time, network, has_weight in votes:
        while counted and counted[0][0] <= time - HOUR_S:
            by_network[counted.popleft()[1]] -= 1
        is_full = len(counted) + 1 > limit or by_network[network] + 1 > OPEN_LIMIT_SHARE * limit
        must_wait.append(is_full and not has_weight)
        if not must_wait[-1]:
            counted.append((time, network))
            by_network[network] += 1
    return must_wait


def limit_crowds(hour: Indices, network: Indices, voter: Indices, weight: Floats, limit: float) -> Floats:
    """Return the factors (N,) that reduce the weights of new voters' votes to a limit per hour.

    Each hour's limit is divided evenly among networks, and each network's share evenly among its voters. If a network
    or a voter needs less than its share, the remainder is divided among the others.

    hour, network, voter, weight (N,): the hour, network, voter, and weight of each new voter's vote.
    limit: the maximum total weight in an hour, see `compute_hourly_limit`.
    """
    factor = np.ones(len(hour))
    for number in np.unique(hour):
        inside = np.flatnonzero(hour == number)
        if weight[inside].sum() <= limit:
            continue
        networks, network_of = np.unique(network[inside], return_inverse=True)
        shares = share_evenly(np.bincount(network_of, weight[inside], len(networks)), limit)
        for position, share in enumerate(shares):
            members = inside[network_of == position]
            voters, voter_of = np.unique(voter[members], return_inverse=True)
            demands = np.bincount(voter_of, weight[members], len(voters))
            granted = share_evenly(demands, float(share))
            factor[members] = np.divide(granted, demands, out=np.ones_like(demands), where=demands > 0)[voter_of]
    return factor


def share_evenly(demands: Floats, limit: float) -> Floats:
    """Return the parts (K,) of `limit` for K demands. They are as equal as possible, and none exceeds its demand."""
    granted = np.zeros(len(demands))
    order = np.argsort(demands, kind="stable")
    for position, index in enumerate(order):
        part = max(limit, 0.0) / (len(order) - position)
        granted[index] = min(demands[index], part)
        limit -= granted[index]
    return granted
