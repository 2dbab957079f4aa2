"""Limits on the number of battles in progress per voter and per network.

PostgreSQL can count a voter's battles in progress, but it does not store voters' addresses. Redis therefore stores the
ids of the battles that each network has started. A script adds the id of a new battle if the network is below its
limit. If a network reaches its limit, the ids of battles that have ended according to PostgreSQL are removed. Nothing
has to be released when a battle ends, so a worker that dies cannot reduce a network's limit permanently.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from arena.models import Battle
from core.http.errors import RequestError
from core.storage.redis_clients import get_redis_client, suppress_redis_errors

MAX_PER_VOTER = 4
MAX_PER_ADDRESS = 40  # larger networks have a multiple of this limit (see `arena.identity.quotas`)
RETRY_AFTER_S = 5
# A battle younger than this counts even if PostgreSQL does not have it, because it might not be committed yet.
COMMIT_GRACE_S = 3
KEY_TTL_S = 3600  # no answer takes this long
# KEYS: the battle ids of each network, with the times at which they were added. ARGV: the battle, the lifetime in
# seconds, then the maximum size for each key.
# Adds the battle to all keys or to none. Returns the first full key, or an empty string.
RESERVE_SCRIPT = """
local now = redis.call("TIME")[1]
for index, key in ipairs(KEYS) do
  local is_counted = redis.call("ZSCORE", key, ARGV[1])
  if not is_counted and redis.call("ZCARD", key) >= tonumber(ARGV[index + 2]) then return key end
end
for _, key in ipairs(KEYS) do
  redis.call("ZADD", key, now, ARGV[1])
  redis.call("EXPIRE", key, ARGV[2])
end
return ""
"""
logger = logging.getLogger(__name__)


def check_voter_limit(voter_id: UUID) -> None:
    """Raise RequestError 429 `too_many_running` if the voter has too many battles in progress.

    Call this in the transaction that starts the answers, after locking the voter's row. The lock lets concurrent
    requests see each other's battles. Does nothing if battles per hour are not limited.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour:
        return
    if Battle.objects.filter(voter=voter_id, state=Battle.State.ANSWERING).count() >= MAX_PER_VOTER:
        detail = _("You have %(limit)s battles in progress. Wait until one of them finishes, then try again.")
        raise _too_many_running_error(detail % {"limit": MAX_PER_VOTER})


def reserve_battle(limits: Mapping[str, int], battle_id: UUID) -> None:
    """Count a battle for its networks and its account. Raises RequestError 429 `too_many_running` if one is full.

    While Redis is down, battles are not counted, and only the voter's limit and the hourly limits apply.

    limits: the maximum number of battles, keyed by network and account
    """
    try:
        for _attempt in range(len(limits) + 1):  # all attempts but the last make room in a full network
            full_key = _run_reserve_script(limits, battle_id)
            if not full_key:
                return
            if not _remove_ended_battles(full_key):
                break
    except (RedisError, OSError) as error:
        logger.warning("Redis is down; battles in progress are not counted by network: %s", error)
        return
    raise _too_many_running_error(
        _("Too many battles from your account or your network are in progress. Wait a few seconds, then try again.")
    )


def release_battle(networks: Iterable[str], battle_id: UUID) -> None:
    """Undo `reserve_battle` for a battle that was not started."""
    with suppress_redis_errors():
        pipeline = get_redis_client().pipeline(transaction=False)
        for network in networks:
            pipeline.zrem(_build_key(network), str(battle_id))
        pipeline.execute()


def _build_key(network: str) -> str:
    return f"running:{network}"


def _run_reserve_script(limits: Mapping[str, int], battle_id: UUID) -> str:
    """Count the battle for all networks and return "", or return the key of the first network that is full."""
    if not limits:
        return ""
    keys = [_build_key(network) for network in limits]
    full_key: bytes = get_redis_client().register_script(RESERVE_SCRIPT)(
        keys=keys, args=[str(battle_id), KEY_TTL_S, *limits.values()]
    )
    return full_key.decode()


def _remove_ended_battles(key: str) -> int:
    """Remove the battles that are no longer in progress. Return how many were removed."""
    now, _microseconds = get_redis_client().time()
    members: Any = get_redis_client().zrangebyscore(key, "-inf", now - COMMIT_GRACE_S)
    battle_ids = {member.decode() for member in members}
    answering = Battle.objects.filter(pk__in=battle_ids, state=Battle.State.ANSWERING).values_list("pk", flat=True)
    ended = battle_ids - set(map(str, answering))
    return int(get_redis_client().zrem(key, *ended)) if ended else 0


def _too_many_running_error(detail: str) -> RequestError:
    return RequestError("too_many_running", detail, 429, retry_after=RETRY_AFTER_S)
