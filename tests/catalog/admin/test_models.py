"""Models and prices in the admin."""

import re
from datetime import UTC, date, datetime

import pytest

from catalog.facts.claims import HAND_SOURCE, record_claims
from catalog.facts.fields import Claim
from catalog.models import Fact, LanguageModel, Price
from core.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/languagemodel/"
TODAY = str(datetime.now(UTC).date())
NO_PRICES = {"prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0"}


def form(**fields):
    return {"slug": "x-1", "name": "X", "status": "current", **NO_PRICES, **fields}


def test_model_is_added_with_a_price_and_both_are_logged(admin):
    price = {
        "prices-0-input": "0.15",
        "prices-0-output": "0.6",
        "prices-0-source": "list",
        "prices-0-as_of": "2026-02-03",
    }
    answer = admin.post(f"{LIST}add/", form(**price | {"prices-TOTAL_FORMS": "1"}))
    assert answer.status_code == 302
    assert Price.objects.get().model == LanguageModel.objects.get(slug="x-1")
    assert sorted((row.kind, row.what) for row in AuditEntry.objects.all()) == [
        ("added", "catalog.languagemodel"),
        ("added", "catalog.price"),
    ]
    assert AuditEntry.objects.get(what="catalog.price").after["input"] == "0.150000"


def test_fields_in_a_row_have_names(admin):
    """Includes new rows, which a script copies."""
    model = factories.model("x-1")
    Price.objects.create(model=model, input=1, output=2, source="list", as_of="2026-02-03")
    page = admin.get(f"{LIST}{model.pk}/change/").content.decode()
    for row in ("0", "__prefix__"):
        for name, label in (("input", r"Input \(\$ per million tokens\)"), ("tiers", "Tiers"), ("as_of", "Seen on")):
            assert re.search(rf'<(input|textarea)[^>]*name="prices-{row}-{name}"[^>]*aria-label="{label}"', page)
    assert re.search(r'name="prices-0-DELETE"[^>]*aria-label="Delete"', page)


@pytest.mark.parametrize("slug", ["", "X", "a/b", "a b", "ü", "../etc", ".", "..", "--", "a" * 201])
def test_slug_that_fits_no_address_is_refused(admin, slug):
    assert admin.post(f"{LIST}add/", form(slug=slug)).status_code == 200
    assert not LanguageModel.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("kind", "banana", "valid choice"),
        ("fine_tuning", "banana", "valid choice"),
        ("modalities", ["text", "smell"], "valid choice"),
        ("modalities", ['["\\u0000"]'], "valid choice"),
        ("parameters_total", "-5", "is not a whole number from 1"),
        ("head_dim", "100001", "is not a whole number from 1 to 100,000"),
        ("requests_per_minute", "fifty", "must be a whole number"),
        ("retires_on", "9999-12-31", "from 1950 to 2100"),
        ("knowledge_cutoff", "1949-12-31", "from 1950 to 2100"),
    ],
)
def test_value_that_no_fact_may_have_is_refused_at_its_field(admin, field, value, said):
    answer = admin.post(f"{LIST}add/", form(**{field: value}))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert errors.keys() == {field}
    assert said in str(errors[field])
    assert not LanguageModel.objects.exists()


CONTRARY = [
    {"parameters_active": "9", "parameters_total": "5"},
    {"max_output": "100000", "context_window": "10"},
    {"max_input": "11", "context_window": "10"},
    {"release_date": "2030-01-01", "retires_on": "2001-01-01"},
]


@pytest.mark.parametrize("fields", CONTRARY)
def test_values_that_contradict_each_other_are_refused(admin, fields):
    errors = admin.post(f"{LIST}add/", form(**fields)).context["adminform"].form.errors
    assert list(errors) == [min(fields, key=list(fields).index)]
    assert "must not be greater than" in str(errors)


def test_contradiction_of_sources_is_in_nobodys_way(admin):
    model = factories.model("x", max_output=100, context_window=10)
    said = form(name="New", max_output=100, context_window=10)
    assert admin.post(f"{LIST}{model.pk}/change/", said).status_code == 302


def test_values_are_kept_as_facts_have_them(admin):
    said = {"modalities": ["image", "text"], "kind": "chat", "fine_tuning": "api", "tokens_per_minute": "50 (tier 1)"}
    said |= {"parameters_total": "5", "parameters_active": "5", "release_date": "1966-01-01", "tools": "false"}
    assert admin.post(f"{LIST}add/", form(**said)).status_code == 302
    created = LanguageModel.objects.get()
    assert (created.modalities, created.kind, created.release_date) == (["text", "image"], "chat", date(1966, 1, 1))
    assert admin.post(f"{LIST}{created.pk}/change/", form()).status_code == 302
    created.refresh_from_db()
    assert (created.modalities, created.kind, created.release_date) == ([], "", None)


@pytest.mark.parametrize(
    ("entered", "source", "day"),
    [
        ({}, HAND_SOURCE, TODAY),
        ({"source": " https://maker.example/card ", "as_of": "2026-02-03"}, "https://maker.example/card", "2026-02-03"),
    ],
)
def test_edited_fact_has_its_own_source_and_day_and_survives_imports(admin, entered, source, day):
    """Previously, the old source stayed public until the next import."""
    model = factories.model("x", name="X")
    shipped = [Claim(field, 1000, "https://list.example", date(2026, 1, 2)) for field in ("max_output", "max_input")]
    record_claims({model.pk: shipped}, Fact.Origin.SHIPPED)

    changes = form(max_input="1000", max_output="900", tools="true", **entered)
    assert admin.post(f"{LIST}{model.pk}/change/", changes).status_code == 302

    for _ in range(2):
        facts = {fact.field: fact for fact in model.facts.filter(chosen=True)}
        assert {field: (fact.value, fact.by_hand) for field, fact in facts.items()} == {
            "max_output": (900, True), "max_input": (1000, False), "tools": (True, True),
        }  # fmt: skip
        assert {(fact.source, str(fact.as_of)) for fact in facts.values() if fact.by_hand} == {(source, day)}
        record_claims({model.pk: shipped}, Fact.Origin.SHIPPED)


def test_form_asks_for_the_source_of_changes(admin):
    page = admin.get(f"{LIST}{factories.model('x').pk}/change/").content.decode()
    assert re.search(rf'<input[^>]*name="source" value="{HAND_SOURCE}"', page)
    assert re.search(rf'<input[^>]*name="as_of" value="{TODAY}"', page)
    assert "marked “entered manually” on the public pages, with this source and day" in page


def test_license_whose_terms_are_edited_has_the_day_of_the_edit(admin):
    entry = factories.license("Strange", source="https://a.example/license", as_of=date(2026, 1, 2))
    fields = {"name": entry.name, "slug": entry.slug, "source": entry.source, "as_of": "2026-01-02"}
    unchanged = {"commercial": "unknown", "derivatives": "unknown", "research_only": "unknown"}
    page = f"/admin/catalog/license/{entry.pk}/change/"
    for changes, expected in (({}, ("2026-01-02", False)), ({"commercial": "no"}, (TODAY, True))):
        assert admin.post(page, fields | unchanged | changes).status_code == 302
        entry.refresh_from_db()
        assert (str(entry.as_of), entry.by_hand, entry.source) == (*expected, "https://a.example/license")


def test_model_is_not_made_from_itself(admin):
    model = factories.model("x")
    answer = admin.post(f"{LIST}{model.pk}/change/", form(base_model=model.pk))
    assert "A model cannot be its own base model." in answer.content.decode()
    base = factories.model("base")
    assert admin.post(f"{LIST}{model.pk}/change/", form(base_model=base.pk)).status_code == 302


def test_slug_stays(admin):
    model = factories.model("x-1", name="Old")
    assert admin.post(f"{LIST}{model.pk}/change/", form(slug="y", name="New")).status_code == 302
    model.refresh_from_db()
    assert (model.slug, model.name) == ("x-1", "New")
    assert AuditEntry.objects.get().before == {"name": "Old"}


def test_model_is_retired_and_never_deleted(admin):
    """Facts, votes, and scores refer to the model, so deleting it would fail."""
    model = factories.model("x-1")
    page = admin.get(f"{LIST}{model.pk}/change/").content.decode()
    assert f"{LIST}{model.pk}/delete/" not in page
    assert "Models cannot be deleted. Set the status to retired instead." in page
    assert "delete_selected" not in admin.get(LIST).content.decode()
    assert admin.post(f"{LIST}{model.pk}/delete/", {"post": "yes"}).status_code == 403
    assert LanguageModel.objects.filter(pk=model.pk).exists()
    assert not AuditEntry.objects.exists()


def test_price_can_be_deleted(admin):
    model = factories.model("x-1")
    price = Price.objects.create(model=model, input=1, output=2, source="a", as_of=date(2026, 1, 2))
    row = {"id": price.pk, "input": 1, "output": 2, "source": "a", "as_of": "2026-01-02", "DELETE": "on"}
    said = form() | {f"prices-0-{name}": value for name, value in row.items()}
    said |= {"prices-TOTAL_FORMS": "1", "prices-INITIAL_FORMS": "1"}
    assert admin.post(f"{LIST}{model.pk}/change/", said).status_code == 302
    assert not Price.objects.exists()
