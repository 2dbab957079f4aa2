"""Conflicts between sources, and the choice of one."""

from datetime import date

import pytest

from catalog.facts.claims import record_claims, set_hand_fact
from catalog.facts.conflicts import accept_fact, accept_price, find_conflicts
from catalog.facts.fields import Claim
from catalog.models import Fact, Price
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 2)
SHIPPED = Fact.Origin.SHIPPED


def disagree(model, field="tools", values=(True, False)):
    claims = [Claim(field, value, f"s{number}", DAY) for number, value in enumerate(values)]
    record_claims({model.pk: claims}, SHIPPED)


def price(model, source, amount, day=1, **fields):
    required = {"input": amount, "output": amount, "source": source, "as_of": date(2026, 1, day)}
    return Price.objects.create(model=model, **required, **{"by_hand": False, **fields})


@pytest.mark.parametrize(
    ("field", "values", "found"),
    [
        ("context_window", [1, 2], True),
        ("context_window", [1, 1], False),
        ("release_date", ["2025-03-20", "2025-05-20"], True),
        ("release_date", ["2025-03", "2025-03-20"], False),
        ("release_date", ["2025-03-20", "2025-03"], False),
        ("license", ["MIT", "Apache-2.0"], True),
    ],
)
def test_conflicts_are_what_sources_say_differently(field, values, found):
    disagree(factories.model("x"), field, values)
    conflicts = find_conflicts()
    chosen = [(conflict.model.slug, conflict.field, conflict.chosen.value, conflict.decided) for conflict in conflicts]
    assert chosen == ([("x", field, values[0], False)] if found else [])
    assert [(claim.value, claim.source) for conflict in conflicts for claim in conflict.others] == (
        [(values[1], "s1")] if found else []
    )


def test_conflicts_of_prices_compare_the_newest_of_each_source():
    model = factories.model("x")
    for source, day, amount in (("a", 1, 5), ("a", 2, 3), ("b", 2, 3), ("c", 1, 4)):
        price(model, source, amount, day)
    [conflict] = find_conflicts()
    assert (conflict.model, conflict.field) == (model, "price")
    assert [claim.input for claim in conflict.others] == [4]


def test_conflicts_take_the_same_number_of_queries_for_many_models(django_assert_num_queries):
    for number, all_of_them in ((10, 10), (50, 60)):
        claims = [Claim("tools", value, str(value), DAY) for value in (True, False)]
        record_claims({model.pk: claims for model in factories.models(number)}, SHIPPED)
        with django_assert_num_queries(2):
            assert len(find_conflicts()) == all_of_them


def test_what_is_taken_holds_and_is_decided():
    model = factories.model("x")
    disagree(model)
    disagree(factories.model("y"))
    [first, second] = find_conflicts()
    taken = accept_fact(first.others[0].pk)
    model.refresh_from_db()
    assert (model.tools, taken.origin, taken.source, taken.as_of) == (False, "hand", "s1", DAY)
    assert [(conflict.model.slug, conflict.decided) for conflict in find_conflicts()] == [("y", False), ("x", True)]
    record_claims({model.pk: [Claim("tools", True, "s2", DAY)]}, SHIPPED)
    model.refresh_from_db()
    assert model.tools is False
    assert second.model.slug == "y"


def test_one_may_change_ones_mind():
    model = factories.model("x")
    disagree(model)
    for _ in range(3):
        before = Fact.objects.get(model=model, chosen=True).value
        accept_fact(find_conflicts()[0].others[0].pk)
        model.refresh_from_db()
        assert model.tools is not before


def test_fact_set_by_hand_that_says_something_new_is_a_decided_conflict():
    model = factories.model("x")
    disagree(model, "context_window", (1, 2))
    set_hand_fact(model.pk, "context_window", 3, "memo")
    [conflict] = find_conflicts()
    assert (conflict.chosen.value, conflict.decided, len(conflict.others)) == (3, True, 2)


def test_price_that_is_taken_goes_before_newer_ones_and_those_by_hand():
    model = factories.model("x")
    old, hand = price(model, "a", 1), price(model, "memo", 3, 3, by_hand=True)
    price(model, "b", 2, 2)
    accept_price(old.pk)
    hand.refresh_from_db()
    [conflict] = find_conflicts()
    assert (conflict.chosen.pk, conflict.decided, hand.by_hand) == (old.pk, True, False)


@pytest.mark.parametrize(("take", "kind"), [(accept_fact, Fact), (accept_price, Price)])
def test_what_is_gone_cannot_be_taken(take, kind):
    with pytest.raises(kind.DoesNotExist):
        take(1)
