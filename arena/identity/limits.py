"""The table of limits on what one client can do.

To add a limit, add a row to `LIMITS`, and call the guard (`arena.identity.quotas`) where the action starts:
`quotas.charge` for a `Rate`. `quotas.reserve_battle` takes the `Slots`. Whoever opens `OpenSlots` calls
`SharedSlots.acquire` with `quotas.list_maximums`. Redis counts for all processes. The kind of a row decides what
applies while Redis is down. PostgreSQL counts tokens (`arena.endpoints.token_budgets`), and `TokenShare` says who can
spend how much of a budget.

Other limits are not in this table: wrong passwords (`ACCOUNT_RATE_LIMITS` in the settings, counted by each process
while Redis is down), and what else PostgreSQL counts: keys (`arena.identity.api_keys`), and queues of operators
(`arena.battles.review_queue` and `catalog.importers.submissions`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias

from django.conf import settings

from core.http.rate_limit import DEFAULT_BURST, Bucket

HOUR_S = 3600
TURNS_PER_BATTLE = 5
STREAMS_PER_ADDRESS = 10  # as a multiple of those of a voter
# A number applies unless the matching setting (ARENA_BATTLES_PER_HOUR per voter, ARENA_BATTLES_PER_HOUR_ADDRESS per
# address) is 0. A function of the environment returns the number, or 0 for no limit.
Maximum: TypeAlias = int | Callable[[Any], int]


@dataclass(frozen=True)
class Limit:
    """A row of the table. `LIMITS` documents the columns."""

    name: str
    per_voter: Maximum | None
    per_address: Maximum

    @property
    def voter_maximum(self) -> int:
        """The maximum of a voter with the current settings, or 0 if there is none."""
        return _evaluate(self.per_voter or 0, settings.ENVIRONMENT.arena_battles_per_hour)

    @property
    def address_maximum(self) -> int:
        """The maximum of an address with the current settings, or 0 if there is none."""
        return _evaluate(self.per_address, settings.ENVIRONMENT.arena_battles_per_hour_address)


def _evaluate(maximum: Maximum, setting: int) -> int:
    if callable(maximum):
        return maximum(settings.ENVIRONMENT)
    return maximum if setting else 0


@dataclass(frozen=True)
class Rate(Limit):
    """A limit per hour. A bucket holds the charges of `burst_s` seconds, or by default up to 60 charges.

    The bucket refills while it is used, so up to twice the limit fits into a single hour. While Redis is down, each
    process counts, and allows a quarter.
    """

    burst_s: int = 0

    def build_bucket(self, client: str, per_hour: int) -> Bucket:
        burst = per_hour * self.burst_s // HOUR_S if self.burst_s else DEFAULT_BURST
        return Bucket(f"{self.name}:{client}", per_hour, burst)


@dataclass(frozen=True)
class Slots(Limit):
    """A limit on what counts for `ttl_s` seconds, unless it is removed earlier. Without Redis, nothing is counted."""

    ttl_s: int


@dataclass(frozen=True)
class OpenSlots(Limit):
    """A limit on what is open at a time, such as streams. A process renews its slots until they close.

    While Redis is down, each process counts its own.
    """


# per_voter: None if the limit applies to addresses. If no address is charged, the voter has the maximum of an address.
# per_address: for an IPv4 address or an IPv6 /64. Networks around it have multiples (see `quotas.list_networks`).
LIMITS = {
    limit.name: limit
    for limit in (
        Rate("battle", lambda env: env.arena_battles_per_hour, lambda env: env.arena_battles_per_hour_address),
        # Apart from battles, so that a long conversation does not use up the hour's battles.
        Rate(
            "turn",
            lambda env: env.arena_battles_per_hour * TURNS_PER_BATTLE,
            lambda env: env.arena_battles_per_hour_address * TURNS_PER_BATTLE,
        ),
        Rate(
            "submission",
            lambda env: math.ceil(env.arena_battles_per_hour / 3),
            lambda env: math.ceil(env.arena_battles_per_hour_address / 3),
        ),
        # Calls of the API and the same actions on pages: enough for readers, but not for runaway programs.
        Rate("read", 36_000, 360_000, burst_s=60),
        Rate("write", 36_000, 360_000, burst_s=60),
        # Low, because a file can contain millions of votes.
        Rate("file", 60, 600, burst_s=HOUR_S),
        # CPU time in units of 10 ms: a fifth of a process, in bursts of six seconds. This is enough for about eighty
        # pages of 75 ms, and then two or three pages per second.
        Rate("work", None, 72_000, burst_s=30),
        Rate("account", None, 5),
        # Battles in progress. PostgreSQL counts those of a voter, so Redis counts only those of networks and accounts.
        Slots("running", 4, 40, HOUR_S),  # no answer takes an hour
        OpenSlots(
            "battles",
            lambda env: env.arena_streams_per_voter,
            lambda env: env.arena_streams_per_voter * STREAMS_PER_ADDRESS if env.arena_battles_per_hour_address else 0,
        ),
        OpenSlots("boards", None, lambda env: env.arena_streams_per_voter * STREAMS_PER_ADDRESS),
        OpenSlots("downloads", None, lambda _env: 2),
    )
}


class TokenShare(Enum):
    """How much of a token budget can be spent: a part of the day's, and of what the hours so far have released."""

    ALL = (1, 1)  # everybody together
    NETWORK = (Fraction(1, 20), Fraction(1, 4))  # one network, of the service's budget and of each model that it names
    BLIND_NETWORK = (1, Fraction(1, 4))  # one network in blind battles, of each model, which then is not drawn for it
    NAMED = (1, Fraction(1, 3))  # all battles not rated in the live pool together, of each model

    def __init__(self, of_day: Fraction, of_released: Fraction) -> None:
        self.of_day = of_day
        self.of_released = of_released
