"""What a choice knows of a model; None is unknown. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from catalog.cost import Prices
from catalog.fact_fields import Rate
from catalog.hosting import Weights


@dataclass(frozen=True)
class Candidate:
    """`tier` and `rating` are those of the board that the task asks for; prices are dollars for a million tokens;
    `failure_rate` is the share of calls in blind battles that failed by the model's own fault."""

    slug: str
    name: str
    tier: int | None = None
    rating: float | None = None
    commercial: str | None = None  # yes, conditional, no
    open_weights: bool | None = None
    params: int | None = None
    context: int | None = None
    cutoff: date | None = None
    web_search: bool | None = None
    modalities: frozenset[str] | None = None
    tools: bool | None = None
    prices: Prices | None = None
    latency_s: float | None = None
    tokens_per_s: float | None = None
    requests_per_minute: Rate | None = None
    tokens_per_minute: Rate | None = None
    failure_rate: float | None = None
    weeks: Decimal | None = None

    def gpu_memory(self, bytes_each: Decimal) -> Decimal | None:
        """GiB for the weights and what comes with them, without the cache of conversations."""
        return None if self.params is None else Weights(self.params, bytes_each).gib
