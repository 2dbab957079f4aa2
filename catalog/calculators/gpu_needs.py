"""Memory, replicas, and GPU-hours for running and fine-tuning a model on your own GPUs.

All numbers are integers or decimals rather than floats, because costs are computed from them.

This module does not use Django.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

GIB = Decimal(2**30)
HOURS_PER_MONTH = Decimal(730)
HOURS_PER_WEEK = Decimal(168)
SECONDS_PER_HOUR = Decimal(3600)
# The ratio of all needed memory, including buffers, activations, and the runtime, to the size of the weights.
MEMORY_OVERHEAD = Decimal("1.2")
KEY_VALUE_TENSORS = 2
BITS_PER_BYTE = Decimal(8)
# Operations per parameter and token. LoRA does not compute the gradients of the weights, which saves two of the six.
METHOD_OPERATIONS = {"full": 6, "lora": 4}
TERA = Decimal(10**12)


@dataclass(frozen=True)
class WeightsMemory:
    """Memory for a model's weights. `bytes_each` is the number of bytes per parameter: 2 for bfloat16, 0.5 for int4."""

    params: int
    bytes_each: Decimal = Decimal(2)

    @property
    def gib(self) -> Decimal:
        return self.params * self.bytes_each * MEMORY_OVERHEAD / GIB


@dataclass(frozen=True)
class KvCache:
    """Memory for the KV cache of all concurrent conversations.

    `context` is the number of tokens per conversation. `bytes_each` is the number of bytes per cached value.
    """

    layers: int
    kv_heads: int
    head_dim: int = 128
    context: int = 8192
    concurrency: int = 1
    bytes_each: Decimal = Decimal(2)

    @property
    def gib(self) -> Decimal:
        bytes_per_token = KEY_VALUE_TENSORS * self.layers * self.kv_heads * self.head_dim * self.bytes_each
        return self.concurrency * self.context * bytes_per_token / GIB


@dataclass(frozen=True)
class Traffic:
    """Peak load, and the speed of one replica, in tokens per second.

    `utilization` is the share of the replicas' speed that the plan uses. The rest is a reserve that prevents queues.
    """

    peak_tokens_per_s: Decimal
    replica_tokens_per_s: Decimal
    utilization: Decimal = Decimal("0.7")

    @property
    def usable_tokens_per_s(self) -> Decimal:
        return self.replica_tokens_per_s * self.utilization

    @property
    def replicas(self) -> int:
        return round_up(self.peak_tokens_per_s / self.usable_tokens_per_s)


@dataclass(frozen=True)
class TuningRun:
    """A fine-tuning run.

    `method` is a key of `METHOD_OPERATIONS`. `utilization` is the share of peak FLOPS that the run reaches.
    """

    params: int
    tokens: int
    method: str
    peak_tflops: Decimal
    utilization: Decimal = Decimal("0.35")

    @property
    def operations(self) -> int:
        """The number of operations: 6·N·D, or about 4·N·D with LoRA."""
        return METHOD_OPERATIONS[self.method] * self.params * self.tokens

    @property
    def gpu_hours(self) -> Decimal:
        return self.operations / (self.peak_tflops * TERA * self.utilization * SECONDS_PER_HOUR)


def round_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def count_gpus(gib: Decimal, gpu_memory: Decimal) -> int:
    """Return the smallest number of GPUs, at least one, with a total of at least `gib` GiB of memory."""
    return max(1, round_up(gib / gpu_memory))
