"""The cost calculator: compares the cost of an API with the cost of self-hosting."""

from dataclasses import dataclass
from decimal import Decimal

from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_model import (
    ApiPrices,
    BreakEven,
    CostOption,
    GpuFleet,
    LaunchWork,
    MonthlyUse,
    build_api_option,
    build_own_option,
    find_break_even,
)
from catalog.calculators.gpu_needs import BITS_PER_BYTE, KvCache, Traffic, TuningRun, WeightsMemory, count_gpus

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

    `tuning_hours` is the number of GPU-hours for fine-tuning, or 0 if the form has no fine-tuning.
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
    def saving(self) -> Decimal | None:
        """The difference between the two total costs in dollars, or None if an option is missing."""
        if self.api is None or self.own is None:
            return None
        return abs(self.api.total(self.months) - self.own.total(self.months))

    @property
    def cheaper(self) -> str | None:
        """The option with the lower total cost, `api` or `own`. None if one is missing or both cost the same."""
        if self.api is None or self.own is None:
            return None
        api_total = self.api.total(self.months)
        own_total = self.own.total(self.months)
        if api_total == own_total:
            return None
        return "api" if api_total < own_total else "own"


def compare_costs(form: CostForm) -> CostComparison:
    """Compare the cost of an API with the cost of self-hosting. The form must be valid."""
    value = form.get_value
    use = MonthlyUse(value("input_tokens"), value("output_tokens"), value("cached") / PERCENT)
    memory = _build_memory(form)
    prices = _build_prices(form)
    traffic = _build_traffic(form)
    gpus = _build_gpus(form, memory, traffic)
    tuning_hours = _compute_tuning_hours(form)
    api = build_api_option(use, prices, LaunchWork(value("api_weeks"), value("price_week"))) if prices else None
    own = None
    if gpus:
        work = LaunchWork(value("own_weeks"), value("price_week"))
        own = build_own_option(gpus, work, tuning_hours, value("price_data"))
    break_even = None
    if prices and gpus and api and own:
        speed = gpus.replicas * traffic.usable_tokens_per_s if traffic else None
        break_even = find_break_even(use, prices, api, own, value("months"), speed)
    return CostComparison(use, value("months"), memory, gpus, tuning_hours, api, own, break_even)


def _build_memory(form: CostForm) -> MemoryNeed | None:
    value = form.get_value
    if value("params") is None:
        return None
    weights = WeightsMemory(value("params"), value("bits") / BITS_PER_BYTE)
    if value("layers") is None:
        return MemoryNeed(weights.gib, None)
    cache = KvCache(value("layers"), value("kv_heads"), value("head_dim"), value("context"), value("concurrency"))
    return MemoryNeed(weights.gib, cache.gib)


def _build_prices(form: CostForm) -> ApiPrices | None:
    value = form.get_value
    if value("price_input") is None and not value("seats"):
        return None
    return ApiPrices(
        input=value("price_input") or Decimal(0),
        output=value("price_output") or Decimal(0),
        cached=value("price_cached"),
        seats=value("seats"),
        seat=value("price_seat"),
    )


def _build_traffic(form: CostForm) -> Traffic | None:
    value = form.get_value
    if value("peak_speed") is None:
        return None
    return Traffic(value("peak_speed"), value("replica_speed"), value("utilisation") / PERCENT)


def _build_gpus(form: CostForm, memory: MemoryNeed | None, traffic: Traffic | None) -> GpuFleet | None:
    value = form.get_value
    if value("gpu_hour") is None:
        return None
    return GpuFleet(
        replicas=max(value("replicas"), traffic.replicas if traffic else 1),
        per_replica=value("gpus") or count_gpus(memory.gib if memory else Decimal(0), value("gpu_memory")),
        hour=value("gpu_hour"),
        operations_hours=value("operations_hours"),
        operations_rate=value("operations_rate"),
    )


def _compute_tuning_hours(form: CostForm) -> Decimal:
    value = form.get_value
    if value("tuning_tokens") is None:
        return Decimal(0)
    run = TuningRun(
        params=value("active_params") or value("params"),
        tokens=value("tuning_tokens"),
        method=value("tuning_method"),
        peak_tflops=value("gpu_tflops"),
        utilization=value("tuning_utilisation") / PERCENT,
    )
    return run.gpu_hours
