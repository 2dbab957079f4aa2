"""The calculator of costs: from its form to what an API and own GPUs cost, and where the two meet."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_model import BreakEven, Build, Gpus, Option, Prices, Use, api, break_even, own
from catalog.calculators.hosting import BITS_A_BYTE, Cache, Traffic, Tuning, Weights, gpus_for

PERCENT = Decimal(100)


@dataclass(frozen=True)
class Memory:
    """GiB of one replica; `cache` is None where layers and heads are not known."""

    weights: Decimal
    cache: Decimal | None

    @property
    def gib(self) -> Decimal:
        return self.weights + (self.cache or 0)


@dataclass(frozen=True)
class Comparison:
    """What could be computed from what was given; `months` is how far it looks ahead."""

    use: Use
    months: int
    memory: Memory | None
    gpus: Gpus | None
    tuning_hours: Decimal
    api: Option | None
    own: Option | None
    break_even: BreakEven | None

    @property
    def cheaper(self) -> str | None:
        """Which of the two costs less over the horizon; None without both, or if they cost the same."""
        if self.api is None or self.own is None:
            return None
        of_api, of_own = self.api.total(self.months), self.own.total(self.months)
        return None if of_api == of_own else "api" if of_api < of_own else "own"


def compare(form: CostForm) -> Comparison:
    """Of a valid form."""
    of = form.given
    use = Use(of("input_tokens"), of("output_tokens"), of("cached") / PERCENT)
    memory, prices, traffic = _memory(form), _prices(form), _traffic(form)
    gpus = _gpus(form, memory, traffic)
    hours = _tuning_hours(form)
    of_api = api(use, prices, Build(of("api_weeks"), of("price_week"))) if prices else None
    of_own = own(gpus, Build(of("own_weeks"), of("price_week")), hours, of("price_data")) if gpus else None
    meeting = None
    if prices and gpus and of_api and of_own:
        speed = gpus.replicas * traffic.usable_tokens_per_s if traffic else None
        meeting = break_even(use, prices, of_api, of_own, of("months"), speed)
    return Comparison(use, of("months"), memory, gpus, hours, of_api, of_own, meeting)


def _memory(form: CostForm) -> Memory | None:
    of = form.given
    if of("params") is None:
        return None
    weights = Weights(of("params"), of("bits") / BITS_A_BYTE)
    if of("layers") is None:
        return Memory(weights.gib, None)
    cache = Cache(of("layers"), of("kv_heads"), of("head_dim"), of("context"), of("concurrency"))
    return Memory(weights.gib, cache.gib)


def _prices(form: CostForm) -> Prices | None:
    of = form.given
    if of("price_input") is None and not of("seats"):
        return None
    read, written = (of(name) or Decimal(0) for name in ("price_input", "price_output"))
    return Prices(read, written, of("price_cached"), of("seats"), of("price_seat"))


def _traffic(form: CostForm) -> Traffic | None:
    of = form.given
    if of("peak_speed") is None:
        return None
    return Traffic(of("peak_speed"), of("replica_speed"), of("utilisation") / PERCENT)


def _gpus(form: CostForm, memory: Memory | None, traffic: Traffic | None) -> Gpus | None:
    of = form.given
    if of("gpu_hour") is None:
        return None
    each = of("gpus") or gpus_for(memory.gib if memory else Decimal(0), of("gpu_memory"))
    replicas = max(of("replicas"), traffic.replicas if traffic else 1)
    return Gpus(replicas, each, of("gpu_hour"), of("operations_hours"), of("operations_rate"))


def _tuning_hours(form: CostForm) -> Decimal:
    of = form.given
    if of("tuning_tokens") is None:
        return Decimal(0)
    share = of("tuning_utilisation") / PERCENT
    run = Tuning(of("active_params") or of("params"), of("tuning_tokens"), of("tuning_method"), of("gpu_tflops"), share)
    return run.gpu_hours


def as_json(found: Comparison) -> dict[str, Any]:
    memory, gpus = found.memory, found.gpus
    return {
        "months": found.months,
        "input_tokens": found.use.input_tokens,
        "output_tokens": found.use.output_tokens,
        "memory": memory and _memory_shown(memory),
        "api": found.api and _option(found.api, found.months),
        "own": found.own and gpus and {**_machines(gpus), **_option(found.own, found.months)},
        "tuning_gpu_hours": float(found.tuning_hours),
        "break_even": found.break_even and asdict(found.break_even),
        "cheaper": found.cheaper,
    }


def _memory_shown(memory: Memory) -> dict[str, float | None]:
    cache = None if memory.cache is None else float(memory.cache)
    return {"weights": float(memory.weights), "cache": cache, "gib": float(memory.gib)}


def _machines(gpus: Gpus) -> dict[str, Any]:
    return {"replicas": gpus.replicas, "gpus": gpus.number}


def _option(option: Option, months: int) -> dict[str, Any]:
    return {
        "monthly": {item.name: float(item.dollars) for item in option.monthly},
        "once": {item.name: float(item.dollars) for item in option.once},
        "each_month": float(option.each_month),
        "at_once": float(option.at_once),
        "total": float(option.total(months)),
        "weeks": float(option.weeks),
    }
