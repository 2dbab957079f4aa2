"""What it takes to run a model on one's own GPUs, and to tune it: memory, replicas, GPU hours. Pure.

Exact decimals throughout, because money is made of them.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

GIB = Decimal(2**30)
HOURS_PER_MONTH = Decimal(730)
HOURS_PER_WEEK = Decimal(168)
SECONDS_PER_HOUR = Decimal(3600)
# Weights take this much more than their bytes: buffers, activations, the runtime itself.
MEMORY_OVERHEAD = Decimal("1.2")
KEY_VALUE_TENSORS = 2
BITS_PER_BYTE = Decimal(8)
# Operations per parameter and token. A low-rank adapter saves the gradient of the weights: two of six.
FULL_OPERATIONS, LORA_OPERATIONS = 6, 4
METHOD_OPERATIONS = {"full": FULL_OPERATIONS, "lora": LORA_OPERATIONS}
TERA = Decimal(10**12)


@dataclass(frozen=True)
class WeightsMemory:
    """A model in memory: all of its parameters, at so many bytes each (2 as bfloat16, 0.5 in four bits)."""

    params: int
    bytes_each: Decimal = Decimal(2)

    @property
    def gib(self) -> Decimal:
        return self.params * self.bytes_each * MEMORY_OVERHEAD / GIB


@dataclass(frozen=True)
class KvCache:
    """Keys and values of all tokens of the conversations that are answered at once."""

    layers: int
    kv_heads: int
    head_dim: int = 128
    context: int = 8192
    concurrency: int = 1
    bytes_each: Decimal = Decimal(2)

    @property
    def gib(self) -> Decimal:
        of_a_token = KEY_VALUE_TENSORS * self.layers * self.kv_heads * self.head_dim * self.bytes_each
        return self.concurrency * self.context * of_a_token / GIB


@dataclass(frozen=True)
class Traffic:
    """How much must be answered at the busiest time, and how much one replica answers, in tokens a second.

    A replica is planned to be busy for the share `utilisation` only: whoever comes must not wait.
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
    """A fine-tuning run: `utilisation` is the share of the GPU's peak that training reaches."""

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
    """How many GPUs hold it together; at least one."""
    return max(1, round_up(gib / gpu_memory))
