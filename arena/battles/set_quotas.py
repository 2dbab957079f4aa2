"""The daily quota for new named sets, which are the sets of models that voters choose by name for blind battles.

Each set is a pool with its own board. Sets that already have a board are free, and so are sets that were charged
before. Redis stores the charged sets by voter, by address, and by network, for 24 hours after the first one. While
Redis is down, sets are not counted, but the limits on battles still apply.
"""

import logging
import math
from typing import TypeGuard

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from arena.battles.lifecycle import derive_set_pool
from arena.identity import quotas
from arena.models import Battle, Standing
from core.http.errors import RequestError
from core.storage.redis_clients import get_redis_client

DAILY_SETS_PER_VOTER = 5
DAILY_SETS_PER_ADDRESS = 20
DAY_S = 24 * 3600
# KEYS: Redis sets of pool slugs. ARGV: the pool, the lifetime in seconds, then the maximum size of each set.
# Adds the pool to all Redis sets or to none. Returns the seconds to wait, or 0.
CHARGE_SCRIPT = """
for index, key in ipairs(KEYS) do
  local is_new = redis.call("SISMEMBER", key, ARGV[1]) == 0
  local is_full = redis.call("SCARD", key) >= tonumber(ARGV[index + 2])
  if is_new and is_full then return math.max(redis.call("TTL", key), 1) end
end
for _, key in ipairs(KEYS) do
  redis.call("SADD", key, ARGV[1])
  redis.call("EXPIRE", key, ARGV[2], "NX")
end
return 0
"""
logger = logging.getLogger(__name__)


def charge_named_set(request: HttpRequest, mode: object, models: object) -> None:
    """Charge the quota for the named models in a request. Raises RequestError 429 `too_many_sets`.

    Call this before `lifecycle.start_battle`, which rejects the malformed requests that this function ignores.

    mode, models: the unvalidated values from the request
    """
    if mode != Battle.Mode.ANONYMOUS or not _are_slugs(models):
        return
    pool = derive_set_pool(models)
    if Standing.objects.filter(pool=pool).exists():
        return
    if wait := _charge_limits(_build_limits(request), pool):
        hours = math.ceil(wait / 3600)
        detail = ngettext(
            "You or other people on your network have chosen too many new sets of models today. Use one of"
            " them again, or try a new one in %(hours)s hour.",
            "You or other people on your network have chosen too many new sets of models today. Use one of"
            " them again, or try a new one in %(hours)s hours.",
            hours,
        )
        raise RequestError("too_many_sets", detail % {"hours": hours}, 429, retry_after=wait)


def _are_slugs(models: object) -> TypeGuard[list[str]]:
    return isinstance(models, list) and all(isinstance(slug, str) and slug.isprintable() for slug in models)


def _build_limits(request: HttpRequest) -> dict[str, int]:
    """Return the daily limits on new sets, keyed by Redis key. A site without a limit on battles has none on sets."""
    environment = settings.ENVIRONMENT
    limits = {}
    if environment.arena_battles_per_hour:
        limits[f"sets:{quotas.get_charged_voter(request)}"] = DAILY_SETS_PER_VOTER
    if environment.arena_battles_per_hour_address:
        limits |= {
            f"sets:{network.key}": DAILY_SETS_PER_ADDRESS * network.factor
            for network in quotas.list_client_networks(request)
        }
    return limits


def _charge_limits(limits: dict[str, int], pool: str) -> int:
    """Charge all limits and return 0, or charge none and return the seconds until one more set is allowed."""
    if not limits:
        return 0
    try:
        charge = get_redis_client().register_script(CHARGE_SCRIPT)
        wait: int = charge(keys=list(limits), args=[pool, DAY_S, *limits.values()])
    except (RedisError, OSError) as error:
        logger.warning("Redis is down; new sets are not counted: %s", error)
        return 0
    return wait
