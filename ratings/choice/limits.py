"""Candidates, hard limits, and findings. A finding describes a limit that a candidate violates or might violate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from math import log
from types import MappingProxyType
from typing import Any, Literal

from catalog.calculators.cost_model import MILLION, TYPICAL_USE, ApiPrices, MonthlyUse
from catalog.calculators.gpu_needs import compute_weights_gib
from catalog.facts.fields import RateLimit
from catalog.facts.retirement import Successor
from core.text.number_format import format_count, format_dollars
from core.text.word_lists import join_words

TOKENS_PER_PAGE = 600
DAYS_PER_YEAR = 365
INPUT_WORDS = {"image": "images", "pdf": "PDFs"}


@dataclass(frozen=True)
class Candidate:
    """A model that can be chosen. None means unknown.

    The tier, rating, interval, setting, and ranks are those on the board that sorts the shortlist.
    """

    slug: str
    name: str
    tier: int | None = None
    rating: float | None = None
    organization: str | None = None
    license: str | None = None
    commercial: str | None = None  # yes, conditional, no
    open_weights: bool | None = None
    params: int | None = None
    context: int | None = None
    cutoff: date | None = None
    released: date | None = None
    web_search: bool | None = None
    modalities: frozenset[str] | None = None
    tools: bool | None = None
    prices: ApiPrices | None = None  # dollars per million tokens
    priced_on: date | None = None  # the day when the prices were seen
    host_context: int | None = None  # tokens that the host accepts; None if it accepts the whole context
    latency_s: float | None = None
    tokens_per_s: float | None = None
    requests_per_minute: RateLimit | None = None
    tokens_per_minute: RateLimit | None = None
    failure_rate: float | None = None  # share of calls in blind battles that failed because of the model or its server
    retires_on: date | None = None  # the announced day
    successor: Successor | None = None  # the model that the maker recommends instead
    ci_low: float | None = None
    ci_high: float | None = None
    interval: str | None = None  # how the interval was computed
    setting: str = ""  # the setting at which a publisher rated the model, such as High
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None

    @property
    def is_used_through_api(self) -> bool:
        """True if the model is used through an API. All other models are hosted by their users."""
        return self.prices is not None or self.open_weights is False

    def compute_gpu_memory(self, bytes_each: Decimal) -> Decimal | None:
        """Return the memory for the weights in GiB, including overhead but not the cache for conversations."""
        return None if self.params is None else compute_weights_gib(self.params, bytes_each)


@dataclass(frozen=True)
class Limits:
    """The requirements for a choice. None and empty values mean no limit."""

    commercial: bool = False  # the license allows commercial use, possibly with conditions
    openness: str = ""  # "open" or "closed" weights
    context: int | None = None  # minimum tokens
    cutoff: date | None = None  # earliest knowledge cutoff
    search_instead: bool = False  # accept an older cutoff if the model can search the web
    modalities: frozenset[str] = frozenset()  # the model accepts all of these inputs, such as "image"
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
    api_weeks: Decimal | None = None  # the user's estimate of the weeks until launch with an API
    own_weeks: Decimal | None = None  # the same with self-hosting
    use: MonthlyUse = TYPICAL_USE
    bytes_each: Decimal = Decimal(2)

    def select_prices(self, model: Candidate) -> ApiPrices | None:
        """Return the prices for prompts of `context` tokens.

        Return None if the prices are unknown, or if the host does not accept prompts that long.
        """
        context = self.context or 0
        is_too_short = model.host_context is not None and model.host_context < context
        return None if is_too_short or model.prices is None else model.prices.for_prompt(context)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the limits that are set, in the order of `LIMIT_ASSESSORS`. 0 is a limit."""
        values = ((name, getattr(self, name)) for name in LIMIT_ASSESSORS)
        return tuple(name for name, value in values if value is not False and value not in (None, "", frozenset()))


@dataclass(frozen=True)
class LimitFinding:
    """A limit that a model violates or, if `known` is False, might violate because the model's value is unknown.

    limit: the limit's name.
    words: the model's value and the limit as text.
    value: the model's value, or None if it is unknown or the model has none.
    bound: the limit's value.
    unit: the unit of the value and the limit, or None.
    """

    limit: str
    words: str
    value: Any = None
    bound: Any = None
    unit: str | None = None
    known: bool = True

    def __str__(self) -> str:
        return self.words

    @property
    def is_ordered(self) -> bool:
        """True if the value is a number or a date, which can be closer to the limit or further from it."""
        return isinstance(self.value, int | float | Decimal | date) and not isinstance(self.value, bool)

    @property
    def distance(self) -> float:
        """The distance between the value and the limit.

        For dates, it is in years. For numbers, it is the logarithm of their ratio. For everything else, it is 1.
        """
        if not self.is_ordered:
            return 1.0
        if isinstance(self.value, date):
            days: int = (self.value - self.bound).days
            return abs(days) / DAYS_PER_YEAR
        return abs(log(self.value) - log(self.bound)) if self.value and self.bound else 1.0


Assessor = Callable[[Candidate, Limits], LimitFinding | None]


def compute_blended_price(candidate: Candidate, limits: Limits) -> Decimal | None:
    """Return US dollars per million tokens for the mix of input and output tokens in `limits.use`."""
    cost = compute_monthly_cost(candidate, limits)
    return cost * MILLION / limits.use.tokens if cost is not None and limits.use.tokens else None


def compute_monthly_cost(candidate: Candidate, limits: Limits) -> Decimal | None:
    prices = limits.select_prices(candidate)
    return prices.compute_token_cost(limits.use) if prices else None


def list_findings(candidate: Candidate, limits: Limits) -> list[LimitFinding]:
    """Return findings for the limits that the candidate violates or might violate, ordered as in `LIMIT_ASSESSORS`."""
    findings = (LIMIT_ASSESSORS[name](candidate, limits) for name in limits.names)
    return [finding for finding in findings if finding]


@dataclass(frozen=True)
class NumberLimit:
    """A limit on a number or a date.

    The sign is "<" for a minimum and ">" for a maximum, because it shows how a value violates the limit.

    unknown_text, explain_unknown: the words after the label if the value is unknown, or a function that returns the
        whole text.
    describe_conditions: a function that returns a suffix about the value's conditions, such as an off-peak price.
    """

    name: str
    sign: Literal["<", ">"]
    label: str
    unit: str | None
    get_value: Callable[[Candidate, Limits], Any]
    format_value: Callable[[Any], str]
    explain_unknown: Callable[[Candidate, Limits], str] | None = None
    unknown_text: str = "unknown"
    describe_conditions: Callable[[Candidate, Limits], str] | None = None

    def __call__(self, model: Candidate, limits: Limits) -> LimitFinding | None:
        """Return a finding if the value is unknown or beyond the limit."""
        value = self.get_value(model, limits)
        bound = getattr(limits, self.name)
        if value is None:
            words = self.explain_unknown(model, limits) if self.explain_unknown else f"{self.label} {self.unknown_text}"
            return LimitFinding(self.name, words, None, bound, self.unit, known=False)
        is_beyond = value < bound if self.sign == "<" else value > bound
        if not is_beyond:
            return None
        conditions = self.describe_conditions(model, limits) if self.describe_conditions else ""
        return LimitFinding(self.name, self._describe(value, bound) + conditions, value, bound, self.unit)

    def _describe(self, value: Any, bound: Any) -> str:
        value_text = self.format_value(value)
        bound_text = self.format_value(bound)
        if value_text == bound_text:  # the rounded values are equal
            value_text = f"{value:,}"
            bound_text = f"{bound:,}"
        return f"{self.label} {value_text} {self.sign} {bound_text}"


def _assess_commercial(model: Candidate, _: Limits) -> LimitFinding | None:
    if model.commercial is None:
        return LimitFinding("commercial", "commercial use unknown", None, "yes", known=False)
    return LimitFinding("commercial", "commercial use not allowed", "no", "yes") if model.commercial == "no" else None


def _assess_openness(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.open_weights is None:
        return LimitFinding("openness", "unknown whether the weights are open", None, limits.openness, known=False)
    openness = "open" if model.open_weights else "closed"
    if openness == limits.openness:
        return None
    return LimitFinding("openness", f"weights {openness}, not {limits.openness}", openness, limits.openness)


def _assess_cutoff(model: Candidate, limits: Limits) -> LimitFinding | None:
    if limits.search_instead and model.web_search:
        return None
    if model.cutoff is None and model.released and limits.cutoff and model.released < limits.cutoff:
        words = f"released {_format_day(model.released)}, before {_format_day(limits.cutoff)}"
        return LimitFinding("cutoff", words, None, limits.cutoff)
    return _CUTOFF(model, limits)


def _assess_modalities(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.modalities is None:
        words = f"support for {_list_inputs(limits.modalities, 'and')} as input unknown"
        return LimitFinding("modalities", words, None, limits.modalities, known=False)
    missing = limits.modalities - model.modalities
    if not missing:
        return None
    words = f"does not accept {_list_inputs(missing, 'or')}"
    return LimitFinding("modalities", words, model.modalities, limits.modalities)


def _list_inputs(modalities: frozenset[str], conjunction: str) -> str:
    return join_words((INPUT_WORDS.get(modality, modality) for modality in sorted(modalities)), conjunction)


def _assess_tools(model: Candidate, _: Limits) -> LimitFinding | None:
    if model.tools is None:
        return LimitFinding("tools", "tool use unknown", None, bound=True, known=False)
    return None if model.tools else LimitFinding("tools", "cannot call tools", value=False, bound=True)


def _assess_gpu_memory(model: Candidate, limits: Limits) -> LimitFinding | None:
    if model.open_weights is False:
        words = "closed weights cannot run on your own GPUs"
        return LimitFinding("gpu_memory", words, None, limits.gpu_memory, _GPU_MEMORY.unit)
    return _GPU_MEMORY(model, limits)


def _assess_rate(name: str, unit: str, allowed: RateLimit | None, bound: Any) -> LimitFinding | None:
    """Return a finding if the allowed rate is unknown or too low. The finding names the usage tier."""
    if allowed is None:
        return LimitFinding(name, f"{unit} unknown", None, bound, unit, known=False)
    if allowed.number >= bound:
        return None
    return LimitFinding(name, f"{unit} {allowed} < {bound:,}", allowed.number, bound, unit)


def _format_number(value: float | Decimal) -> str:
    return f"{value:,.10g}" if isinstance(value, float) else f"{value:,f}"


def _format_day(day: date) -> str:
    """Return the day, or only the month if the day is the first, because most sources state only the month."""
    return f"{day:%Y-%m}" if day.day == 1 else day.isoformat()


def _explain_unknown_price(label: str) -> Callable[[Candidate, Limits], str]:
    def explain(model: Candidate, limits: Limits) -> str:
        if model.prices and limits.context:
            known = f"the known price is for up to {model.host_context:,} tokens"
            return f"{label} unknown for {limits.context:,} tokens: {known}"
        return f"{label} unknown"

    return explain


def _describe_price_conditions(model: Candidate, limits: Limits) -> str:
    prices = limits.select_prices(model)
    length = f" for prompts above {prices.above:,} tokens" if prices and prices.above else ""
    return f"{length} (off-peak price)" if prices and prices.off_peak else length


def _explain_missing_estimate(model: Candidate, _: Limits) -> str:
    way = "an API" if model.is_used_through_api else "self-hosting"
    return f"you have not entered the number of weeks to launch with {way}"


_CUTOFF = NumberLimit("cutoff", "<", "knowledge cutoff", None, lambda model, _: model.cutoff, _format_day)
_GPU_MEMORY = NumberLimit(
    "gpu_memory", ">", "GPU memory", "GiB", lambda model, limits: model.compute_gpu_memory(limits.bytes_each),
    "{:.1f} GiB".format,
)  # fmt: skip
LIMIT_ASSESSORS: Mapping[str, Assessor] = MappingProxyType(
    {
        "commercial": _assess_commercial,
        "openness": _assess_openness,
        "context": NumberLimit("context", "<", "context", "tokens", lambda model, _: model.context, "{:,}".format),
        "cutoff": _assess_cutoff,
        "modalities": _assess_modalities,
        "tools": _assess_tools,
        "price": NumberLimit(
            "price", ">", "price", "US dollars per million tokens", compute_blended_price, format_dollars,
            _explain_unknown_price("price"), describe_conditions=_describe_price_conditions,
        ),
        "monthly": NumberLimit(
            "monthly", ">", "monthly cost", "US dollars per month", compute_monthly_cost, format_dollars,
            _explain_unknown_price("monthly cost"), describe_conditions=_describe_price_conditions,
        ),
        "latency": NumberLimit(
            "latency", ">", "seconds to the first token", "seconds", lambda model, _: model.latency_s, _format_number,
            unknown_text="not measured here yet",
        ),
        "speed": NumberLimit(
            "speed", "<", "tokens per second", "tokens per second", lambda model, _: model.tokens_per_s, _format_number,
            unknown_text="not measured here yet",
        ),
        "failures": NumberLimit(
            "failures", ">", "failed calls", "percent",
            lambda model, _: None if model.failure_rate is None else 100 * model.failure_rate, "{:.3g}%".format,
            unknown_text="not measured here yet",
        ),
        "rate": lambda model, limits: _assess_rate(
            "rate", "requests per minute", model.requests_per_minute, limits.rate
        ),
        "token_rate": lambda model, limits: _assess_rate(
            "token_rate", "tokens per minute", model.tokens_per_minute, limits.token_rate
        ),
        "params": NumberLimit("params", ">", "parameters", "parameters", lambda model, _: model.params, format_count),
        "gpu_memory": _assess_gpu_memory,
        "weeks": NumberLimit(
            "weeks", ">", "weeks to launch", "weeks",
            lambda model, limits: limits.api_weeks if model.is_used_through_api else limits.own_weeks, _format_number,
            _explain_missing_estimate,
        ),
    }
)  # fmt: skip
