"""Survivors and exclusions, on a worked example and for whatever is asked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, builds, dates, decimals, floats, integers, just, lists, none, sampled_from

from catalog.calculators.cost_model import TYPICAL_USE, ApiPrices, MonthlyUse
from ratings.choice.limits import LIMIT_ASSESSORS, Candidate, Limits
from ratings.choice.shortlist import build_shortlist


def priced(amount):
    return ApiPrices(Decimal(amount), Decimal(amount))


def candidate(slug, tier, rating, commercial, weights, context, price, tokens_per_s=None):
    facts = {"commercial": commercial, "open_weights": weights, "context": context, "tokens_per_s": tokens_per_s}
    return Candidate(slug, slug.title(), tier, rating, prices=priced(price) if price else None, **facts)


MODELS = [
    candidate("top", 1, 1500.0, "no", True, 256_000, "0.2", 90.0),
    candidate("small", 2, 1300.0, "yes", True, 128_000, "0.1", 200.0),
    candidate("dear", 1, 1490.0, "yes", False, 1_000_000, "5", 60.0),
    candidate("old", 3, 1100.0, "yes", True, 8_000, "1"),
    candidate("good", 1, 1480.0, "conditional", True, 200_000, "1.5"),
    candidate("fast", 2, 1310.0, "yes", False, 200_000, "0.4", 300.0),
    candidate("slow", 2, 1310.0, "yes", False, 200_000, "0.4", 30.0),
    candidate("unpriced", 1, 1470.0, "yes", None, 400_000, None),
    candidate("unrated", None, None, "yes", None, 400_000, "0.01"),
]
CODING = Limits(commercial=True, context=200_000, price=Decimal(2))


def slugs(judged):
    return [each.candidate.slug for each in judged]


def words(judged):
    return {each.candidate.slug: [finding.words for finding in each.failures] for each in judged}


def test_survivors_come_by_tier_price_and_speed():
    found = build_shortlist(MODELS, CODING)
    assert slugs(found.survivors) == ["good", "fast", "slow", "unrated"]
    assert slugs(found.undecided) == ["unpriced"]


def test_first_tier_is_missing_if_the_limits_exclude_all_of_it():
    assert not build_shortlist(MODELS, CODING).lacks_first_tier
    assert build_shortlist(MODELS, replace(CODING, price=Decimal(1))).lacks_first_tier
    assert not build_shortlist(MODELS[-1:], Limits()).lacks_first_tier  # no tiers at all


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("tier", ["top", "good", "dear", "unpriced", "small", "fast", "slow", "old", "unrated"]),
        ("price", ["unrated", "small", "top", "fast", "slow", "old", "good", "dear", "unpriced"]),
        ("rating", ["top", "dear", "good", "unpriced", "fast", "slow", "small", "old", "unrated"]),
    ],
)
def test_survivors_come_in_the_order_that_is_asked_for(sort, expected):
    assert slugs(build_shortlist(MODELS, Limits(), sort).survivors) == expected


def test_cheapest_of_all_survivors_is_named_whatever_its_rating():
    assert build_shortlist(MODELS, Limits()).lowest_price.candidate.slug == "unrated"
    alike = [replace(MODELS[1], slug="a", rating=1200.0), replace(MODELS[1], slug="b")]
    assert build_shortlist(alike, Limits()).lowest_price.candidate.slug == "b"
    assert build_shortlist([MODELS[7]], Limits()).lowest_price is None


def test_ratings_decide_between_models_of_which_neither_price_nor_speed_is_known():
    alike = [Candidate(slug, slug, 1, rating) for slug, rating in (("a", None), ("b", 1200.0), ("c", 1300.0))]
    assert slugs(build_shortlist(alike, Limits()).survivors) == ["c", "b", "a"]


def test_every_other_model_is_excluded_with_all_its_reasons():
    found = build_shortlist(MODELS, CODING)
    assert words(found.excluded) == {
        "top": ["commercial use not allowed"],
        "dear": ["price $5.00 > $2.00"],
        "small": ["context 128,000 < 200,000"],
        "old": ["context 8,000 < 200,000"],
    }
    stricter = build_shortlist(MODELS, replace(CODING, openness="open", price=Decimal("0.5")))
    assert words(stricter.excluded)["dear"] == ["weights closed, not open", "price $5.00 > $0.50"]
    assert slugs(stricter.excluded)[-2:] == ["dear", "old"]


def test_near_misses_fail_one_limit_alone():
    found = build_shortlist(MODELS, replace(CODING, price=Decimal("0.5")))
    assert slugs(found.near_misses) == ["top", "good", "dear", "small"]
    assert slugs(found.excluded) == ["top", "good", "dear", "small", "old"]


def test_nearest_fail_least_and_by_least():
    found = build_shortlist(MODELS, replace(CODING, price=Decimal("0.001")))
    assert (slugs(found.undecided), found.unknown_limits) == (["unpriced"], ("price",))
    assert slugs(found.nearest) == ["unrated", "fast", "slow"]
    assert build_shortlist(MODELS, Limits()).nearest == ()


def test_fewer_unknown_values_count_more_than_a_shorter_distance():
    """Otherwise a model about which little is known comes before one that surely fails only one limit."""
    models = [
        Candidate("closed", "Closed", open_weights=False),
        Candidate("far", "Far", open_weights=True, context=200_000),
        Candidate("close", "Close", context=1_000_000),
    ]
    found = build_shortlist(models, Limits(context=10_000_000, openness="open"))
    assert slugs(found.nearest) == ["far", "close", "closed"]


def test_limit_that_costs_most_is_the_one_without_which_most_are_left():
    found = build_shortlist(MODELS, CODING)
    assert found.gained == {"commercial": 1, "context": 2, "price": 2}  # a price too high, and one that is unknown
    assert found.costliest == "context"
    assert build_shortlist(MODELS, Limits()).costliest is None
    both = build_shortlist([MODELS[3]], Limits(openness="closed", context=10_000))
    assert (both.gained, both.costliest) == ({"openness": 0, "context": 0}, None)


def test_unknown_values_leave_a_model_undecided_unless_it_fails_another_limit():
    [undecided] = build_shortlist(MODELS, CODING).undecided
    assert [finding.words for finding in undecided.unknown] == ["price unknown"]
    assert undecided.failures == ()

    found = build_shortlist(MODELS, replace(CODING, context=10**6))
    assert words(found.excluded)["unpriced"] == ["context 400,000 < 1,000,000"]
    assert found.undecided == ()


def test_conditions_of_a_licence_are_marked():
    assert [each.candidate.slug for each in build_shortlist(MODELS, CODING).survivors if each.conditional] == ["good"]


def test_nobody_to_choose_from_is_no_error():
    found = build_shortlist([], CODING)
    assert (found.survivors, found.undecided, found.excluded, found.gained) == ((), (), (), {})
    assert (found.costliest, found.nearest) == (None, ())


maybe = lambda known: none() | known  # noqa: E731
candidate = builds(
    Candidate,
    slug=integers(0, 999).map("m{}".format),
    name=just("M"),
    tier=maybe(integers(1, 4)),
    commercial=maybe(sampled_from(["yes", "conditional", "no"])),
    open_weights=maybe(booleans()),
    params=maybe(integers(1, 10**12)),
    context=maybe(integers(1, 10**6)),
    cutoff=maybe(dates(date(2022, 1, 1), date(2026, 1, 1))),
    web_search=maybe(booleans()),
    modalities=maybe(sampled_from([frozenset({"text"}), frozenset({"text", "image"})])),
    tools=maybe(booleans()),
    prices=maybe(builds(ApiPrices, decimals(0, 20, places=2), decimals(0, 99, places=2))),
    latency_s=maybe(floats(0, 10)),
    tokens_per_s=maybe(floats(0, 500)),
)
candidates = lists(candidate, max_size=12, unique_by=lambda each: each.slug)
limits = builds(
    Limits,
    commercial=booleans(),
    openness=sampled_from(["", "open", "closed"]),
    context=maybe(integers(1, 10**6)),
    cutoff=maybe(dates(date(2022, 1, 1), date(2026, 1, 1))),
    search_instead=booleans(),
    modalities=sampled_from([frozenset(), frozenset({"image"})]),
    tools=booleans(),
    price=maybe(decimals(0, 30, places=2)),
    latency=maybe(floats(0, 10)),
    gpu_memory=maybe(decimals(0, 200, places=1)),
)


@given(candidates, limits, integers(0, 10**6))
def test_each_model_is_in_one_group_with_its_reasons_and_in_its_place(models, to, more):
    found = build_shortlist(models, to)
    assert build_shortlist(models[::-1], to) == found
    groups = (*found.survivors, *found.undecided, *found.excluded)
    assert sorted(slugs(groups)) == sorted(model.slug for model in models)
    assert not any(each.findings for each in found.survivors)
    assert all(each.unknown and not each.failures for each in found.undecided)
    assert all(each.failures for each in found.excluded)
    for each in groups:
        assert all(finding.words and finding.limit in to.names for finding in each.findings)
        assert all(finding.known and finding.bound is not None for finding in each.failures)
        assert all(finding.value is None and not finding.known for finding in each.unknown)

    tiers = [each.candidate.tier or 99 for each in found.survivors]
    assert tiers == sorted(tiers)
    same = [(a, b) for a, b in pairwise(found.survivors) if a.candidate.tier == b.candidate.tier]
    assert all(b.price is None or (a.price is not None and a.price <= b.price) for a, b in same)
    fewest = [len(each.failures) for each in found.excluded[:3]]
    assert sorted(len(each.failures) for each in found.nearest) == fewest

    for name in LIMIT_ASSESSORS:  # what dropping a limit brings
        without = replace(to, **{name: getattr(Limits(), name)})
        gained = len(build_shortlist(models, without).survivors) - len(found.survivors)
        assert found.gained.get(name, 0) == gained
    alone = [each for each in (*found.undecided, *found.excluded) if len(each.findings) == 1]
    assert (found.costliest is None) == (not alone)
    harder = replace(to, context=(to.context or 0) + more)
    assert set(slugs(build_shortlist(models, harder).survivors)) <= set(slugs(found.survivors))


@pytest.mark.parametrize(("use", "monthly"), [(TYPICAL_USE, None), (MonthlyUse(10**6, 10**6), 3)])
def test_judged_carries_what_it_costs(use, monthly):
    found = build_shortlist(MODELS, replace(CODING, use=use))
    good = next(each for each in found.survivors if each.candidate.slug == "good")
    assert (good.price, good.monthly) == (Decimal("1.5"), monthly)
