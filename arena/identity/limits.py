"""The table of limits on what one client can do.

To add a limit, add a row to `LIMITS`, and call the guard (`arena.identity.quotas`) where the action starts:
`quotas.charge` for a rate, and `quotas.take_slot` for what is counted once. Open streams and downloads call
`SharedSlots.acquire` with `quotas.list_maximums`. Redis counts for all processes. Each row says what applies while
Redis is down. PostgreSQL counts tokens (`arena.endpoints.token_budgets`), and `TokenShare` says who can spend how much
of a budget.

Other limits are not in this table: wrong passwords (`ACCOUNT_RATE_LIMITS` in the settings, counted by each process
while Redis is down), and what else PostgreSQL counts: keys (`arena.identity.api_keys`), and queues of operators
(`arena.battles.review_queue` and `catalog.importers.submissions`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction
from typing import Any, TypeAlias

from django.conf import settings

from core.http.rate_limit import DEFAULT_BURST, Bucket
from core.storage.shared_slots import OPEN_SLOT_TTL_S

HOUR_S = 3600
TURNS_PER_BATTLE = 5
STREAMS_PER_ADDRESS = 10  # as a multiple of those of a voter
# A number, which applies unless ARENA_BATTLES_PER_HOUR (per voter) or ARENA_BATTLES_PER_HOUR_ADDRESS is 0, or a
# function of the environment, for which 0 means no limit.
Maximum: TypeAlias = int | Callable[[Any], int]


class Fallback(Enum):
    """What applies while Redis is down."""

    QUARTER = auto()  # each process counts, and allows a quarter of the rate
    OWN_COUNT = auto()  # each process counts its own slots, up to the maximum
    ALLOW = auto()  # nothing is counted, because other limits protect well enough


@dataclass(frozen=True)
class Limit:
    """A row of the table. `LIMITS` documents the columns."""

    name: str
    per_voter: Maximum | None
    per_address: Maximum
    fallback: Fallback

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
    """A limit per hour. A bucket holds the charges of `burst_s` seconds, or by default up to 60 charges."""

    burst_s: int = 0

    def build_bucket(self, client: str, per_hour: int) -> Bucket:
        burst = per_hour * self.burst_s // HOUR_S if self.burst_s else DEFAULT_BURST
        return Bucket(f"{self.name}:{client}", per_hour, burst)


@dataclass(frozen=True)
class Slots(Limit):
    """A limit at a time. A slot is free after `ttl_s` seconds, unless it is released or renewed."""

    ttl_s: int = OPEN_SLOT_TTL_S


# per_voter: None if the limit applies to addresses. If no address is charged, the voter has the maximum of an address.
# per_address: for an IPv4 address or an IPv6 /64. Networks around it have multiples (see `quotas.list_networks`).
LIMITS = {
    limit.name: limit
    for limit in (
        Rate(
            "battle",
            lambda env: env.arena_battles_per_hour,
            lambda env: env.arena_battles_per_hour_address,
            Fallback.QUARTER,
        ),
        # Apart from battles, so that a long conversation does not use up the hour's battles.
        Rate(
            "turn",
            lambda env: env.arena_battles_per_hour * TURNS_PER_BATTLE,
            lambda env: env.arena_battles_per_hour_address * TURNS_PER_BATTLE,
            Fallback.QUARTER,
        ),
        Rate(
            "submission",
            lambda env: math.ceil(env.arena_battles_per_hour / 3),
            lambda env: math.ceil(env.arena_battles_per_hour_address / 3),
            Fallback.QUARTER,
        ),
        # Calls of the API and the same actions on pages: enough for readers, but not for runaway programs.
        Rate("read", 36_000, 360_000, Fallback.QUARTER, burst_s=60),
        Rate("write", 36_000, 360_000, Fallback.QUARTER, burst_s=60),
        # Low, because a file can contain millions of votes.
        Rate("file", 60, 600, Fallback.QUARTER, burst_s=HOUR_S),
        # CPU time in units of 10 ms: a fifth of a process, in bursts of six seconds. This is enough for about eighty
        # pages of 75 ms, and then two or three pages per second.
        Rate("work", None, 72_000, Fallback.QUARTER, burst_s=30),
        Rate("account", None, 5, Fallback.QUARTER),
        # Battles in progress. PostgreSQL counts those of a voter, so Redis counts only those of networks and accounts.
        Slots("running", 4, 40, Fallback.ALLOW, ttl_s=HOUR_S),  # no answer takes an hour
        # Each new set of named models has a board.
        Slots("set", 5, 20, Fallback.ALLOW, ttl_s=24 * HOUR_S),
        Slots(
            "battles",
            lambda env: env.arena_streams_per_voter,
            lambda env: env.arena_streams_per_voter * STREAMS_PER_ADDRESS if env.arena_battles_per_hour_address else 0,
            Fallback.OWN_COUNT,
        ),
        Slots("boards", None, lambda env: env.arena_streams_per_voter * STREAMS_PER_ADDRESS, Fallback.OWN_COUNT),
        Slots("downloads", None, lambda _env: 2, Fallback.OWN_COUNT),
    )
}


class TokenShare(Enum):
    """How much of a token budget can be spent: a part of the day's, and of what the hours so far have released."""

    ALL = (1, 1)  # everybody together
    NETWORK = (Fraction(1, 20), Fraction(1, 4))  # one network, of the service's budget and of each model that it names
    BLIND_NETWORK = (1, Fraction(1, 4))  # one network in blind battles, of each model, which then is not drawn for it
    NAMED = (1, Fraction(1, 3))  # all battles outside the live pool together, of each model

    def __init__(self, of_day: Fraction, of_released: Fraction) -> None:
        self.of_day = of_day
        self.of_released = of_released
