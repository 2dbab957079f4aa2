"""Candidates, hard limits, and findings. A finding describes a limit that a candidate does not meet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from catalog.calculators.cost_model import MILLION, TYPICAL_USE, ApiPrices, MonthlyUse
from catalog.calculators.gpu_needs import WeightsMemory
from catalog.facts.fields import RateLimit
from core.text.number_format import format_count, format_dollars


@dataclass(frozen=True)
class Candidate:
    """A model that can be chosen. None means unknown."""

    slug: str
    name: str
    tier: int | None = None  # on the task's board, like the rating
    rating: float | None = None
    commercial: str | None = None  # yes, conditional, no
    open_weights: bool | None = None
    params: int | None = None
    context: int | None = None
    cutoff: date | None = None
    web_search: bool | None = None
    modalities: frozenset[str] | None = None
    tools: bool | None = None
    prices: ApiPrices | None = None  # dollars per million tokens
    latency_s: float | None = None
    tokens_per_s: float | None = None
    requests_per_minute: RateLimit | None = None
    tokens_per_minute: RateLimit | None = None
    failure_rate: float | None = None  # share of calls in blind battles that failed; the model or its server failed
    weeks: Decimal | None = None

    def gpu_memory(self, bytes_each: Decimal) -> Decimal | None:
        """Return the GiB for the weights, including overhead but not the cache for conversations."""
        return None if self.params is None else WeightsMemory(self.params, bytes_each).gib


@dataclass(frozen=True)
class Limits:
    """The requirements for a choice. None and empty values mean no limit."""

    commercial: bool = False  # the license allows commercial use, possibly with conditions
    openness: str | None = None  # "open" or "closed" weights
    context: int | None = None  # minimum tokens
    cutoff: date | None = None  # earliest knowledge cutoff
    search_instead: bool = False  # accept an older cutoff if the model can search the web
    modalities: frozenset[str] = frozenset()  # all of these, such as "image"
    tools: bool = False  # the model can call tools
    price: Decimal | None = None  # maximum dollars per million tokens at the token mix in `use`
    monthly: Decimal | None = None  # maximum dollars per month for the tokens in `use`
    latency: float | Decimal | None = None  # maximum seconds to the first token
    speed: float | Decimal | None = None  # minimum tokens per second
    rate: int | None = None  # minimum requests per minute that the provider allows
    token_rate: int | None = None  # minimum tokens per minute that the provider allows
    failures: float | Decimal | None = None  # maximum percentage of calls that failed here
    params: int | None = None  # maximum parameters
    gpu_memory: Decimal | None = None  # maximum GiB at `bytes_each` per parameter
    weeks: Decimal | None = None  # maximum weeks until launch
    use: MonthlyUse = TYPICAL_USE
    bytes_each: Decimal = Decimal(2)
    exclude_unknown: bool = False  # exclude models with unknown values instead of flagging them


@dataclass(frozen=True)
class LimitFinding:
    """A limit that a model does not meet.

    If `known` is False, the model's value is unknown, so the model might not meet the limit.

    words: the model's value and the limit as text.
    """

    limit: str
    words: str
    known: bool = True


Assessor = Callable[[Candidate, Limits], LimitFinding | None]


def compute_blended_price(candidate: Candidate, use: MonthlyUse) -> Decimal | None:
    """Return US dollars per million tokens for this mix of input and output tokens."""
    return candidate.prices.token_cost(use) * MILLION / use.tokens if candidate.prices and use.tokens else None


def compute_monthly_cost(candidate: Candidate, use: MonthlyUse) -> Decimal | None:
    return candidate.prices.token_cost(use) if candidate.prices else None


def list_findings(candidate: Candidate, limits: Limits) -> list[LimitFinding]:
    """Return findings for all limits that the candidate fails or might fail, in the order of `LIMIT_ASSESSORS`."""
    findings = (assess(candidate, limits) for name, assess in LIMIT_ASSESSORS.items() if is_limit_set(limits, name))
    return [finding for finding in findings if finding]


def is_limit_set(limits: Limits, name: str) -> bool:
    value = getattr(limits, name)
    return value is not None and value is not False and value != frozenset()


def _build_assessor(
    sign: str, name: str, label: str, get_value: Callable[[Candidate, Limits], Any], format_value: Callable[[Any], str]
) -> Assessor:
    """Return a function that checks a numeric limit. The sign is "<" for a minimum and ">" for a maximum."""

    def assess(model: Candidate, limits: Limits) -> LimitFinding | None:
        return _compare_with_limit(sign, name, label, get_value(model, limits), getattr(limits, name), format_value)

    return assess


def _compare_with_limit(
    sign: str, name: str, label: str, value: Any, limit: Any, format_value: Callable[[Any], str]
) -> LimitFinding | None:
    """Return a finding if the value is unknown or if `value sign limit` is true."""
    if value is None:
        return LimitFinding(name, f"{label} unknown", known=False)
    is_beyond = value < limit if sign == "<" else value > limit
    if not is_beyond:
        return None
    value_text = format_value(value)
    limit_text = format_value(limit)
    if value_text == limit_text:  # the rounded values are equal
        value_text = f"{value:,}"
        limit_text = f"{limit:,}"
    return LimitFinding(name, f"{label} {value_text} {sign} {limit_text}")


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
    return _compare_with_limit("<", "cutoff", "knowledge until", model.cutoff, limits.cutoff, "{:%Y-%m-%d}".format)


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
    return _compare_with_limit(">", "gpu_memory", "GPU memory", needed, limits.gpu_memory, "{:.1f} GiB".format)


def _compute_failure_percent(model: Candidate, _: Limits) -> float | None:
    return None if model.failure_rate is None else 100 * model.failure_rate


def _assess_rate(name: str, label: str, allowed: RateLimit | None, limit: Any) -> LimitFinding | None:
    """Return a finding that names the provider's usage tier, because the limit depends on the tier."""
    if allowed is None:
        return LimitFinding(name, f"{label} unknown", known=False)
    return LimitFinding(name, f"{label} {allowed} < {limit:,}") if allowed.number < limit else None


def _format_number(value: float | Decimal) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else f"{value:,f}"


def _format_whole(value: int) -> str:
    return f"{value:,}"


_at_least = partial(_build_assessor, "<")
_at_most = partial(_build_assessor, ">")
LIMIT_ASSESSORS: Mapping[str, Assessor] = MappingProxyType(
    {
        "commercial": _assess_commercial,
        "openness": _assess_openness,
        "context": _at_least("context", "context", lambda model, _: model.context, _format_whole),
        "cutoff": _assess_cutoff,
        "modalities": _assess_modalities,
        "tools": _assess_tools,
        "price": _at_most(
            "price", "price", lambda model, limits: compute_blended_price(model, limits.use), format_dollars
        ),
        "monthly": _at_most(
            "monthly", "monthly cost", lambda model, limits: compute_monthly_cost(model, limits.use), format_dollars
        ),
        "latency": _at_most("latency", "seconds to the first token", lambda model, _: model.latency_s, _format_number),
        "speed": _at_least("speed", "tokens per second", lambda model, _: model.tokens_per_s, _format_number),
        "failures": _at_most("failures", "failed calls", _compute_failure_percent, "{:.3g}%".format),
        "rate": lambda model, limits: _assess_rate(
            "rate", "requests per minute", model.requests_per_minute, limits.rate
        ),
        "token_rate": lambda model, limits: _assess_rate(
            "token_rate", "tokens per minute", model.tokens_per_minute, limits.token_rate
        ),
        "params": _at_most("params", "parameters", lambda model, _: model.params, format_count),
        "gpu_memory": _assess_gpu_memory,
        "weeks": _at_most("weeks", "weeks to launch", lambda model, _: model.weeks, _format_number),
    }
)
