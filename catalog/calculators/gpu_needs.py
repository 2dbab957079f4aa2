"""Memory, replicas and GPU-hours for running and fine-tuning a model on your own GPUs. Pure.

Exact decimals throughout, because costs are computed from them.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

GIB = Decimal(2**30)
HOURS_PER_MONTH = Decimal(730)
HOURS_PER_WEEK = Decimal(168)
SECONDS_PER_HOUR = Decimal(3600)
# Weights take this many times their bytes, because of buffers, activations and the runtime itself.
MEMORY_OVERHEAD = Decimal("1.2")
KEY_VALUE_TENSORS = 2
BITS_PER_BYTE = Decimal(8)
# Operations per parameter and token. A low-rank adapter needs no gradient of the weights, which is two of the six.
FULL_OPERATIONS, LORA_OPERATIONS = 6, 4
METHOD_OPERATIONS = {"full": FULL_OPERATIONS, "lora": LORA_OPERATIONS}
TERA = Decimal(10**12)


@dataclass(frozen=True)
class WeightsMemory:
    """The memory for a model's weights: all parameters times their bytes (2 in bfloat16, 0.5 in four bits)."""

    params: int
    bytes_each: Decimal = Decimal(2)

    @property
    def gib(self) -> Decimal:
        return self.params * self.bytes_each * MEMORY_OVERHEAD / GIB


@dataclass(frozen=True)
class KvCache:
    """Keys and values of all tokens of the concurrent conversations; `context` is in tokens per conversation."""

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
    """The peak load and the speed of one replica, in tokens per second.

    A replica is planned to be busy for the share `utilisation` of the time only, so that requests need not wait.
    """

    peak_tokens_per_s: Decimal
    replica_tokens_per_s: Decimal
    utilisation: Decimal = Decimal("0.7")

    @property
    def usable_tokens_per_s(self) -> Decimal:
        return self.replica_tokens_per_s * self.utilisation

    @property
    def replicas(self) -> int:
        return round_up(self.peak_tokens_per_s / self.usable_tokens_per_s)


@dataclass(frozen=True)
class TuningRun:
    """A fine-tuning run: `method` is a key of `METHOD_OPERATIONS`, `utilisation` the share of peak that it reaches."""

    params: int
    tokens: int
    method: str
    peak_tflops: Decimal
    utilisation: Decimal = Decimal("0.35")

    @property
    def operations(self) -> int:
        """6·N·D, or about 4·N·D with a low-rank adapter."""
        return METHOD_OPERATIONS[self.method] * self.params * self.tokens

    @property
    def gpu_hours(self) -> Decimal:
        return self.operations / (self.peak_tflops * TERA * self.utilisation * SECONDS_PER_HOUR)


def round_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def count_gpus(gib: Decimal, gpu_memory: Decimal) -> int:
    """The number of GPUs, at least one, whose total memory is at least this many GiB."""
    return max(1, round_up(gib / gpu_memory))
