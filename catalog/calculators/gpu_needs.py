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


def compute_weights_gib(params: int, bytes_each: Decimal = Decimal(2)) -> Decimal:
    """Return the memory for a model's weights. `bytes_each` is per parameter: 2 for bfloat16, 0.5 for int4."""
    return params * bytes_each * MEMORY_OVERHEAD / GIB


def compute_cache_gib(
    layers: int,
    kv_heads: int,
    head_dim: int = 128,
    context: int = 8192,
    concurrency: int = 1,
    bytes_each: Decimal = Decimal(2),
) -> Decimal:
    """Return the memory for the KV cache of all concurrent conversations.

    `context` is the number of tokens per conversation. `bytes_each` is the number of bytes per cached value.
    """
    bytes_per_token = KEY_VALUE_TENSORS * layers * kv_heads * head_dim * bytes_each
    return concurrency * context * bytes_per_token / GIB


def compute_tuning_hours(
    params: int, tokens: int, method: str, peak_tflops: Decimal, utilization: Decimal = Decimal("0.35")
) -> Decimal:
    """Return the GPU-hours of a fine-tuning run, which takes 6·N·D operations, or about 4·N·D with LoRA.

    `method` is a key of `METHOD_OPERATIONS`. `utilization` is the share of peak FLOPS that the run reaches.
    """
    operations = METHOD_OPERATIONS[method] * params * tokens
    return operations / (peak_tflops * TERA * utilization * SECONDS_PER_HOUR)


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


def round_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def count_gpus(gib: Decimal, gpu_memory: Decimal) -> int:
    """Return the smallest number of GPUs, at least one, with a total of at least `gib` GiB of memory."""
    return max(1, round_up(gib / gpu_memory))
