"""Rate limits: token buckets that refill evenly, at N charges per hour.

A bucket is stored in Redis as one number: the time at which it will be full again. Each charge delays that time by
1/N hour. If this would overdraw any bucket of the request, no bucket is charged. A script does this atomically with the
Redis server's clock, so concurrent requests cannot exceed a limit.

While Redis is down, each process has its own buckets with a quarter of the rate. With four processes, the total rate is
unchanged, except for one burst per process.
"""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.storage.redis_clients import get_redis_client, redis_circuit

HOUR_US = 3600 * 1_000_000
DEFAULT_BURST = 60
LOCAL_DIVISOR = 4
MAX_LOCAL_BUCKETS = 10_000
# KEYS: the buckets. ARGV: 1 if buckets may be overdrawn and 0 if not, then the step and depth of each bucket in µs.
# Charges all buckets and returns 0, or charges none and returns the µs to wait.
CHARGE_SCRIPT = """
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local full_at, wait = {}, 0
for index, key in ipairs(KEYS) do
  full_at[index] = math.max(tonumber(redis.call("GET", key) or now), now) + ARGV[2 * index]
  wait = math.max(wait, full_at[index] - ARGV[2 * index + 1] - now)
end
if wait > 0 and ARGV[1] == "0" then return math.ceil(wait) end
for index, key in ipairs(KEYS) do
  local ttl = math.ceil((full_at[index] - now) / 1000)
  if ttl > 0 then
    redis.call("SET", key, string.format("%.0f", full_at[index]), "PX", ttl)
  else
    redis.call("DEL", key)
  end
end
return 0
"""


@dataclass(frozen=True)
class Bucket:
    """A limit of `per_hour` charges, at least 1. `key` identifies the action and the client.

    `burst` is the maximum number of charges in the bucket.
    """

    key: str
    per_hour: int
    burst: int = DEFAULT_BURST

    @property
    def capacity(self) -> int:
        return min(self.per_hour, self.burst)

    @property
    def refill_us(self) -> int:
        """The time to refill one charge, in µs, rounded down so that `per_hour` charges fit into an hour."""
        return HOUR_US // self.per_hour

    def compute_step_us(self, amount: int) -> int:
        """Return by how many µs a charge delays the time at which the bucket is full. A refund is a negative amount.

        No charge or refund is larger than the capacity.
        """
        return max(-self.capacity, min(amount, self.capacity)) * self.refill_us

    @property
    def depth_us(self) -> int:
        """The time to refill an empty bucket, in µs."""
        return self.capacity * self.refill_us


def charge_buckets(buckets: Sequence[Bucket], amount: int = 1, *, overdraw: bool = False) -> float:
    """Charge all buckets and return 0, or charge none and return the seconds to wait.

    amount: 0 only checks whether a bucket is overdrawn; a negative amount refunds an action that did not happen
    overdraw: whether to charge in any case, because the cost of an action is known only afterward
    """
    if not buckets:
        return 0.0
    wait_us = redis_circuit.run(
        lambda: _charge_in_redis(buckets, amount, overdraw=overdraw),
        lambda: _local_buckets.charge(buckets, amount, overdraw=overdraw),
    )
    return wait_us / 1e6


def _charge_in_redis(buckets: Sequence[Bucket], amount: int, *, overdraw: bool) -> int:
    keys = [f"limit:{bucket.key}" for bucket in buckets]
    times_us = [time_us for bucket in buckets for time_us in (bucket.compute_step_us(amount), bucket.depth_us)]
    wait_us: int = get_redis_client().register_script(CHARGE_SCRIPT)(keys=keys, args=[int(overdraw), *times_us])
    return wait_us


class _LocalBuckets:
    """Smaller buckets in the memory of this process, used while Redis is down.

    `full_at` contains the time at which each bucket will be full again, in µs.
    """

    def __init__(self) -> None:
        self.full_at: dict[str, int] = {}
        self.lock = threading.Lock()

    def charge(self, buckets: Sequence[Bucket], amount: int, *, overdraw: bool) -> int:
        """Charge all buckets and return 0, or charge none and return the time to wait, in µs."""
        now = time.monotonic_ns() // 1000
        smaller_buckets = [replace(bucket, per_hour=max(1, bucket.per_hour // LOCAL_DIVISOR)) for bucket in buckets]
        with self.lock:
            full_at = {
                bucket.key: max(self.full_at.get(bucket.key, now), now) + bucket.compute_step_us(amount)
                for bucket in smaller_buckets
            }
            wait = max(full_at[bucket.key] - bucket.depth_us - now for bucket in smaller_buckets)
            if wait > 0 and not overdraw:
                return wait
            if len(self.full_at) > MAX_LOCAL_BUCKETS:
                self.full_at = {key: time_us for key, time_us in self.full_at.items() if time_us > now}
            self.full_at |= full_at
        return 0


_local_buckets = _LocalBuckets()


def round_up_seconds(wait: float) -> int:
    """Return the wait in whole seconds, at least 1."""
    return max(1, math.ceil(wait))
