"""Each limit: what meets it, what does not and in which words and what is unknown."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from catalog.calculators.cost_model import ApiPrices, MonthlyUse, PriceTier
from catalog.facts.fields import RateLimit
from ratings.choice.limits import (
    LIMIT_ASSESSORS,
    Candidate,
    LimitFinding,
    Limits,
    compute_blended_price,
    compute_monthly_cost,
    list_findings,
)

GPT = ApiPrices(Decimal("2.5"), Decimal(10))
TIERED = ApiPrices(Decimal("0.1"), Decimal("0.5"), tiers=(PriceTier(100_000, Decimal("0.5"), Decimal("2.5")),))


def found(limits, **known):
    return list_findings(Candidate("m", "M", **known), Limits(**limits))


@pytest.mark.parametrize(
    ("limits", "known", "words"),
    [
        ({"openness": "closed"}, {"open_weights": True}, "weights open, not closed"),
        ({"cutoff": date(2025, 1, 1)}, {"cutoff": date(2024, 12, 31)}, "knowledge cutoff 2024-12-31 < 2025-01"),
        (
            {"cutoff": date(2026, 2, 1)},
            {"cutoff": date(2026, 1, 1), "web_search": True},
            "knowledge cutoff 2026-01 < 2026-02",
        ),
        (
            {"cutoff": date(2026, 2, 1), "search_instead": True},
            {"cutoff": date(2026, 1, 1), "web_search": False},
            "knowledge cutoff 2026-01 < 2026-02",
        ),
        ({"cutoff": date(2026, 2, 1)}, {"released": date(2023, 9, 27)}, "released 2023-09-27, before 2026-02"),
        ({"modalities": {"text", "image", "audio"}}, {"modalities": {"text"}}, "does not accept audio or images"),
        ({"price": Decimal(2)}, {"prices": GPT}, "price $4.38 > $2.00"),
        (
            {"price": Decimal("0.5"), "context": 180_000},
            {"prices": TIERED, "context": 10**6},
            "price $1.00 > $0.50 for prompts above 100,000 tokens",
        ),
        (
            {"price": Decimal("0.1")},
            {"prices": replace(TIERED, off_peak=True)},
            "price $0.20 > $0.10 (off-peak price)",
        ),
        ({"price": Decimal("4.37")}, {"prices": ApiPrices(Decimal("4.371"), Decimal("4.371"))}, "price 4.371 > 4.37"),
        ({"failures": Decimal(1)}, {"failure_rate": 0.0325}, "failed calls 3.25% > 1%"),
        ({"rate": 1000}, {"requests_per_minute": RateLimit(60, "")}, "requests per minute 60 < 1,000"),
        ({"params": 4 * 10**9}, {"params": 7_240_000_000}, "parameters 7.24B > 4B"),
        ({"params": 4 * 10**9}, {"params": 4_001_000_000}, "parameters 4,001,000,000 > 4,000,000,000"),
        ({"gpu_memory": Decimal(16)}, {"params": 8_030_000_000}, "GPU memory 17.9 GiB > 16.0 GiB"),
        ({"weeks": Decimal(4), "own_weeks": Decimal("6.5")}, {}, "weeks to launch 6.5 > 4"),
    ],
)
def test_limit_that_is_not_met_is_told_with_both_values(limits, known, words):
    [name] = [name for name in limits if name in LIMIT_ASSESSORS and name != "context"] or ["context"]
    [finding] = found(limits, **known)
    assert (finding.limit, finding.words, finding.known) == (name, words, True)


@pytest.mark.parametrize(
    ("value", "bound", "distance"),
    [
        (Decimal(2), 1, 0.693),
        (100, 200, 0.693),
        (date(2025, 1, 1), date(2026, 1, 1), 1.0),
        (0, 5, 1.0),
        (5, 0, 1.0),
        (False, True, 1.0),
        ("no", "yes", 1.0),
        (None, 16, 1.0),
    ],
)
def test_distance_grows_with_the_difference(value, bound, distance):
    assert LimitFinding("any", "words", value, bound).distance == pytest.approx(distance, abs=0.001)


@pytest.mark.parametrize(
    ("limits", "known"),
    [
        ({"commercial": True}, {"commercial": "yes"}),
        ({"commercial": True}, {"commercial": "conditional"}),
        ({"openness": "open"}, {"open_weights": True}),
        ({"openness": "closed"}, {"open_weights": False}),
        ({"context": 128_000}, {"context": 128_000}),
        ({"cutoff": date(2025, 1, 1)}, {"cutoff": date(2025, 1, 1)}),
        ({"cutoff": date(2025, 1, 1), "search_instead": True}, {"cutoff": date(2023, 1, 1), "web_search": True}),
        ({"cutoff": date(2025, 1, 1), "search_instead": True}, {"web_search": True}),
        ({"modalities": {"text", "image"}}, {"modalities": {"text", "image", "audio"}}),
        ({"tools": True}, {"tools": True}),
        ({"price": Decimal("4.375")}, {"prices": GPT}),
        ({"monthly": Decimal(450), "use": MonthlyUse(10**8, 2 * 10**7)}, {"prices": GPT}),
        ({"latency": 0.5}, {"latency_s": 0.5}),
        ({"speed": 40.0}, {"tokens_per_s": 40.0}),
        ({"failures": Decimal(1)}, {"failure_rate": 0.01}),
        ({"failures": Decimal(0)}, {"failure_rate": 0.0}),
        ({"rate": 60}, {"requests_per_minute": RateLimit(60, "tier 1")}),
        ({"token_rate": 30_000}, {"tokens_per_minute": RateLimit(30_000, "tier 1")}),
        ({"params": 4 * 10**9}, {"params": 4 * 10**9}),
        ({"gpu_memory": Decimal(16), "bytes_each": Decimal("0.5")}, {"params": 8_030_000_000, "open_weights": True}),
        ({"weeks": Decimal(4), "own_weeks": Decimal(4)}, {}),
        ({}, {"commercial": "no", "context": 1, "tools": False}),
    ],
)
def test_limit_that_is_met_finds_nothing(limits, known):
    assert found(limits, **known) == []


ALL = Limits(
    commercial=True,
    openness="open",
    context=1,
    cutoff=date(2025, 1, 1),
    modalities=frozenset({"text"}),
    tools=True,
    price=Decimal(1),
    monthly=Decimal(1),
    latency=1.0,
    speed=1.0,
    failures=1.0,
    rate=1,
    token_rate=1,
    params=1,
    gpu_memory=Decimal(1),
    weeks=Decimal(1),
)


def test_everything_may_be_unknown():
    unknown = list_findings(Candidate("m", "M"), ALL)
    assert [finding.limit for finding in unknown] == list(LIMIT_ASSESSORS)
    assert all(not finding.known for finding in unknown)
    words = {finding.limit: finding.words for finding in unknown}
    assert words.pop("weeks") == "you have not entered the number of weeks to launch with self-hosting"
    assert words.pop("openness") == "unknown whether the weights are open"
    measured = [words.pop(limit) for limit in ("latency", "speed", "failures")]
    assert all(text.endswith("not measured here yet") for text in measured)
    assert all(text.endswith("unknown") for text in words.values())


def test_no_limit_is_asked_for_at_first():
    assert Limits().names == ()
    assert ALL.names == tuple(LIMIT_ASSESSORS)
    assert Limits(price=Decimal(0)).names == ("price",)


@pytest.mark.parametrize(
    ("use", "blend", "month"),
    [
        (MonthlyUse(3, 1), "4.375", "0.0000175"),
        (MonthlyUse(10**8, 2 * 10**7), "3.75", "450"),
        (MonthlyUse(10**6, 0, Decimal(1)), "2.5", "2.5"),
    ],
)
def test_price_is_that_of_the_mix(use, blend, month):
    candidate = Candidate("m", "M", prices=GPT)
    limits = Limits(use=use)
    assert (compute_blended_price(candidate, limits), compute_monthly_cost(candidate, limits)) == (
        Decimal(blend),
        Decimal(month),
    )


def test_model_that_came_out_after_the_required_cutoff_might_meet_it():
    [finding] = list_findings(Candidate("m", "M", released=date(2026, 5, 1)), Limits(cutoff=date(2026, 2, 1)))
    assert not finding.known


def test_price_of_nothing_is_unknown():
    assert compute_blended_price(Candidate("m", "M", prices=GPT), Limits(use=MonthlyUse(0, 0))) is None
    assert compute_blended_price(Candidate("m", "M"), Limits(use=MonthlyUse(3, 1))) is None
    assert compute_monthly_cost(Candidate("m", "M"), Limits(use=MonthlyUse(3, 1))) is None


@pytest.mark.parametrize(("context", "price"), [(None, 4.375), (300_000, 4.375), (400_000, None)])
def test_price_of_a_host_is_for_the_context_of_the_host(context, price):
    hosted = Candidate("m", "M", prices=GPT, context=10**7, host_context=327_680)
    limits = Limits(context=context, price=Decimal(9))
    found_price = compute_blended_price(hosted, limits)
    assert (found_price and float(found_price)) == price
    [words] = [finding.words for finding in list_findings(hosted, limits)] or [None]
    unknown = "price unknown for 400,000 tokens: the known price is for up to 327,680 tokens"
    assert words == (None if price else unknown)


@pytest.mark.parametrize(("known", "way"), [({"prices": GPT}, "an API"), ({"open_weights": True}, "self-hosting")])
def test_missing_weeks_are_those_of_the_visitor(known, way):
    [finding] = found({"weeks": Decimal(4)}, **known)
    assert (finding.known, finding.words) == (False, f"you have not entered the number of weeks to launch with {way}")
