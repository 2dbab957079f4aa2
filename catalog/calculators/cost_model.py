"""Cost model for using an API (priced by tokens and seats) or self-hosting, including one-time costs.

Amounts are US dollars as exact decimals. Tokens and dollars are per month unless stated otherwise.

This module does not use Django.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from catalog.calculators.gpu_needs import HOURS_PER_MONTH, HOURS_PER_WEEK, SECONDS_PER_HOUR, round_up

if TYPE_CHECKING:
    from catalog.models import Price

MILLION = Decimal(10**6)
ZERO = Decimal(0)


@dataclass(frozen=True)
class MonthlyUse:
    """Tokens per month. `cached` is the share of input tokens, from 0 to 1, that the provider reads from its cache."""

    input_tokens: int
    output_tokens: int
    cached: Decimal = ZERO

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class PriceTier:
    """Prices per million tokens for prompts of more than `above` tokens."""

    above: int
    input: Decimal
    output: Decimal


@dataclass(frozen=True)
class ApiPrices:
    """Prices of an API in US dollars.

    `input`, `output`, and `cached` are per million tokens, and `price_per_seat` is per month. `seats` is the number of
    seats.

    The prices apply to prompts of more than `above` tokens. `tiers` contains the prices for even longer prompts, sorted
    by prompt length. If `off_peak` is True, all prices apply to off-peak hours only.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    seats: int = 0
    price_per_seat: Decimal = ZERO
    above: int = 0
    tiers: tuple[PriceTier, ...] = ()
    off_peak: bool = False

    def for_prompt(self, tokens: int) -> "ApiPrices":
        """Return the prices for prompts of this length. Tiers have no price for cached input."""
        exceeded_tiers = [tier for tier in self.tiers if tier.above < tokens]
        if not exceeded_tiers:
            return self
        tier = exceeded_tiers[-1]
        longer_tiers = self.tiers[len(exceeded_tiers) :]
        return replace(self, input=tier.input, output=tier.output, cached=None, above=tier.above, tiers=longer_tiers)

    def compute_token_cost(self, use: MonthlyUse) -> Decimal:
        """Return the monthly cost of all tokens. If cached input has no price, the input price applies to it."""
        cached_price = self.input if self.cached is None else self.cached
        input_cost = use.input_tokens * ((1 - use.cached) * self.input + use.cached * cached_price)
        return (input_cost + use.output_tokens * self.output) / MILLION

    @property
    def seat_cost(self) -> Decimal:
        """The monthly cost of all seats."""
        return self.seats * self.price_per_seat


def build_api_prices(price: "Price") -> ApiPrices:
    """Return a catalog price as `ApiPrices`, with the tiers for long prompts sorted by prompt length."""
    tiers = [
        PriceTier(tier["above"], Decimal(str(tier["input"])), Decimal(str(tier["output"]))) for tier in price.tiers
    ]
    return ApiPrices(
        price.input,
        price.output,
        price.cached_input,
        tiers=tuple(sorted(tiers, key=lambda tier: tier.above)),
        off_peak=price.is_off_peak,
    )


# Most public price comparisons use a 3:1 ratio of input to output tokens.
TYPICAL_USE = MonthlyUse(3_000_000, 1_000_000)


def blend_price(price_input: Decimal, price_output: Decimal) -> Decimal:
    """Return the price per million tokens at a 3:1 ratio of input to output. Both prices are per million tokens."""
    return ApiPrices(price_input, price_output).compute_token_cost(TYPICAL_USE) * MILLION / TYPICAL_USE.tokens


@dataclass(frozen=True)
class CostOption:
    """The cost of one option in dollars: per month, once before the launch, and the weeks until the launch.

    `monthly` and `one_time` are keyed by item (see `cost_text`). Items that cost nothing are omitted.
    """

    monthly: Mapping[str, Decimal]
    one_time: Mapping[str, Decimal]
    weeks: Decimal
    gpus: "GpuFleet | None" = None

    @property
    def monthly_total(self) -> Decimal:
        return sum(self.monthly.values(), ZERO)

    @property
    def one_time_total(self) -> Decimal:
        return sum(self.one_time.values(), ZERO)

    def compute_total(self, months: int) -> Decimal:
        """Return the total cost over this number of months, including one-time costs."""
        return self.one_time_total + months * self.monthly_total


@dataclass(frozen=True)
class GpuFleet:
    """Self-hosted GPUs.

    `price_per_hour` is the price of one GPU-hour. `operations_hours` is the number of hours of operations work per
    month, and `operations_rate` is the cost of one such hour.
    """

    replicas: int
    per_replica: int
    price_per_hour: Decimal
    operations_hours: Decimal = ZERO
    operations_rate: Decimal = ZERO

    @property
    def gpu_count(self) -> int:
        return self.replicas * self.per_replica

    @property
    def monthly_cost(self) -> Decimal:
        return self.gpu_count * self.price_per_hour * HOURS_PER_MONTH


def build_api_option(
    use: MonthlyUse, prices: ApiPrices, weeks: Decimal = ZERO, cost_per_week: Decimal = ZERO
) -> CostOption:
    """Return the cost of using an API. The work before the launch takes `weeks`."""
    monthly = {"tokens": prices.compute_token_cost(use), "seats": prices.seat_cost}
    return CostOption(_drop_free(monthly), _drop_free({"build": weeks * cost_per_week}), weeks)


def build_own_option(
    gpus: GpuFleet,
    weeks: Decimal = ZERO,
    cost_per_week: Decimal = ZERO,
    tuning_hours: Decimal = ZERO,
    data_cost: Decimal = ZERO,
) -> CostOption:
    """Return the cost of self-hosting. The work before the launch takes `weeks`, and fine-tuning comes after it.

    `tuning_hours` is the number of GPU-hours for fine-tuning on the same GPUs. `data_cost` is the cost of the training
    data.
    """
    monthly = {"gpus": gpus.monthly_cost, "operations": gpus.operations_hours * gpus.operations_rate}
    one_time = {"build": weeks * cost_per_week, "tuning": tuning_hours * gpus.price_per_hour, "data": data_cost}
    launch_weeks = weeks + tuning_hours / gpus.gpu_count / HOURS_PER_WEEK
    return CostOption(_drop_free(monthly), _drop_free(one_time), launch_weeks, gpus)


def _drop_free(costs: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: dollars for name, dollars in costs.items() if dollars}


@dataclass(frozen=True)
class BreakEven:
    """The point at which self-hosting becomes cheaper than the API.

    `tokens` is the number of tokens per month at which both options cost the same over the compared months, with the
    current ratio of input, output, and cached tokens. It is None if there are no tokens or the API's tokens are free.

    `possible` is True if the planned replicas can generate the output tokens in `tokens`. It is None if `tokens` is
    None or the speed of the replicas is unknown.

    `month` is the first month in which self-hosting costs no more in total than the API, or None if there is no such
    month.
    """

    tokens: int | None
    possible: bool | None
    month: int | None


def find_break_even(
    use: MonthlyUse,
    prices: ApiPrices,
    api: CostOption,
    own: CostOption,
    months: int,
    tokens_per_s: Decimal | None = None,
) -> BreakEven:
    """Find the break-even point. Its `tokens` depend on `months`, the number of months compared.

    `tokens_per_s` is the combined speed of all replicas, if known.
    """
    token_cost = prices.compute_token_cost(use)
    tokens = None
    if token_cost:
        fixed_cost = own.monthly_total + (own.one_time_total - api.one_time_total) / months - prices.seat_cost
        tokens = round_up(max(ZERO, fixed_cost) * use.tokens / token_cost)
    return BreakEven(tokens, _is_reachable(use, tokens, tokens_per_s), _find_break_even_month(api, own))


def _is_reachable(use: MonthlyUse, tokens: int | None, tokens_per_s: Decimal | None) -> bool | None:
    if tokens is None or tokens_per_s is None:
        return None
    output_tokens = Decimal(tokens) * use.output_tokens / use.tokens
    return output_tokens <= tokens_per_s * SECONDS_PER_HOUR * HOURS_PER_MONTH


def _find_break_even_month(api: CostOption, own: CostOption) -> int | None:
    monthly_savings = api.monthly_total - own.monthly_total
    extra_one_time = own.one_time_total - api.one_time_total
    if extra_one_time <= monthly_savings:
        return 1
    return round_up(extra_one_time / monthly_savings) if monthly_savings > 0 else None
