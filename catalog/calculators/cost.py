"""The cost calculator: compares the cost of an API with the cost of self-hosting."""

from dataclasses import dataclass
from decimal import Decimal

from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_model import (
    ApiPrices,
    BreakEven,
    CostOption,
    GpuFleet,
    MonthlyUse,
    build_api_option,
    build_own_option,
    find_break_even,
)
from catalog.calculators.gpu_needs import (
    BITS_PER_BYTE,
    Traffic,
    compute_cache_gib,
    compute_tuning_hours,
    compute_weights_gib,
    count_gpus,
)

PERCENT = Decimal(100)


@dataclass(frozen=True)
class MemoryNeed:
    """GPU memory for one replica, in GiB. `cache` is None if layers or key-value heads are unknown."""

    weights: Decimal
    cache: Decimal | None

    @property
    def gib(self) -> Decimal:
        return self.weights + (self.cache or 0)


@dataclass(frozen=True)
class CostComparison:
    """The calculator's results. A result is None if the form does not contain enough input to compute it.

    `tuning_hours` is the number of GPU-hours for fine-tuning, or 0 if the form contains no fine-tuning tokens.
    """

    use: MonthlyUse
    months: int
    memory: MemoryNeed | None
    gpus: GpuFleet | None
    tuning_hours: Decimal
    api: CostOption | None
    own: CostOption | None
    break_even: BreakEven | None

    @property
    def extra_cost(self) -> Decimal | None:
        """What self-hosting costs more than the API in total, or None if an option is missing."""
        if self.api is None or self.own is None:
            return None
        return self.own.compute_total(self.months) - self.api.compute_total(self.months)

    @property
    def saving(self) -> Decimal | None:
        """The difference between the two total costs in dollars, or None if an option is missing."""
        return None if self.extra_cost is None else abs(self.extra_cost)

    @property
    def cheaper(self) -> str | None:
        """The option with the lower total cost, `api` or `own`. None if one is missing or both cost the same."""
        if not self.extra_cost:
            return None
        return "api" if self.extra_cost > 0 else "own"


def compare_costs(form: CostForm) -> CostComparison:
    """Compare the cost of an API with the cost of self-hosting. The form must be valid."""
    get = form.get_value
    use = MonthlyUse(get("input_tokens"), get("output_tokens"), get("cached") / PERCENT)
    memory = _build_memory(form)
    prices = _build_prices(form)
    traffic = _build_traffic(form)
    gpus = _build_gpus(form, memory, traffic)
    tuning_hours = _compute_tuning_hours(form)
    week = get("price_week")
    api = build_api_option(use, prices, get("api_weeks"), week) if prices else None
    own = build_own_option(gpus, get("own_weeks"), week, tuning_hours, get("price_data")) if gpus else None
    break_even = None
    if prices and gpus and api and own:
        speed = gpus.replicas * traffic.usable_tokens_per_s if traffic else None
        break_even = find_break_even(use, prices, api, own, get("months"), speed)
    return CostComparison(use, get("months"), memory, gpus, tuning_hours, api, own, break_even)


def _build_memory(form: CostForm) -> MemoryNeed | None:
    get = form.get_value
    if get("params") is None:
        return None
    weights = compute_weights_gib(get("params"), get("bits") / BITS_PER_BYTE)
    sizes = [get(name) for name in ("layers", "kv_heads", "head_dim", "context", "concurrency")]
    return MemoryNeed(weights, None if get("layers") is None else compute_cache_gib(*sizes))


def _build_prices(form: CostForm) -> ApiPrices | None:
    get = form.get_value
    if get("price_input") is None and not get("seats"):
        return None
    return ApiPrices(
        input=get("price_input") or Decimal(0),
        output=get("price_output") or Decimal(0),
        cached=get("price_cached"),
        seats=get("seats"),
        price_per_seat=get("price_seat"),
    )


def _build_traffic(form: CostForm) -> Traffic | None:
    get = form.get_value
    if get("peak_speed") is None:
        return None
    return Traffic(get("peak_speed"), get("replica_speed"), get("utilisation") / PERCENT)


def _build_gpus(form: CostForm, memory: MemoryNeed | None, traffic: Traffic | None) -> GpuFleet | None:
    get = form.get_value
    if get("gpu_hour") is None:
        return None
    needed_gib = memory.gib if memory else Decimal(0)
    needed_replicas = traffic.replicas if traffic else 1
    return GpuFleet(
        replicas=max(get("replicas"), needed_replicas),
        per_replica=get("gpus") or count_gpus(needed_gib, get("gpu_memory")),
        price_per_hour=get("gpu_hour"),
        operations_hours=get("operations_hours"),
        operations_rate=get("operations_rate"),
    )


def _compute_tuning_hours(form: CostForm) -> Decimal:
    get = form.get_value
    if get("tuning_tokens") is None:
        return Decimal(0)
    return compute_tuning_hours(
        params=get("active_params") or get("params"),
        tokens=get("tuning_tokens"),
        method=get("tuning_method"),
        peak_tflops=get("gpu_tflops"),
        utilization=get("tuning_utilisation") / PERCENT,
    )
