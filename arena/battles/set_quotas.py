"""How many new sets of models a day may be named for blind battles: each is a pool, with a board of its own.

A set that has a board already costs nothing, nor does one that the same voter has named within the day. Redis holds
the sets of a day, by voter, by address and by its networks; while it is away nothing is counted, and the limits of
battles remain.
"""

import logging

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from arena.battles.lifecycle import get_set_pool
from arena.identity import quotas
from arena.identity.voters import get_voter_id
from arena.models import Battle, Standing
from core.http.errors import RequestError
from core.storage.redis_clients import get_redis_client

DAILY_SETS_PER_VOTER, DAILY_SETS_PER_ADDRESS = 5, 20
DAY_S = 24 * 3600
# KEYS: sets of pools. ARGV: the pool, seconds, then how many each may hold. Adds to all or none; gives seconds to wait.
CHARGE_SCRIPT = """
for place, key in ipairs(KEYS) do
  local is_new = redis.call("SISMEMBER", key, ARGV[1]) == 0
  local is_full = redis.call("SCARD", key) >= tonumber(ARGV[place + 2])
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
    """Before a battle is started. Raises Refusal 429 `too_many_sets`; what is malformed is refused by the start."""
    is_named = isinstance(models, list) and all(isinstance(slug, str) and slug.isprintable() for slug in models)
    if mode != Battle.Mode.ANONYMOUS or not is_named:
        return
    pool = get_set_pool(models)  # type: ignore[arg-type]  # looked at above
    if Standing.objects.filter(pool=pool).exists():
        return
    if wait := _charge_limits(_build_limits(request), pool):
        hours = -(-wait // 3600)
        detail = _(
            "You or your network have named too many new sets of models today. Use one of them, or try again in "
            "%(hours)s h."
        )
        raise RequestError("too_many_sets", detail % {"hours": hours}, 429, retry_after=wait)


def _build_limits(request: HttpRequest) -> dict[str, int]:
    """Key → how many new sets a day. Where battles are not limited these are not either."""
    environment = settings.ENVIRONMENT
    limits = {}
    if environment.arena_battles_per_hour:
        limits[f"sets:{get_voter_id(request)}"] = DAILY_SETS_PER_VOTER
    if environment.arena_battles_per_hour_address:
        limits |= {
            f"sets:{each.key}": DAILY_SETS_PER_ADDRESS * each.factor for each in quotas.list_client_networks(request)
        }
    return limits


def _charge_limits(limits: dict[str, int], pool: str) -> int:
    """0, or the seconds until one more may be named."""
    if not limits:
        return 0
    try:
        wait: int = get_redis_client().register_script(CHARGE_SCRIPT)(
            keys=list(limits), args=[pool, DAY_S, *limits.values()]
        )
    except (RedisError, OSError) as error:
        logger.warning("Redis is away, new sets are not counted: %s", error)
        return 0
    return wait
