"""How many battles are answered at a time: so many of a voter, and so many of an address.

PostgreSQL knows which battles are being answered, and of which voter; it knows no address. So Redis keeps for each
address the ids of the battles that were asked from it. They are counted in one step; where they are too many, those
that PostgreSQL knows to be answered are taken out. Nobody has to sign off: a worker that dies leaves nothing behind.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from arena.models import Battle, Voter
from core.http.errors import RequestError
from core.storage.redis_clients import get_redis_client

MAX_PER_VOTER = 4
MAX_PER_ADDRESS = 40
RETRY_AFTER_S = 5
# A battle that is being made may not be committed yet: so long it counts whatever PostgreSQL says.
COMMIT_GRACE_S = 3
KEY_TTL_S = 3600  # no answer takes as long
RESERVE_SCRIPT = """
local now = redis.call("TIME")[1]
for place, key in ipairs(KEYS) do
  local known = redis.call("ZSCORE", key, ARGV[1])
  if not known and redis.call("ZCARD", key) >= tonumber(ARGV[place + 2]) then return key end
end
for _, key in ipairs(KEYS) do
  redis.call("ZADD", key, now, ARGV[1])
  redis.call("EXPIRE", key, ARGV[2])
end
return ""
"""
logger = logging.getLogger(__name__)


def check_voter_limit(voter_id: UUID) -> None:
    """Before a battle of the voter is answered, in that transaction; of two at once the second counts the first.

    Raises Refusal 429 `too_many_running`.
    """
    if not settings.ENVIRONMENT.arena_battles_per_hour:
        return
    list(Voter.objects.select_for_update(no_key=True).filter(pk=voter_id).values_list("pk"))
    if Battle.objects.filter(voter=voter_id, state=Battle.State.ANSWERING).count() >= MAX_PER_VOTER:
        raise _build_limit_error(
            _("%(most)s of your battles are being answered. Wait for one, then ask again."), MAX_PER_VOTER
        )


def reserve_battle(most: Mapping[str, int], battle_id: UUID) -> None:
    """Count a battle for these origins (origin → how many). Raises Refusal 429 `too_many_running`, and counts none.

    While Redis is away only the voter's own limit holds, and the hourly ones.
    """
    try:
        for _again in range(len(most) + 1):
            full = _run_reserve_script(most, battle_id)
            if not full:
                return
            if not _remove_ended_battles(full):
                break
    except (RedisError, OSError) as error:
        logger.warning("Redis is away, the running battles of an address are not counted: %s", error)
        return
    detail = _("Too many battles from your network are being answered. Wait a few seconds, then ask again.")
    raise _build_limit_error(detail, max(most.values()))


def _run_reserve_script(most: Mapping[str, int], battle_id: UUID) -> str:
    """Count it; gives the key that has no room, or nothing."""
    if not most:
        return ""
    keys = [f"running:{origin}" for origin in most]
    full: bytes = get_redis_client().register_script(RESERVE_SCRIPT)(
        keys=keys, args=[str(battle_id), KEY_TTL_S, *most.values()]
    )
    return full.decode()


def _remove_ended_battles(key: str) -> int:
    """Take out what is not being answered any more; gives how many."""
    now, _microseconds = get_redis_client().time()
    members: Any = get_redis_client().zrangebyscore(key, "-inf", now - COMMIT_GRACE_S)
    old = [member.decode() for member in members]
    ended = set(old) - _find_answering_battles(old)
    return int(get_redis_client().zrem(key, *ended)) if ended else 0


def _find_answering_battles(battle_ids: Iterable[str]) -> set[str]:
    found = Battle.objects.filter(pk__in=battle_ids, state=Battle.State.ANSWERING)
    return {str(key) for key in found.values_list("pk", flat=True)}


def _build_limit_error(detail: str, most: int) -> RequestError:
    return RequestError("too_many_running", detail % {"most": most}, 429, retry_after=RETRY_AFTER_S)
