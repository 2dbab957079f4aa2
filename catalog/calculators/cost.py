"""The calculator of costs: from its form to what an API and own GPUs cost, and where the two meet."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

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
from catalog.calculators.hosting import BITS_PER_BYTE, KvCache, Traffic, TuningRun, WeightsMemory, count_gpus

PERCENT = Decimal(100)


@dataclass(frozen=True)
class MemoryNeed:
    """GiB of one replica; `cache` is None where layers and heads are not known."""

    weights: Decimal
    cache: Decimal | None

    @property
    def gib(self) -> Decimal:
        return self.weights + (self.cache or 0)


@dataclass(frozen=True)
class CostComparison:
    """What could be computed from what was given; `months` is how far it looks ahead."""

    use: MonthlyUse
    months: int
    memory: MemoryNeed | None
    gpus: GpuFleet | None
    tuning_hours: Decimal
    api: CostOption | None
    own: CostOption | None
    break_even: BreakEven | None

    @property
    def cheaper(self) -> str | None:
        """Which of the two costs less over the horizon; None without both, or if they cost the same."""
        if self.api is None or self.own is None:
            return None
        of_api, of_own = self.api.total(self.months), self.own.total(self.months)
        return None if of_api == of_own else "api" if of_api < of_own else "own"


def compare_costs(form: CostForm) -> CostComparison:
    """Of a valid form."""
    of = form.given
    use = MonthlyUse(of("input_tokens"), of("output_tokens"), of("cached") / PERCENT)
    memory, prices, traffic = _build_memory(form), _build_prices(form), _build_traffic(form)
    gpus = _build_gpus(form, memory, traffic)
    hours = _compute_tuning_hours(form)
    of_api = build_api_option(use, prices, LaunchWork(of("api_weeks"), of("price_week"))) if prices else None
    of_own = (
        build_own_option(gpus, LaunchWork(of("own_weeks"), of("price_week")), hours, of("price_data")) if gpus else None
    )
    meeting = None
    if prices and gpus and of_api and of_own:
        speed = gpus.replicas * traffic.usable_tokens_per_s if traffic else None
        meeting = find_break_even(use, prices, of_api, of_own, of("months"), speed)
    return CostComparison(use, of("months"), memory, gpus, hours, of_api, of_own, meeting)


def _build_memory(form: CostForm) -> MemoryNeed | None:
    of = form.given
    if of("params") is None:
        return None
    weights = WeightsMemory(of("params"), of("bits") / BITS_PER_BYTE)
    if of("layers") is None:
        return MemoryNeed(weights.gib, None)
    cache = KvCache(of("layers"), of("kv_heads"), of("head_dim"), of("context"), of("concurrency"))
    return MemoryNeed(weights.gib, cache.gib)


def _build_prices(form: CostForm) -> ApiPrices | None:
    of = form.given
    if of("price_input") is None and not of("seats"):
        return None
    read, written = (of(name) or Decimal(0) for name in ("price_input", "price_output"))
    return ApiPrices(read, written, of("price_cached"), of("seats"), of("price_seat"))


def _build_traffic(form: CostForm) -> Traffic | None:
    of = form.given
    if of("peak_speed") is None:
        return None
    return Traffic(of("peak_speed"), of("replica_speed"), of("utilisation") / PERCENT)


def _build_gpus(form: CostForm, memory: MemoryNeed | None, traffic: Traffic | None) -> GpuFleet | None:
    of = form.given
    if of("gpu_hour") is None:
        return None
    each = of("gpus") or count_gpus(memory.gib if memory else Decimal(0), of("gpu_memory"))
    replicas = max(of("replicas"), traffic.replicas if traffic else 1)
    return GpuFleet(replicas, each, of("gpu_hour"), of("operations_hours"), of("operations_rate"))


def _compute_tuning_hours(form: CostForm) -> Decimal:
    of = form.given
    if of("tuning_tokens") is None:
        return Decimal(0)
    share = of("tuning_utilisation") / PERCENT
    run = TuningRun(
        of("active_params") or of("params"), of("tuning_tokens"), of("tuning_method"), of("gpu_tflops"), share
    )
    return run.gpu_hours


def serialize_comparison(found: CostComparison) -> dict[str, Any]:
    memory, gpus = found.memory, found.gpus
    return {
        "months": found.months,
        "input_tokens": found.use.input_tokens,
        "output_tokens": found.use.output_tokens,
        "memory": memory and _serialize_memory(memory),
        "api": found.api and _serialize_option(found.api, found.months),
        "own": found.own and gpus and {**_serialize_gpus(gpus), **_serialize_option(found.own, found.months)},
        "tuning_gpu_hours": float(found.tuning_hours),
        "break_even": found.break_even and asdict(found.break_even),
        "cheaper": found.cheaper,
    }


def _serialize_memory(memory: MemoryNeed) -> dict[str, float | None]:
    cache = None if memory.cache is None else float(memory.cache)
    return {"weights": float(memory.weights), "cache": cache, "gib": float(memory.gib)}


def _serialize_gpus(gpus: GpuFleet) -> dict[str, Any]:
    return {"replicas": gpus.replicas, "gpus": gpus.number}


def _serialize_option(option: CostOption, months: int) -> dict[str, Any]:
    return {
        "monthly": {item.name: float(item.dollars) for item in option.monthly},
        "once": {item.name: float(item.dollars) for item in option.once},
        "each_month": float(option.each_month),
        "at_once": float(option.at_once),
        "total": float(option.total(months)),
        "weeks": float(option.weeks),
    }
