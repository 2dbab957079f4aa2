"""The hard limits of a choice, the candidates, and what of one is beyond a limit, in words with both values. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from catalog.calculators.cost_model import MILLION, USUAL, Prices, Use
from catalog.calculators.hosting import Weights
from catalog.facts.fields import Rate
from core.text.number_format import count, dollars


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
    use: Use = USUAL
    bytes_each: Decimal = Decimal(2)
    exclude_unknown: bool = False


@dataclass(frozen=True)
class Finding:
    """A limit that a model does not meet, or of which it is not known: `words` give its value and the limit."""

    limit: str
    words: str
    known: bool = True


def blended(candidate: Candidate, use: Use) -> Decimal | None:
    """Dollars for a million tokens in that mix."""
    return candidate.prices.of(use) * MILLION / use.tokens if candidate.prices and use.tokens else None


def monthly(candidate: Candidate, use: Use) -> Decimal | None:
    return candidate.prices.of(use) if candidate.prices else None


def findings(candidate: Candidate, limits: Limits) -> list[Finding]:
    """All limits that it does not meet or may not meet, in the order of `CHECKS`."""
    found = (CHECKS[name](candidate, limits) for name in CHECKS if asked(limits, name))
    return [finding for finding in found if finding]


def asked(limits: Limits, name: str) -> bool:
    value = getattr(limits, name)
    return value is not None and value is not False and value != frozenset()


def _compared(name: str, label: str, sign: str, value: Any, limit: Any, shown: Callable[[Any], str]) -> Finding | None:
    """`sign` stands between a value and a limit that it does not meet."""
    if value is None:
        return Finding(name, f"{label} unknown", known=False)
    if not (value < limit if sign == "<" else value > limit):
        return None
    words = shown(value), shown(limit)
    here, there = words if words[0] != words[1] else (f"{value:,}", f"{limit:,}")  # rounded alike
    return Finding(name, f"{label} {here} {sign} {there}")


def _least(name: str, label: str, value: Any, limit: Any, shown: Callable[[Any], str]) -> Finding | None:
    return _compared(name, label, "<", value, limit, shown)


def _most(name: str, label: str, value: Any, limit: Any, shown: Callable[[Any], str]) -> Finding | None:
    return _compared(name, label, ">", value, limit, shown)


def _commercial(model: Candidate, limits: Limits) -> Finding | None:
    if model.commercial is None:
        return Finding("commercial", "commercial use unknown", known=False)
    return None if model.commercial != "no" else Finding("commercial", "commercial use not allowed")


def _openness(model: Candidate, limits: Limits) -> Finding | None:
    if model.open_weights is None:
        return Finding("openness", "openness unknown", known=False)
    found = "open" if model.open_weights else "closed"
    return None if found == limits.openness else Finding("openness", f"weights {found}, not {limits.openness}")


def _cutoff(model: Candidate, limits: Limits) -> Finding | None:
    if limits.search_instead and model.web_search:
        return None
    return _least("cutoff", "knowledge until", model.cutoff, limits.cutoff, lambda day: f"{day:%Y-%m-%d}")


def _modalities(model: Candidate, limits: Limits) -> Finding | None:
    if model.modalities is None:
        return Finding("modalities", "modalities unknown", known=False)
    missing = sorted(limits.modalities - model.modalities)
    return Finding("modalities", f"takes no {', no '.join(missing)}") if missing else None


def _tools(model: Candidate, limits: Limits) -> Finding | None:
    if model.tools is None:
        return Finding("tools", "tool use unknown", known=False)
    return None if model.tools else Finding("tools", "cannot call tools")


def _gpu_memory(model: Candidate, limits: Limits) -> Finding | None:
    if model.open_weights is False:
        return Finding("gpu_memory", "closed weights run on no GPU of one's own")
    needed = model.gpu_memory(limits.bytes_each)
    return _most("gpu_memory", "GPU memory", needed, limits.gpu_memory, lambda gib: f"{gib:.1f} GiB")


def _failures(model: Candidate, limits: Limits) -> Finding | None:
    percent = None if model.failure_rate is None else 100 * model.failure_rate
    return _most("failures", "failed calls", percent, limits.failures, lambda number: f"{number:.3g} %")


def _rate(name: str, label: str, allowed: Rate | None, limit: Any) -> Finding | None:
    """With the tier for which the provider says so: another one has another limit."""
    if allowed is None:
        return Finding(name, f"{label} unknown", known=False)
    return Finding(name, f"{label} {allowed} < {limit:,}") if allowed.number < limit else None


def _number(value: float | Decimal) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else f"{value:,f}"


def _whole(value: int) -> str:
    return f"{value:,}"


CHECKS: Mapping[str, Callable[[Candidate, Limits], Finding | None]] = MappingProxyType(
    {
        "commercial": _commercial,
        "openness": _openness,
        "context": lambda m, to: _least("context", "context", m.context, to.context, _whole),
        "cutoff": _cutoff,
        "modalities": _modalities,
        "tools": _tools,
        "price": lambda m, to: _most("price", "price", blended(m, to.use), to.price, dollars),
        "monthly": lambda m, to: _most("monthly", "monthly cost", monthly(m, to.use), to.monthly, dollars),
        "latency": lambda m, to: _most("latency", "seconds to the first token", m.latency_s, to.latency, _number),
        "speed": lambda m, to: _least("speed", "tokens a second", m.tokens_per_s, to.speed, _number),
        "failures": _failures,
        "rate": lambda m, to: _rate("rate", "requests a minute", m.requests_per_minute, to.rate),
        "token_rate": lambda m, to: _rate("token_rate", "tokens a minute", m.tokens_per_minute, to.token_rate),
        "params": lambda m, to: _most("params", "parameters", m.params, to.params, count),
        "gpu_memory": _gpu_memory,
        "weeks": lambda m, to: _most("weeks", "weeks to launch", m.weeks, to.weeks, _number),
    }
)
