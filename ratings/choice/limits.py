"""Candidates, hard limits, and findings: the limits that a candidate does not meet, as text with both values. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from catalog.calculators.cost_model import MILLION, TYPICAL_USE, ApiPrices, MonthlyUse
from catalog.calculators.hosting import WeightsMemory
from catalog.facts.fields import RateLimit
from core.text.number_format import format_count, format_dollars


@dataclass(frozen=True)
class Candidate:
    """A model to choose from; None is unknown.

    tier, rating: on the board of the task
    prices: dollars per million tokens
    failure_rate: share of calls in blind battles that failed because of the model or its server
    """

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
    prices: ApiPrices | None = None
    latency_s: float | None = None
    tokens_per_s: float | None = None
    requests_per_minute: RateLimit | None = None
    tokens_per_minute: RateLimit | None = None
    failure_rate: float | None = None
    weeks: Decimal | None = None

    def gpu_memory(self, bytes_each: Decimal) -> Decimal | None:
        """Return the GiB for the weights and their overhead, without the cache of conversations."""
        return None if self.params is None else WeightsMemory(self.params, bytes_each).gib


@dataclass(frozen=True)
class Limits:
    """The requirements of a choice; None and empty values set no limit.

    commercial       a license that allows commercial use, possibly with conditions
    openness         "open" or "closed" weights
    context          minimum tokens
    cutoff           earliest knowledge cutoff; with `search_instead`, web search replaces it
    modalities       all of these, such as "image"
    tools            can call tools
    price            maximum dollars per million tokens in the mix of `use`
    monthly          maximum dollars per month for the tokens of `use`
    latency          maximum seconds to the first token
    speed            minimum tokens per second
    rate             minimum requests per minute that the provider allows
    token_rate       minimum tokens per minute that the provider allows
    failures         maximum percent of calls that failed here
    params           maximum parameters
    gpu_memory       maximum GiB at `bytes_each` per parameter
    weeks            maximum weeks until launch
    exclude_unknown  exclude models without a value for a limit, instead of flagging them
    """

    commercial: bool = False
    openness: str | None = None
    context: int | None = None
    cutoff: date | None = None
    search_instead: bool = False
    modalities: frozenset[str] = frozenset()
    tools: bool = False
    price: Decimal | None = None
    monthly: Decimal | None = None
    latency: float | Decimal | None = None
    speed: float | Decimal | None = None
    rate: int | None = None
    token_rate: int | None = None
    failures: float | Decimal | None = None
    params: int | None = None
    gpu_memory: Decimal | None = None
    weeks: Decimal | None = None
    use: MonthlyUse = TYPICAL_USE
    bytes_each: Decimal = Decimal(2)
    exclude_unknown: bool = False


@dataclass(frozen=True)
class LimitFinding:
    """A limit that a model does not meet, or, if not `known`, may not meet; `words` have its value and the limit."""

    limit: str
    words: str
    known: bool = True


def compute_blended_price(candidate: Candidate, use: MonthlyUse) -> Decimal | None:
    """Return dollars per million tokens in the mix of this use."""
    return candidate.prices.token_cost(use) * MILLION / use.tokens if candidate.prices and use.tokens else None


def compute_monthly_cost(candidate: Candidate, use: MonthlyUse) -> Decimal | None:
    return candidate.prices.token_cost(use) if candidate.prices else None


def list_findings(candidate: Candidate, limits: Limits) -> list[LimitFinding]:
    """Return all limits that the candidate does not or may not meet, in the order of `LIMIT_ASSESSORS`."""
    findings = (assess(candidate, limits) for name, assess in LIMIT_ASSESSORS.items() if is_limit_set(limits, name))
    return [finding for finding in findings if finding]


def is_limit_set(limits: Limits, name: str) -> bool:
    value = getattr(limits, name)
    return value is not None and value is not False and value != frozenset()


def _assess_limit(
    name: str, label: str, sign: str, value: Any, limit: Any, format_value: Callable[[Any], str]
) -> LimitFinding | None:
    """Return a finding if the value is unknown, or if `value sign limit` is true."""
    if value is None:
        return LimitFinding(name, f"{label} unknown", known=False)
    is_beyond = value < limit if sign == "<" else value > limit
    if not is_beyond:
        return None
    value_text = format_value(value)
    limit_text = format_value(limit)
    if value_text == limit_text:  # rounding hides the difference
        value_text = f"{value:,}"
        limit_text = f"{limit:,}"
    return LimitFinding(name, f"{label} {value_text} {sign} {limit_text}")


def _assess_minimum(
    name: str, label: str, value: Any, limit: Any, format_value: Callable[[Any], str]
) -> LimitFinding | None:
    return _assess_limit(name, label, "<", value, limit, format_value)


def _assess_maximum(
    name: str, label: str, value: Any, limit: Any, format_value: Callable[[Any], str]
) -> LimitFinding | None:
    return _assess_limit(name, label, ">", value, limit, format_value)


def _assess_commercial(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.commercial is None:
        return LimitFinding("commercial", "commercial use unknown", known=False)
    return None if model.commercial != "no" else LimitFinding("commercial", "commercial use not allowed")


def _assess_openness(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.open_weights is None:
        return LimitFinding("openness", "openness unknown", known=False)
    openness = "open" if model.open_weights else "closed"
    if openness == limits.openness:
        return None
    return LimitFinding("openness", f"weights {openness}, not {limits.openness}")


def _assess_cutoff(model: Candidate, limits: Limits) -> LimitFinding | None:
    if limits.search_instead and model.web_search:
        return None
    return _assess_minimum("cutoff", "knowledge until", model.cutoff, limits.cutoff, lambda day: f"{day:%Y-%m-%d}")


def _assess_modalities(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.modalities is None:
        return LimitFinding("modalities", "modalities unknown", known=False)
    missing = sorted(limits.modalities - model.modalities)
    return LimitFinding("modalities", f"does not accept {', '.join(missing)}") if missing else None


def _assess_tools(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.tools is None:
        return LimitFinding("tools", "tool use unknown", known=False)
    return None if model.tools else LimitFinding("tools", "cannot call tools")


def _assess_gpu_memory(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.open_weights is False:
        return LimitFinding("gpu_memory", "closed weights cannot run on your own GPUs")
    needed = model.gpu_memory(limits.bytes_each)
    return _assess_maximum("gpu_memory", "GPU memory", needed, limits.gpu_memory, lambda gib: f"{gib:.1f} GiB")


def _assess_failures(model: Candidate, limits: Limits) -> LimitFinding | None:
    percent = None if model.failure_rate is None else 100 * model.failure_rate
    return _assess_maximum("failures", "failed calls", percent, limits.failures, lambda number: f"{number:.3g}%")


def _assess_rate(name: str, label: str, allowed: RateLimit | None, limit: Any) -> LimitFinding | None:
    """Return a finding with the provider's usage tier, because other tiers have other limits."""
    if allowed is None:
        return LimitFinding(name, f"{label} unknown", known=False)
    return LimitFinding(name, f"{label} {allowed} < {limit:,}") if allowed.number < limit else None


def _format_number(value: float | Decimal) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else f"{value:,f}"


def _format_whole(value: int) -> str:
    return f"{value:,}"


LIMIT_ASSESSORS: Mapping[str, Callable[[Candidate, Limits], LimitFinding | None]] = MappingProxyType(
    {
        "commercial": _assess_commercial,
        "openness": _assess_openness,
        "context": lambda model, limits: _assess_minimum(
            "context", "context", model.context, limits.context, _format_whole
        ),
        "cutoff": _assess_cutoff,
        "modalities": _assess_modalities,
        "tools": _assess_tools,
        "price": lambda model, limits: _assess_maximum(
            "price", "price", compute_blended_price(model, limits.use), limits.price, format_dollars
        ),
        "monthly": lambda model, limits: _assess_maximum(
            "monthly", "monthly cost", compute_monthly_cost(model, limits.use), limits.monthly, format_dollars
        ),
        "latency": lambda model, limits: _assess_maximum(
            "latency", "seconds to the first token", model.latency_s, limits.latency, _format_number
        ),
        "speed": lambda model, limits: _assess_minimum(
            "speed", "tokens per second", model.tokens_per_s, limits.speed, _format_number
        ),
        "failures": _assess_failures,
        "rate": lambda model, limits: _assess_rate(
            "rate", "requests per minute", model.requests_per_minute, limits.rate
        ),
        "token_rate": lambda model, limits: _assess_rate(
            "token_rate", "tokens per minute", model.tokens_per_minute, limits.token_rate
        ),
        "params": lambda model, limits: _assess_maximum(
            "params", "parameters", model.params, limits.params, format_count
        ),
        "gpu_memory": _assess_gpu_memory,
        "weeks": lambda model, limits: _assess_maximum(
            "weeks", "weeks to launch", model.weeks, limits.weeks, _format_number
        ),
    }
)
