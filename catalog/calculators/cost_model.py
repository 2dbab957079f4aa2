"""What a model costs in all: an API by tokens and seats, or one's own GPUs, with what is paid once. Pure.

US dollars as exact decimals; tokens and dollars are of a month unless something else is said.
"""

from dataclasses import dataclass
from decimal import Decimal

from catalog.calculators.hosting import HOURS_PER_MONTH, HOURS_PER_WEEK, SECONDS_PER_HOUR, round_up

MILLION = Decimal(10**6)
ZERO = Decimal(0)


@dataclass(frozen=True)
class MonthlyUse:
    """Tokens a month; `cached` is the share of the input that the provider has in its cache."""

    input_tokens: int
    output_tokens: int
    cached: Decimal = ZERO

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class ApiPrices:
    """Dollars for a million tokens, and for a seat."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    seats: int = 0
    seat: Decimal = ZERO

    def of(self, use: MonthlyUse) -> Decimal:
        """All tokens of a month; what is cached costs as much as the rest where no price of its own is given."""
        cached = self.input if self.cached is None else self.cached
        read = use.input_tokens * ((1 - use.cached) * self.input + use.cached * cached)
        return (read + use.output_tokens * self.output) / MILLION

    @property
    def of_seats(self) -> Decimal:
        return self.seats * self.seat


# Three tokens read for one written, as in most public price comparisons.
TYPICAL_USE = MonthlyUse(3_000_000, 1_000_000)


def blend_price(price_input: Decimal, price_output: Decimal) -> Decimal:
    """Dollars for a million tokens in the usual mix."""
    return ApiPrices(price_input, price_output).of(TYPICAL_USE) * MILLION / TYPICAL_USE.tokens


@dataclass(frozen=True)
class CostItem:
    """One line of a bill; `name` is a key that pages and programs put into words."""

    name: str
    dollars: Decimal


@dataclass(frozen=True)
class LaunchWork:
    """Weeks until launch, and what one of them costs: everybody who works on it."""

    weeks: Decimal = ZERO
    week: Decimal = ZERO

    @property
    def dollars(self) -> Decimal:
        return self.weeks * self.week


@dataclass(frozen=True)
class CostOption:
    """One way to have a model: what it costs each month, what it costs once, and when it can be used."""

    monthly: tuple[CostItem, ...]
    once: tuple[CostItem, ...]
    weeks: Decimal

    @property
    def each_month(self) -> Decimal:
        return sum((item.dollars for item in self.monthly), ZERO)

    @property
    def at_once(self) -> Decimal:
        return sum((item.dollars for item in self.once), ZERO)

    def total(self, months: int) -> Decimal:
        return self.at_once + months * self.each_month


@dataclass(frozen=True)
class GpuFleet:
    """The machines: how many, for how much an hour each, and the people who keep them running."""

    replicas: int
    per_replica: int
    hour: Decimal
    operations_hours: Decimal = ZERO
    operations_rate: Decimal = ZERO

    @property
    def number(self) -> int:
        return self.replicas * self.per_replica

    @property
    def each_month(self) -> Decimal:
        return self.number * self.hour * HOURS_PER_MONTH


def build_api_option(use: MonthlyUse, prices: ApiPrices, build: LaunchWork) -> CostOption:
    monthly = (CostItem("tokens", prices.of(use)), CostItem("seats", prices.of_seats))
    return CostOption(_drop_free_items(monthly), _drop_free_items((CostItem("build", build.dollars),)), build.weeks)


def build_own_option(
    gpus: GpuFleet, build: LaunchWork, tuning_hours: Decimal = ZERO, data: Decimal = ZERO
) -> CostOption:
    """Tuning runs on the same GPUs, before anybody may use the model."""
    monthly = (CostItem("gpus", gpus.each_month), CostItem("operations", gpus.operations_hours * gpus.operations_rate))
    once = (CostItem("build", build.dollars), CostItem("tuning", tuning_hours * gpus.hour), CostItem("data", data))
    return CostOption(
        _drop_free_items(monthly), _drop_free_items(once), build.weeks + tuning_hours / gpus.number / HOURS_PER_WEEK
    )


def _drop_free_items(items: tuple[CostItem, ...]) -> tuple[CostItem, ...]:
    return tuple(item for item in items if item.dollars)


@dataclass(frozen=True)
class BreakEven:
    """Where one's own GPUs become cheaper than the API.

    tokens    a month, in the same mix of input, output and cache as now, at which both cost the same over the horizon;
              None without tokens whose mix could be known, or if tokens are free
    possible  whether the planned replicas can write that many; None if their speed is not known
    month     the first month by whose end one's own has cost no more in all, at the tokens as they are; None if never
    """

    tokens: int | None
    possible: bool | None
    month: int | None


def find_break_even(
    use: MonthlyUse,
    prices: ApiPrices,
    of_api: CostOption,
    of_own: CostOption,
    months: int,
    tokens_per_s: Decimal | None = None,
) -> BreakEven:
    """`tokens_per_s` is what all replicas together are planned to write."""
    by_tokens = prices.of(use)
    tokens = None
    if by_tokens:
        fixed = of_own.each_month + (of_own.at_once - of_api.at_once) / months - prices.of_seats
        tokens = round_up(max(ZERO, fixed) * use.tokens / by_tokens)
    return BreakEven(tokens, _is_reachable(use, tokens, tokens_per_s), _find_month(of_api, of_own))


def _is_reachable(use: MonthlyUse, tokens: int | None, tokens_per_s: Decimal | None) -> bool | None:
    if tokens is None or tokens_per_s is None:
        return None
    return Decimal(tokens) * use.output_tokens / use.tokens <= tokens_per_s * SECONDS_PER_HOUR * HOURS_PER_MONTH


def _find_month(of_api: CostOption, of_own: CostOption) -> int | None:
    saved, ahead = of_api.each_month - of_own.each_month, of_own.at_once - of_api.at_once
    if ahead <= saved:
        return 1
    return round_up(ahead / saved) if saved > 0 else None
