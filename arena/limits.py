"""How often: buckets of N that are refilled evenly over an hour, several at once, all or none.

A bucket is one number in Redis, the time at which it will be full again: a call puts that off by its share of the hour,
and is refused if it would come to lie more than an hour ahead. One script does it, on the clock of the server, so that
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

from arena.publishing import client

WINDOW_US = 3600 * 1_000_000
AWAY_S = 2.0  # so long Redis is not asked after it has failed
LOCAL_SHARE = 4
MOST_LOCAL = 10_000
SCRIPT = """
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local step, window, full, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), {}, 0
for place, key in ipairs(KEYS) do
  full[place] = math.max(tonumber(redis.call("GET", key) or now), now) + step * ARGV[place + 2]
  wait = math.max(wait, full[place] - window - now)
end
if wait > 0 then return math.ceil(wait) end
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
    """`key` says of what and whose; `per_hour` 0 is no limit."""

    key: str
    per_hour: int

    @property
    def share_us(self) -> int:
        """What one call takes of the hour; rounded down, so that all N fit."""
        return WINDOW_US // self.per_hour


def take(buckets: Iterable[Bucket]) -> float:
    """Take one from each bucket. 0 if all had one; else the seconds until they will have, and none was taken."""
    return _change(buckets, 1)


def give_back(buckets: Iterable[Bucket]) -> None:
    """For what was not done after all."""
    _change(buckets, -1)


def _change(buckets: Iterable[Bucket], step: int) -> float:
    limited = [bucket for bucket in buckets if bucket.per_hour]
    if not limited:
        return 0.0
    if time.monotonic() >= _local.until:
        try:
            return _in_redis(limited, step) / 1e6
        except (RedisError, OSError) as error:
            logger.warning("Redis is away, limits are kept in this process: %s", error)
            _local.until = time.monotonic() + AWAY_S
    return _local.change(limited, step) / 1e6


def _in_redis(buckets: Sequence[Bucket], step: int) -> int:
    keys = [f"limit:{bucket.key}" for bucket in buckets]
    waited: int = client().register_script(SCRIPT)(
        keys=keys, args=[step, WINDOW_US, *(bucket.share_us for bucket in buckets)]
    )
    return waited


class _Local:
    """The same in the memory of this process, with smaller buckets; `until` says how long Redis is not asked."""

    def __init__(self) -> None:
        self.until = 0.0
        self.full: dict[str, int] = {}
        self.lock = threading.Lock()

    def change(self, buckets: Sequence[Bucket], step: int) -> int:
        now = time.monotonic_ns() // 1000
        small = [replace(bucket, per_hour=max(1, bucket.per_hour // LOCAL_SHARE)) for bucket in buckets]
        with self.lock:
            full = {each.key: max(self.full.get(each.key, now), now) + step * each.share_us for each in small}
            if (wait := max(full.values()) - WINDOW_US - now) > 0:
                return wait
            if len(self.full) > MOST_LOCAL:
                self.full = {key: until for key, until in self.full.items() if until > now}
            self.full |= full
        return 0


_local = _Local()


def whole_seconds(wait: float) -> int:
    return max(1, math.ceil(wait))
