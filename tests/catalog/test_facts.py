"""Claims, the one that is believed, what was set by hand, and conflicts."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from catalog.fact_fields import Claim
from catalog.facts import BY_HAND, Conflict, adopt, conflicts, free_slug, record, settle
from catalog.models import Fact, License, Organization, Price
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 2)
SHIPPED, MODELS_DEV, HAND = Fact.Origin.SHIPPED, Fact.Origin.MODELS_DEV, Fact.Origin.HAND


def claim(field, value, source="https://a.example", as_of=DAY):
    return Claim(field, value, source, as_of)


def told(model):
    model.refresh_from_db()
    return model


def chosen(model):
    return {fact.field: (fact.value, fact.origin) for fact in model.facts.filter(chosen=True)}


def test_claims_reach_the_columns():
    model = factories.model("x")
    record(
        {
            model.pk: [
                claim("organization", "Maker"),
                claim("license", "MIT"),
                claim("open_weights", True),
                claim("release_date", "2024-05"),
                claim("context_window", 8192),
                claim("modalities", ["text", "image"]),
            ]
        },
        SHIPPED,
    )
    told(model)
    assert (model.organization.name, model.license.name, model.open_weights) == ("Maker", "MIT", True)
    assert (model.release_date, model.context_window, model.modalities) == (date(2024, 5, 1), 8192, ["text", "image"])
    assert model.facts.get(field="release_date").value == "2024-05"
    assert model.facts.filter(chosen=True).count() == 6


def test_known_organizations_and_licenses_are_used_again():
    maker, licensed = factories.organization("Maker"), factories.license("MIT")
    model = factories.model("x")
    record({model.pk: [claim("organization", "Maker"), claim("license", "MIT")]}, SHIPPED)
    assert (told(model).organization, model.license) == (maker, licensed)
    assert (Organization.objects.count(), License.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("claims", "value"),
    [
        ([(SHIPPED, 1), (MODELS_DEV, 2)], 1),
        ([(MODELS_DEV, 2), (SHIPPED, 1)], 1),
        ([(MODELS_DEV, 2)], 2),
    ],
)
def test_what_is_shipped_is_believed_before_models_dev(claims, value):
    model = factories.model("x")
    for origin, number in claims:
        record({model.pk: [claim("context_window", number)]}, origin)
    assert told(model).context_window == value
    assert model.facts.count() == len(claims)


def test_first_claim_of_a_source_is_believed():
    model = factories.model("x")
    record({model.pk: [claim("context_window", 5, "a"), claim("context_window", 6, "b")]}, SHIPPED)
    assert told(model).context_window == 5


def test_second_import_of_a_source_replaces_its_claims():
    model = factories.model("x")
    record({model.pk: [claim("context_window", 5), claim("tools", True)]}, MODELS_DEV)
    record({model.pk: [claim("context_window", 6)]}, MODELS_DEV)
    assert (told(model).context_window, model.tools) == (6, None)
    assert chosen(model) == {"context_window": (6, "models-dev")}


def test_a_claim_that_its_source_withdraws_gives_way_to_another_source():
    model = factories.model("x")
    record({model.pk: [claim("context_window", 5)]}, MODELS_DEV)
    record({model.pk: [claim("context_window", 4), claim("license", "MIT")]}, SHIPPED)
    record({model.pk: []}, SHIPPED)
    assert (told(model).context_window, model.license) == (5, None)
    assert chosen(model) == {"context_window": (5, "models-dev")}


def test_importing_the_same_twice_changes_nothing():
    model = factories.model("x")
    for _ in range(2):
        record({model.pk: [claim("context_window", 5), claim("license", "MIT")]}, SHIPPED)
    assert chosen(model) == {"context_window": (5, "shipped"), "license": ("MIT", "shipped")}
    assert model.facts.count() == 2


@pytest.mark.parametrize(
    ("field", "hand", "claimed"),
    [
        ("context_window", 4096, 8192),
        ("open_weights", False, True),
        ("release_date", date(2024, 1, 1), "2024-05"),
        ("kind", "merge", "chat"),
        ("modalities", ["text"], ["text", "image"]),
    ],
)
def test_values_set_by_hand_are_never_overwritten(field, hand, claimed):
    model = factories.model("x", **{field: hand})
    for origin in (SHIPPED, MODELS_DEV, SHIPPED):
        record({model.pk: [claim(field, claimed)]}, origin)
        assert getattr(told(model), field) == hand
    fact = model.facts.get(chosen=True)
    assert (fact.field, fact.origin, fact.source) == (field, "hand", BY_HAND)
    assert [conflict.field for conflict in conflicts()] == [field]


def test_without_keeping_what_was_set_by_hand_it_would_be_overwritten():
    model = factories.model("x", context_window=4096)
    Fact.objects.create(model=model, field="context_window", value=8192, origin=SHIPPED, source="a", as_of=DAY)
    settle([model.pk])
    assert told(model).context_window == 8192


def test_a_value_that_was_corrected_by_hand_after_an_import_stays():
    model = factories.model("x")
    record({model.pk: [claim("license", "MIT")]}, SHIPPED)
    told(model).license = factories.license("Apache-2.0")
    model.save()
    record({model.pk: [claim("license", "MIT")]}, SHIPPED)
    assert told(model).license.name == "Apache-2.0"


def test_a_value_that_was_emptied_by_hand_stays_empty():
    model = factories.model("x")
    record({model.pk: [claim("tools", True)]}, SHIPPED)
    told(model).tools = None
    model.save()
    record({model.pk: [claim("tools", True)]}, SHIPPED)
    assert told(model).tools is None
    assert chosen(model) == {"tools": (None, "hand")}


def test_second_change_by_hand_replaces_the_first():
    model = factories.model("x", context_window=1)
    adopt([model.pk])
    settle([model.pk])
    told(model).context_window = 2
    model.save()
    adopt([model.pk])
    settle([model.pk])
    assert told(model).context_window == 2
    assert [fact.value for fact in model.facts.all()] == [2]


def test_newest_fact_by_hand_is_believed():
    model = factories.model("x")
    for day, value in ((1, 10), (3, 30), (2, 20)):
        Fact.objects.create(
            model=model, field="max_input", value=value, origin=HAND, source=f"memo {day}", as_of=date(2026, 1, day)
        )
    settle([model.pk])
    assert told(model).max_input == 30


def test_only_one_fact_of_a_field_can_be_chosen():
    model = factories.model("x")
    fields = {"model": model, "field": "tools", "value": True, "as_of": DAY, "chosen": True}
    Fact.objects.create(source="a", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Fact.objects.create(source="b", **fields)


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
    model = factories.model("x")
    record({model.pk: [claim(field, value, f"s{number}") for number, value in enumerate(values)]}, SHIPPED)
    assert conflicts() == ([Conflict("x", field, values[0], ((values[1], "s1"),))] if found else [])


def test_conflicts_of_prices_compare_the_newest_of_each_source():
    model = factories.model("x")
    for source, day, amount in (("a", 1, 5), ("a", 2, 3), ("b", 2, 3), ("c", 1, 4)):
        Price.objects.create(
            model=model, input=amount, output=amount, source=source, as_of=date(2026, 1, day), by_hand=False
        )
    [conflict] = conflicts()
    assert (conflict.model, conflict.field) == ("x", "price")
    assert [Decimal(text.split("/")[0]) for text, _ in conflict.others] == [4]


def test_conflicts_take_the_same_number_of_queries_for_many_models(django_assert_num_queries):
    for number in range(12):
        model = factories.model(f"m{number:02}")
        record({model.pk: [claim("tools", True, "a"), claim("tools", False, "b")]}, SHIPPED)
        if number in (0, 11):
            with django_assert_num_queries(2):
                assert len(conflicts()) == number + 1


def test_free_slug_finds_one():
    factories.organization("a b")
    assert [free_slug(Organization, name) for name in ("A B", "ab", "漢字")] == ["a-b-2", "ab", "unnamed"]
