"""The hard limits of a choice, the candidates, and what of one is beyond a limit, in words with both values. Pure."""

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
    """What a choice knows of a model; None is unknown.

    `tier` and `rating` are those of the board that the task asks for; prices are dollars for a million tokens;
    `failure_rate` is the share of calls in blind battles that failed by the model's own fault.
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
        """GiB for the weights and what comes with them, without the cache of conversations."""
        return None if self.params is None else WeightsMemory(self.params, bytes_each).gib


@dataclass(frozen=True)
class Limits:
    """What a model must meet; None and empty ask for nothing.

    commercial       a licence that allows commercial use, if under conditions
    openness         "open" or "closed" weights
    context          tokens, at least
    cutoff           knows the world until then, or later; `search_instead` accepts web search in its place
    modalities       all of these, such as "image"
    tools            can call tools
    price            dollars for a million tokens in the mix of `use`, at most
    monthly          dollars for the tokens of `use`, a month, at most
    latency          seconds to the first token, at most
    speed            tokens a second, at least
    rate             requests a minute that the provider allows, at least
    token_rate       tokens a minute that the provider allows, at least
    failures         percent of calls that failed here, at most
    params           parameters, at most
    gpu_memory       GiB at `bytes_each` a parameter, at most
    weeks            until launch, at most
    exclude_unknown  a model of which a limited value is not known is excluded, not kept and marked
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
    """A limit that a model does not meet, or of which it is not known: `words` give its value and the limit."""

    limit: str
    words: str
    known: bool = True


def compute_blended_price(candidate: Candidate, use: MonthlyUse) -> Decimal | None:
    """Dollars for a million tokens in that mix."""
    return candidate.prices.of(use) * MILLION / use.tokens if candidate.prices and use.tokens else None


def compute_monthly_cost(candidate: Candidate, use: MonthlyUse) -> Decimal | None:
    return candidate.prices.of(use) if candidate.prices else None


def list_findings(candidate: Candidate, limits: Limits) -> list[LimitFinding]:
    """All limits that it does not meet or may not meet, in the order of `LIMIT_ASSESSORS`."""
    found = (LIMIT_ASSESSORS[name](candidate, limits) for name in LIMIT_ASSESSORS if is_limit_set(limits, name))
    return [finding for finding in found if finding]


def is_limit_set(limits: Limits, name: str) -> bool:
    value = getattr(limits, name)
    return value is not None and value is not False and value != frozenset()


def _assess_limit(
    name: str, label: str, sign: str, value: Any, limit: Any, shown: Callable[[Any], str]
) -> LimitFinding | None:
    """`sign` stands between a value and a limit that it does not meet."""
    if value is None:
        return LimitFinding(name, f"{label} unknown", known=False)
    if not (value < limit if sign == "<" else value > limit):
        return None
    words = shown(value), shown(limit)
    here, there = words if words[0] != words[1] else (f"{value:,}", f"{limit:,}")  # rounded alike
    return LimitFinding(name, f"{label} {here} {sign} {there}")


def _assess_minimum(name: str, label: str, value: Any, limit: Any, shown: Callable[[Any], str]) -> LimitFinding | None:
    return _assess_limit(name, label, "<", value, limit, shown)


def _assess_maximum(name: str, label: str, value: Any, limit: Any, shown: Callable[[Any], str]) -> LimitFinding | None:
    return _assess_limit(name, label, ">", value, limit, shown)


def _assess_commercial(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.commercial is None:
        return LimitFinding("commercial", "commercial use unknown", known=False)
    return None if model.commercial != "no" else LimitFinding("commercial", "commercial use not allowed")


def _assess_openness(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.open_weights is None:
        return LimitFinding("openness", "openness unknown", known=False)
    found = "open" if model.open_weights else "closed"
    return None if found == limits.openness else LimitFinding("openness", f"weights {found}, not {limits.openness}")


def _assess_cutoff(model: Candidate, limits: Limits) -> LimitFinding | None:
    if limits.search_instead and model.web_search:
        return None
    return _assess_minimum("cutoff", "knowledge until", model.cutoff, limits.cutoff, lambda day: f"{day:%Y-%m-%d}")


def _assess_modalities(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.modalities is None:
        return LimitFinding("modalities", "modalities unknown", known=False)
    missing = sorted(limits.modalities - model.modalities)
    return LimitFinding("modalities", f"takes no {', no '.join(missing)}") if missing else None


def _assess_tools(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.tools is None:
        return LimitFinding("tools", "tool use unknown", known=False)
    return None if model.tools else LimitFinding("tools", "cannot call tools")


def _assess_gpu_memory(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.open_weights is False:
        return LimitFinding("gpu_memory", "closed weights run on no GPU of one's own")
    needed = model.gpu_memory(limits.bytes_each)
    return _assess_maximum("gpu_memory", "GPU memory", needed, limits.gpu_memory, lambda gib: f"{gib:.1f} GiB")


def _assess_failures(model: Candidate, limits: Limits) -> LimitFinding | None:
    percent = None if model.failure_rate is None else 100 * model.failure_rate
    return _assess_maximum("failures", "failed calls", percent, limits.failures, lambda number: f"{number:.3g} %")


def _assess_rate(name: str, label: str, allowed: RateLimit | None, limit: Any) -> LimitFinding | None:
    """With the tier for which the provider says so: another one has another limit."""
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
        "context": lambda m, to: _assess_minimum("context", "context", m.context, to.context, _format_whole),
        "cutoff": _assess_cutoff,
        "modalities": _assess_modalities,
        "tools": _assess_tools,
        "price": lambda m, to: _assess_maximum(
            "price", "price", compute_blended_price(m, to.use), to.price, format_dollars
        ),
        "monthly": lambda m, to: _assess_maximum(
            "monthly", "monthly cost", compute_monthly_cost(m, to.use), to.monthly, format_dollars
        ),
        "latency": lambda m, to: _assess_maximum(
            "latency", "seconds to the first token", m.latency_s, to.latency, _format_number
        ),
        "speed": lambda m, to: _assess_minimum("speed", "tokens a second", m.tokens_per_s, to.speed, _format_number),
        "failures": _assess_failures,
        "rate": lambda m, to: _assess_rate("rate", "requests a minute", m.requests_per_minute, to.rate),
        "token_rate": lambda m, to: _assess_rate("token_rate", "tokens a minute", m.tokens_per_minute, to.token_rate),
        "params": lambda m, to: _assess_maximum("params", "parameters", m.params, to.params, format_count),
        "gpu_memory": _assess_gpu_memory,
        "weeks": lambda m, to: _assess_maximum("weeks", "weeks to launch", m.weeks, to.weeks, _format_number),
    }
)
