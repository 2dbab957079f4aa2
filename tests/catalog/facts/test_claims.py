"""Claims, the choice between them, and values set by hand."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from catalog.facts.claims import (
    HAND_SOURCE,
    adopt_column_values,
    choose_facts,
    pick_free_slug,
    record_claims,
    record_edits,
    set_hand_fact,
)
from catalog.facts.conflicts import find_conflicts
from catalog.facts.fields import Claim
from catalog.models import Fact, License, Organization
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 2)
SHIPPED, LISTED, HAND = Fact.Origin.SHIPPED, Fact.Origin.LISTED, Fact.Origin.HAND


def claim(field, value, source="https://a.example", as_of=DAY):
    return Claim(field, value, source, as_of)


def reload(model):
    model.refresh_from_db()
    return model


def chosen(model):
    return {fact.field: (fact.value, fact.origin) for fact in model.facts.filter(chosen=True)}


def test_claims_reach_the_columns():
    model = factories.model("x")
    record_claims(
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
    reload(model)
    assert (model.organization.name, model.license.name, model.open_weights) == ("Maker", "MIT", True)
    assert (model.release_date, model.context_window, model.modalities) == (date(2024, 5, 1), 8192, ["text", "image"])
    assert model.facts.get(field="release_date").value == "2024-05"
    assert model.facts.filter(chosen=True).count() == 6


def test_known_organizations_and_licenses_are_used_again():
    maker, licensed = factories.organization("Maker"), factories.license("MIT")
    model = factories.model("x")
    record_claims({model.pk: [claim("organization", "Maker"), claim("license", "MIT")]}, SHIPPED)
    assert (reload(model).organization, model.license) == (maker, licensed)
    assert (Organization.objects.count(), License.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("claims", "value"),
    [
        ([(SHIPPED, 1), (LISTED, 2)], 1),
        ([(LISTED, 2), (SHIPPED, 1)], 1),
        ([(LISTED, 2)], 2),
    ],
)
def test_what_is_shipped_is_believed_before_what_packages_list(claims, value):
    model = factories.model("x")
    for origin, number in claims:
        record_claims({model.pk: [claim("context_window", number)]}, origin)
    assert reload(model).context_window == value
    assert model.facts.count() == len(claims)


def test_first_claim_of_a_source_is_believed():
    model = factories.model("x")
    record_claims({model.pk: [claim("context_window", 5, "a"), claim("context_window", 6, "b")]}, SHIPPED)
    assert reload(model).context_window == 5


def test_second_import_of_a_source_replaces_its_claims():
    model = factories.model("x")
    record_claims({model.pk: [claim("context_window", 5), claim("tools", True)]}, LISTED)
    record_claims({model.pk: [claim("context_window", 6)]}, LISTED)
    assert (reload(model).context_window, model.tools) == (6, None)
    assert chosen(model) == {"context_window": (6, "listed")}


def test_a_claim_that_its_source_withdraws_gives_way_to_another_source():
    model = factories.model("x")
    record_claims({model.pk: [claim("context_window", 5)]}, LISTED)
    record_claims({model.pk: [claim("context_window", 4), claim("license", "MIT")]}, SHIPPED)
    record_claims({model.pk: []}, SHIPPED)
    assert (reload(model).context_window, model.license) == (5, None)
    assert chosen(model) == {"context_window": (5, "listed")}


def test_importing_the_same_twice_changes_nothing():
    model = factories.model("x")
    for _ in range(2):
        record_claims({model.pk: [claim("context_window", 5), claim("license", "MIT")]}, SHIPPED)
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
    for origin in (SHIPPED, LISTED, SHIPPED):
        record_claims({model.pk: [claim(field, claimed)]}, origin)
        assert getattr(reload(model), field) == hand
    fact = model.facts.get(chosen=True)
    assert (fact.field, fact.origin, fact.source) == (field, "hand", HAND_SOURCE)
    assert [conflict.field for conflict in find_conflicts()] == [field]


def test_a_value_that_was_corrected_by_hand_after_an_import_stays():
    model = factories.model("x")
    record_claims({model.pk: [claim("license", "MIT")]}, SHIPPED)
    reload(model).license = factories.license("Apache-2.0")
    model.save()
    record_claims({model.pk: [claim("license", "MIT")]}, SHIPPED)
    assert reload(model).license.name == "Apache-2.0"


def test_a_value_that_was_emptied_by_hand_stays_empty():
    model = factories.model("x")
    record_claims({model.pk: [claim("tools", True)]}, SHIPPED)
    reload(model).tools = None
    model.save()
    record_claims({model.pk: [claim("tools", True)]}, SHIPPED)
    assert reload(model).tools is None
    assert chosen(model) == {"tools": (None, "hand")}


def test_second_change_by_hand_replaces_the_first():
    model = factories.model("x", context_window=1)
    adopt_column_values([model.pk])
    choose_facts([model.pk])
    reload(model).context_window = 2
    model.save()
    adopt_column_values([model.pk])
    choose_facts([model.pk])
    assert reload(model).context_window == 2
    assert [fact.value for fact in model.facts.all()] == [2]


@pytest.mark.parametrize(("source", "as_of"), [(HAND_SOURCE, None), ("https://maker.example", date(2020, 1, 1))])
def test_edit_has_its_own_source_and_day_and_goes_before_earlier_ones(source, as_of):
    model = factories.model("x")
    record_claims({model.pk: [claim("max_input", 1), claim("tools", True)]}, SHIPPED)
    set_hand_fact(model.pk, "max_input", 2, "memo")
    reload(model).max_input = 3
    model.save()
    record_edits(model.pk, source, as_of)
    record_claims({model.pk: [claim("max_input", 4), claim("tools", True)]}, SHIPPED)
    assert reload(model).max_input == 3
    edited, tools = (model.facts.get(field=field, chosen=True) for field in ("max_input", "tools"))
    assert (edited.source, edited.as_of, edited.by_hand) == (source, as_of or now().date(), True)
    assert (tools.source, tools.as_of, tools.by_hand) == ("https://a.example", DAY, False)
    assert model.facts.count() == 3


def test_fact_set_by_hand_has_the_day_on_which_it_was_seen():
    model = factories.model("x")
    assert set_hand_fact(model.pk, "max_input", 1, "memo").as_of == now().date()
    assert set_hand_fact(model.pk, "max_input", 2, "memo", DAY).as_of == DAY
    assert reload(model).max_input == 2


def test_newest_fact_by_hand_is_believed():
    model = factories.model("x")
    for day, value in ((1, 10), (3, 30), (2, 20)):
        Fact.objects.create(
            model=model, field="max_input", value=value, origin=HAND, source=f"memo {day}", as_of=date(2026, 1, day)
        )
    choose_facts([model.pk])
    assert reload(model).max_input == 30


def test_only_one_fact_of_a_field_can_be_chosen():
    model = factories.model("x")
    fields = {"model": model, "field": "tools", "value": True, "as_of": DAY, "chosen": True}
    Fact.objects.create(source="a", **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Fact.objects.create(source="b", **fields)


def test_fact_set_by_hand_goes_before_all_others_and_stays():
    model = factories.model("x")
    record_claims({model.pk: [claim("context_window", 1000, "a"), claim("tools", True, "a")]}, SHIPPED)
    set_hand_fact(model.pk, "context_window", "2000", " https://maker.example/x ")
    record_claims({model.pk: [claim("context_window", 3000, "b")]}, SHIPPED)
    assert reload(model).context_window == 2000
    [fact] = model.facts.filter(origin=HAND)
    assert (fact.value, fact.source, fact.chosen) == (2000, "https://maker.example/x", True)


@pytest.mark.parametrize("values", [(1, 2), (2, 1), (1, 2, 1)])
def test_last_of_several_set_by_hand_on_one_day_holds(values):
    model = factories.model("x")
    for number, value in enumerate(values):
        set_hand_fact(model.pk, "max_input", value, f"memo {number}")
    assert reload(model).max_input == values[-1]
    assert [fact.value for fact in model.facts.all()] == [values[-1]]


@pytest.mark.parametrize(
    ("field", "value", "source", "why"),
    [
        ("size", 1, "memo", "'size' is not a field"),
        ("max_input", "many", "memo", "max_input is not a number"),
        ("max_input", 1, " ", "source must be"),
        ("max_input", 1, "a\x00b", "source must be"),
        ("max_input", 1, "x" * 501, "source must be"),
    ],
)
def test_fact_by_hand_that_is_none_changes_nothing(field, value, source, why):
    model = factories.model("x")
    with pytest.raises(ValueError, match=why):
        set_hand_fact(model.pk, field, value, source)
    assert not Fact.objects.exists()


def test_free_slug_finds_one():
    factories.organization("a b")
    assert [pick_free_slug(Organization, name) for name in ("A B", "ab", "漢字")] == ["a-b-2", "ab", "unnamed"]
