"""How often: buckets of N an hour that are refilled evenly, several at once, all or none.

A bucket is one number in Redis, the time at which it will be full again: a charge puts that off by its share of the
hour, and is refused if the bucket would hold less than nothing. One script does it, on the clock of the server, so that
of many requests at once exactly so many pass as there is room for. While Redis is away each process has buckets of a
quarter: four processes let through at most as much again.
"""

import logging
import math
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from redis.exceptions import RedisError

from core.storage.redis_clients import get_redis_client

HOUR_US = 3600 * 1_000_000
DEFAULT_BURST = 60
RETRY_DELAY_S = 2.0  # so long Redis is not asked after it has failed
LOCAL_DIVISOR = 4
MAX_LOCAL_BUCKETS = 10_000
# ARGV: 1 if a bucket may be overdrawn; then for each bucket the step and how far ahead "full again" may lie, in µs.
CHARGE_SCRIPT = """
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local full, wait = {}, 0
for place, key in ipairs(KEYS) do
  full[place] = math.max(tonumber(redis.call("GET", key) or now), now) + ARGV[2 * place]
  wait = math.max(wait, full[place] - ARGV[2 * place + 1] - now)
end
if wait > 0 and ARGV[1] == "0" then return math.ceil(wait) end
for place, key in ipairs(KEYS) do
  local left = math.ceil((full[place] - now) / 1000)
  if left > 0 then
    redis.call("SET", key, string.format("%.0f", full[place]), "PX", left)
  else
    redis.call("DEL", key)
  end
end
return 0
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bucket:
    """`key` names what is limited and for whom; `per_hour` 0 is no limit. It holds at most `burst`."""

    key: str
    per_hour: int
    burst: int = DEFAULT_BURST

    @property
    def capacity(self) -> int:
        return min(self.per_hour, self.burst)

    @property
    def share_us(self) -> int:
        """The time in which one charge is refilled; rounded down, so that all N fit into an hour."""
        return HOUR_US // self.per_hour

    def step_us(self, amount: int) -> int:
        """A charge that is larger than the bucket takes a full one: it must be possible after a wait."""
        return max(-self.capacity, min(amount, self.capacity)) * self.share_us

    @property
    def depth_us(self) -> int:
        return self.capacity * self.share_us


def charge_buckets(buckets: Iterable[Bucket], amount: int = 1) -> float:
    """Take `amount` from each bucket: 0 if all had it, else the seconds until they will have, and none was taken.

    An amount of 0 takes nothing and asks whether a bucket is overdrawn.
    """
    return _apply_charge(buckets, amount)


def refund_buckets(buckets: Iterable[Bucket], amount: int = 1) -> None:
    """For what was not done after all."""
    _apply_charge(buckets, -amount)


def overdraw_buckets(buckets: Iterable[Bucket], amount: int) -> None:
    """For what was done before its cost was known: a bucket may hold less than nothing afterwards."""
    _apply_charge(buckets, amount, overdraw=True)


def _apply_charge(buckets: Iterable[Bucket], amount: int, *, overdraw: bool = False) -> float:
    limited = [bucket for bucket in buckets if bucket.per_hour]
    if not limited:
        return 0.0
    if time.monotonic() >= _local_buckets.until:
        try:
            return _charge_in_redis(limited, amount, overdraw=overdraw) / 1e6
        except (RedisError, OSError) as error:
            logger.warning("Redis is away, limits are kept in this process: %s", error)
            _local_buckets.until = time.monotonic() + RETRY_DELAY_S
    return _local_buckets.change(limited, amount, overdraw=overdraw) / 1e6


def _charge_in_redis(buckets: Sequence[Bucket], amount: int, *, overdraw: bool) -> int:
    keys = [f"limit:{bucket.key}" for bucket in buckets]
    steps = [number for bucket in buckets for number in (bucket.step_us(amount), bucket.depth_us)]
    waited: int = get_redis_client().register_script(CHARGE_SCRIPT)(keys=keys, args=[int(overdraw), *steps])
    return waited


class _LocalBuckets:
    """The same in the memory of this process, with smaller buckets; `until` says how long Redis is not asked."""

    def __init__(self) -> None:
        self.until = 0.0
        self.full: dict[str, int] = {}
        self.lock = threading.Lock()

    def change(self, buckets: Sequence[Bucket], amount: int, *, overdraw: bool) -> int:
        now = time.monotonic_ns() // 1000
        small = [replace(bucket, per_hour=max(1, bucket.per_hour // LOCAL_DIVISOR)) for bucket in buckets]
        with self.lock:
            full = {each.key: max(self.full.get(each.key, now), now) + each.step_us(amount) for each in small}
            wait = max(full[each.key] - each.depth_us - now for each in small)
            if wait > 0 and not overdraw:
                return wait
            if len(self.full) > MAX_LOCAL_BUCKETS:
                self.full = {key: until for key, until in self.full.items() if until > now}
            self.full |= full
        return 0


_local_buckets = _LocalBuckets()


def round_up_seconds(wait: float) -> int:
    return max(1, math.ceil(wait))
