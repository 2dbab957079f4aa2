"""The picks of a shortlist."""

from decimal import Decimal

import pytest

from catalog.calculators.cost_model import ApiPrices
from ratings.choice.limits import Candidate, Limits
from ratings.choice.picks import build_picks
from ratings.choice.shortlist import build_shortlist


def rated(slug, rating, tier=1, price=None, half=10, **known):
    prices = None if price is None else ApiPrices(Decimal(price), Decimal(price))
    return Candidate(slug, slug, tier, rating, prices=prices, ci_low=rating - half, ci_high=rating + half, **known)


def picked(*candidates):
    picks = build_picks(build_shortlist(candidates, Limits()).survivors)
    return tuple(found and found.candidate.slug for found in (picks.best, picks.cheapest, picks.best_open))


BEST = rated("best", 1500.0, price=9, open_weights=False)
CASES = {
    "the best is all": ([BEST], ("best", "best", None)),
    "of its tier": (
        [BEST, rated("good", 1490.0, price=2), rated("poor", 1300.0, tier=2, price=1)],
        ("best", "good", None),
    ),
    # Tiers do not matter. Their leader can be a model that the limits exclude.
    "of another tier": ([BEST, rated("good", 1490.0, tier=2, price=2)], ("best", "good", None)),
    "significantly lower within its tier": ([BEST, rated("poor", 1485.0, price=1)], ("best", "best", None)),
    "of a difference that is not significant": (
        [BEST, rated("good", 1486.0, tier=2, price=2), rated("poor", 1485.0, tier=2, price=1)],
        ("best", "good", None),
    ),
    "cheapest is the best": ([BEST, rated("dear", 1490.0, price=10)], ("best", "best", None)),
    "no price": ([rated("a", 1500.0), rated("b", 1490.0)], ("a", None, None)),
    "open": (
        [BEST, rated("second", 1200.0, tier=3, open_weights=True), rated("first", 1300.0, tier=2, open_weights=True)],
        ("best", "best", "first"),
    ),
    "openness unknown": ([BEST, rated("mystery", 1400.0, tier=2)], ("best", "best", None)),
    "open end": (
        [BEST, Candidate("odd", "Odd", 2, 1490.0, prices=ApiPrices(Decimal(1), Decimal(1)), ci_low=1000.0)],
        ("best", "best", None),
    ),
    # Without a tier, a rating is not comparable or has too few votes.
    "no tier": ([BEST, rated("new", 1900.0, tier=None, price=1)], ("best", "best", None)),
}


@pytest.mark.parametrize(("candidates", "expected"), CASES.values(), ids=CASES)
def test_picks_are_the_best_the_cheapest_as_good_and_the_best_open_one(candidates, expected):
    assert picked(*candidates) == expected
    assert picked(*candidates[::-1]) == expected


@pytest.mark.parametrize("candidates", [[], [Candidate("a", "A")], [Candidate("a", "A", None, 1500.0)]])
def test_nothing_is_picked_without_a_tier(candidates):
    assert build_picks(build_shortlist(candidates, Limits()).survivors) is None


@pytest.mark.parametrize(
    ("candidates", "second", "lead", "is_lower"),
    [
        ([BEST], None, None, None),
        ([BEST, rated("near", 1487.0, tier=2), rated("far", 1400.0, tier=3)], "near", 13, False),
        # The intervals overlap, but the difference of 17 is more than its margin of 14.1.
        ([BEST, rated("near", 1483.0, tier=2)], "near", 17, True),
        # The page shows 1,500 and 1,483, so the difference of 17.8 is 17 there.
        ([rated("best", 1500.4, price=9), rated("near", 1482.6, tier=2)], "near", 17, True),
        ([rated("best", 1540.4, price=9), rated("near", 1538.5)], "near", 1, False),
        ([BEST, rated("far", 1400.4, tier=3)], "far", 100, True),
        ([BEST, Candidate("odd", "Odd", 2, 1450.0, ci_low=1000.0)], "odd", 50, False),
        ([BEST, rated("new", 1900.0, tier=None)], None, None, None),
    ],
)
def test_second_is_compared_with_the_best(candidates, second, lead, is_lower):
    picks = build_picks(build_shortlist(candidates, Limits()).survivors)
    assert (picks.second and picks.second.candidate.slug, picks.lead, picks.second_is_lower) == (second, lead, is_lower)


def test_ties_in_price_are_named():
    shortlist = build_shortlist(
        [BEST, rated("one", 1495.0, price=2), rated("two", 1493.0, price=2), rated("dear", 1494.0, price=3)], Limits()
    )
    picks = build_picks(shortlist.survivors)
    assert (picks.cheapest.candidate.slug, [tie.candidate.slug for tie in picks.equally_cheap]) == ("one", ["two"])
    assert (picks.similar_count, [tie.candidate.slug for tie in shortlist.equally_cheap]) == (3, ["two"])


OPEN = rated("open", 1400.0, tier=3, open_weights=True)
HIGHEST, SECOND = "Highest rated", "Runner-up"
CHEAPEST, BEST_OPEN = "Best value", "Open weights"


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([BEST], [([HIGHEST], "best")]),
        ([BEST, rated("near", 1495.0, price=2)], [([HIGHEST], "best"), ([CHEAPEST, SECOND], "near")]),
        ([BEST, rated("far", 1400.0, tier=3), OPEN], [([HIGHEST], "best"), ([BEST_OPEN], "open"), ([SECOND], "far")]),
        (
            [BEST, rated("next", 1499.0), rated("low", 1495.0, price=2), OPEN],
            [([HIGHEST], "best"), ([CHEAPEST], "low"), ([BEST_OPEN], "open")],
        ),
    ],
)
def test_at_most_three_models_are_suggested_each_once(candidates, expected):
    picks = build_picks(build_shortlist(candidates, Limits()).survivors)
    assert [(labels, model.candidate.slug) for labels, model in picks.labeled] == expected


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([BEST], [(HIGHEST, "best")]),
        ([BEST, rated("near", 1495.0, price=2), OPEN], [(CHEAPEST, "near"), (HIGHEST, "best")]),
        ([BEST, rated("far", 1400.0, tier=3, price=1), OPEN], [(HIGHEST, "best"), (BEST_OPEN, "open")]),
        ([rated("free", 1500.0, open_weights=True), OPEN], [(HIGHEST, "free")]),
    ],
)
def test_card_of_a_task_begins_with_the_best_value_unless_it_has_the_highest_rating(candidates, expected):
    picks = build_picks(build_shortlist(candidates, Limits()).survivors)
    assert [(label, model.candidate.slug) for label, model in picks.highlights] == expected
