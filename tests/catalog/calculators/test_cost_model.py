"""The total cost of an API and of self-hosting, and their break-even point."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis.strategies import decimals, integers

from catalog.calculators.cost_model import (
    ApiPrices,
    BreakEven,
    CostOption,
    GpuFleet,
    MonthlyUse,
    build_api_option,
    build_own_option,
    find_break_even,
)

USE = MonthlyUse(100_000_000, 20_000_000)
PRICES = ApiPrices(Decimal("2.5"), Decimal(10))
TWO_GPUS = GpuFleet(replicas=1, per_replica=2, price_per_hour=Decimal("2.5"))
dollars = decimals("0.01", 10**4, places=2)


def costs(monthly, once=0):
    return CostOption({"tokens": Decimal(monthly)}, {"build": Decimal(once)}, Decimal(0))


def test_options_meet_where_the_tokens_cost_as_much_as_the_gpus():
    api, own = build_api_option(USE, PRICES), build_own_option(TWO_GPUS)
    assert (api.monthly_total, own.monthly_total) == (450, 3650)
    assert find_break_even(USE, PRICES, api, own, months=12) == BreakEven(973_333_334, None, None)


@pytest.mark.parametrize(
    ("use", "prices", "expected"),
    [
        (replace(USE, cached=Decimal("0.5")), replace(PRICES, cached=Decimal("0.25")), "337.5"),
        (replace(USE, cached=Decimal("0.5")), PRICES, "450"),
        (replace(USE, cached=Decimal(1)), replace(PRICES, cached=Decimal(0)), "200"),
        (USE, replace(PRICES, cached=Decimal("0.25")), "450"),
        (USE, replace(PRICES, seats=10, price_per_seat=Decimal(25)), "700"),
        (MonthlyUse(0, 0), replace(PRICES, seats=3, price_per_seat=Decimal(20)), "60"),
    ],
)
def test_api_knows_caches_and_seats(use, prices, expected):
    assert build_api_option(use, prices).monthly_total == Decimal(expected)


def test_bills_name_what_is_paid_and_nothing_else():
    gpus = replace(TWO_GPUS, operations_hours=Decimal(20), operations_rate=Decimal(80))
    option = build_own_option(gpus, Decimal(6), Decimal(5000), tuning_hours=Decimal(100), data_cost=Decimal(700))
    assert option.monthly == {"gpus": 3650, "operations": 1600}
    assert option.one_time == {"build": 30_000, "tuning": 250, "data": 700}
    assert option.compute_total(12) == 30_950 + 12 * 5250
    assert [*build_own_option(TWO_GPUS).monthly] == ["gpus"]
    assert build_own_option(TWO_GPUS).one_time == {}


def test_tuning_takes_time_before_the_launch():
    assert build_own_option(TWO_GPUS, Decimal(4), tuning_hours=Decimal(336)).weeks == 5
    assert build_api_option(USE, PRICES, Decimal(2)).weeks == 2


@pytest.mark.parametrize(
    ("api", "own", "month"),
    [
        (costs(100), costs(50, once=500), 10),
        (costs(100), costs(50, once=501), 11),
        (costs(100), costs(100), 1),
        (costs(100), costs(100, once=1), None),
        (costs(100), costs(200, once=1), None),
        (costs(100, once=500), costs(50), 1),
        (costs(100, once=500), costs(200), 1),
    ],
)
def test_own_has_cost_no_more_by_the_end_of_a_month(api, own, month):
    assert find_break_even(USE, PRICES, api, own, months=12).month == month
    if month is not None:
        assert own.compute_total(month) <= api.compute_total(month)


@pytest.mark.parametrize(
    ("use", "prices"),
    [(MonthlyUse(0, 0), PRICES), (USE, ApiPrices(Decimal(0), Decimal(0), seats=5, price_per_seat=Decimal(10)))],
)
def test_no_tokens_make_the_two_meet_where_tokens_cost_nothing(use, prices):
    api, own = build_api_option(use, prices), build_own_option(TWO_GPUS)
    assert find_break_even(use, prices, api, own, 12, Decimal(100)) == BreakEven(None, None, None)


@pytest.mark.parametrize(("tokens_per_s", "possible"), [(None, None), ("61.72", False), ("61.73", True)])
def test_meeting_may_take_more_than_the_replicas_can_write(tokens_per_s, possible):
    """162.2 million of the 973.3 million tokens are output, in 730 hours."""
    speed = tokens_per_s and Decimal(tokens_per_s)
    api, own = build_api_option(USE, PRICES), build_own_option(TWO_GPUS)
    assert find_break_even(USE, PRICES, api, own, 12, speed).possible is possible


def test_seats_that_cost_more_than_the_gpus_leave_no_tokens_to_wait_for():
    prices = replace(PRICES, seats=1000, price_per_seat=Decimal(30))
    break_even = find_break_even(USE, prices, build_api_option(USE, prices), build_own_option(TWO_GPUS), months=12)
    assert (break_even.tokens, break_even.month) == (0, 1)


@given(integers(1, 10**10), integers(1, 10**10), dollars, dollars, dollars, integers(1, 60), integers(0, 52))
def test_both_cost_the_same_at_the_break_even(read, written, price_in, price_out, hour, months, weeks):
    use, prices = MonthlyUse(read, written), ApiPrices(price_in, price_out)
    own = build_own_option(GpuFleet(2, 2, hour), Decimal(weeks), Decimal(1000))
    tokens = find_break_even(use, prices, build_api_option(use, prices), own, months).tokens
    assume(tokens)
    share = Decimal(tokens) / use.tokens
    api_total = months * share * prices.compute_token_cost(use)
    assert api_total == pytest.approx(
        own.compute_total(months), rel=Decimal("1e-6"), abs=prices.compute_token_cost(use) / use.tokens * months
    )


@given(integers(0, 10**10), integers(0, 10**10), dollars, dollars)
def test_twice_the_tokens_cost_twice(read, written, price_in, price_out):
    prices = ApiPrices(price_in, price_out)
    assert prices.compute_token_cost(MonthlyUse(2 * read, 2 * written)) == 2 * prices.compute_token_cost(
        MonthlyUse(read, written)
    )


@given(integers(1, 10**10), decimals(0, 1, places=2), decimals(0, 1, places=2))
def test_a_fuller_cache_never_costs_more(read, one, other):
    prices = ApiPrices(Decimal(3), Decimal(15), cached=Decimal("0.3"))
    low, high = sorted((one, other))
    assert prices.compute_token_cost(MonthlyUse(read, 0, high)) <= prices.compute_token_cost(MonthlyUse(read, 0, low))
