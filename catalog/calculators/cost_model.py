"""What a model costs in all: an API by tokens and seats, or one's own GPUs, with what is paid once. Pure.

US dollars as exact decimals; tokens and dollars are of a month unless something else is said.
"""

from dataclasses import dataclass
from decimal import Decimal

from catalog.calculators.hosting import HOURS_A_MONTH, HOURS_A_WEEK, SECONDS_AN_HOUR, up

MILLION = Decimal(10**6)
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Use:
    """Tokens a month; `cached` is the share of the input that the provider has in its cache."""

    input_tokens: int
    output_tokens: int
    cached: Decimal = NOTHING

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class Prices:
    """Dollars for a million tokens, and for a seat."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    seats: int = 0
    seat: Decimal = NOTHING

    def of(self, use: Use) -> Decimal:
        """All tokens of a month; what is cached costs as much as the rest where no price of its own is given."""
        cached = self.input if self.cached is None else self.cached
        read = use.input_tokens * ((1 - use.cached) * self.input + use.cached * cached)
        return (read + use.output_tokens * self.output) / MILLION

    @property
    def of_seats(self) -> Decimal:
        return self.seats * self.seat


# Three tokens read for one written, as in most public price comparisons.
USUAL = Use(3_000_000, 1_000_000)


def blended(price_input: Decimal, price_output: Decimal) -> Decimal:
    """Dollars for a million tokens in the usual mix."""
    return Prices(price_input, price_output).of(USUAL) * MILLION / USUAL.tokens


@dataclass(frozen=True)
class Item:
    """One line of a bill; `name` is a key that pages and programs put into words."""

    name: str
    dollars: Decimal


@dataclass(frozen=True)
class Build:
    """Weeks until launch, and what one of them costs: everybody who works on it."""

    weeks: Decimal = NOTHING
    week: Decimal = NOTHING

    @property
    def dollars(self) -> Decimal:
        return self.weeks * self.week


@dataclass(frozen=True)
class Option:
    """One way to have a model: what it costs each month, what it costs once, and when it can be used."""

    monthly: tuple[Item, ...]
    once: tuple[Item, ...]
    weeks: Decimal

    @property
    def each_month(self) -> Decimal:
        return sum((item.dollars for item in self.monthly), NOTHING)

    @property
    def at_once(self) -> Decimal:
        return sum((item.dollars for item in self.once), NOTHING)

    def total(self, months: int) -> Decimal:
        return self.at_once + months * self.each_month


@dataclass(frozen=True)
class Gpus:
    """The machines: how many, for how much an hour each, and the people who keep them running."""

    replicas: int
    per_replica: int
    hour: Decimal
    operations_hours: Decimal = NOTHING
    operations_rate: Decimal = NOTHING

    @property
    def number(self) -> int:
        return self.replicas * self.per_replica

    @property
    def each_month(self) -> Decimal:
        return self.number * self.hour * HOURS_A_MONTH


def api(use: Use, prices: Prices, build: Build) -> Option:
    monthly = (Item("tokens", prices.of(use)), Item("seats", prices.of_seats))
    return Option(_charged(monthly), _charged((Item("build", build.dollars),)), build.weeks)


def own(gpus: Gpus, build: Build, tuning_hours: Decimal = NOTHING, data: Decimal = NOTHING) -> Option:
    """Tuning runs on the same GPUs, before anybody may use the model."""
    monthly = (Item("gpus", gpus.each_month), Item("operations", gpus.operations_hours * gpus.operations_rate))
    once = (Item("build", build.dollars), Item("tuning", tuning_hours * gpus.hour), Item("data", data))
    return Option(_charged(monthly), _charged(once), build.weeks + tuning_hours / gpus.number / HOURS_A_WEEK)


def _charged(items: tuple[Item, ...]) -> tuple[Item, ...]:
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


def break_even(
    use: Use, prices: Prices, of_api: Option, of_own: Option, months: int, tokens_per_s: Decimal | None = None
) -> BreakEven:
    """`tokens_per_s` is what all replicas together are planned to write."""
    by_tokens = prices.of(use)
    tokens = None
    if by_tokens:
        fixed = of_own.each_month + (of_own.at_once - of_api.at_once) / months - prices.of_seats
        tokens = up(max(NOTHING, fixed) * use.tokens / by_tokens)
    return BreakEven(tokens, _possible(use, tokens, tokens_per_s), _month(of_api, of_own))


def _possible(use: Use, tokens: int | None, tokens_per_s: Decimal | None) -> bool | None:
    if tokens is None or tokens_per_s is None:
        return None
    return Decimal(tokens) * use.output_tokens / use.tokens <= tokens_per_s * SECONDS_AN_HOUR * HOURS_A_MONTH


def _month(of_api: Option, of_own: Option) -> int | None:
    saved, ahead = of_api.each_month - of_own.each_month, of_own.at_once - of_api.at_once
    if ahead <= saved:
        return 1
    return up(ahead / saved) if saved > 0 else None
