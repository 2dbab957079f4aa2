"""Models and prices in the admin."""

import re

import pytest

from catalog.models import LanguageModel, Price
from config.models import Change
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/languagemodel/"
NO_PRICES = {"prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0"}


def form(**fields):
    return {"slug": "x-1", "name": "X", "status": "current", "modalities": "[]", **NO_PRICES, **fields}


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
    assert sorted((row.kind, row.what) for row in Change.objects.all()) == [
        ("added", "catalog.languagemodel"),
        ("added", "catalog.price"),
    ]
    assert Change.objects.get(what="catalog.price").after["input"] == "0.150000"


def test_fields_in_a_row_have_names(admin):
    """Those of a new row too, which a script copies."""
    model = factories.model("x-1")
    Price.objects.create(model=model, input=1, output=2, source="list", as_of="2026-02-03")
    page = admin.get(f"{LIST}{model.pk}/change/").content.decode()
    for row in ("0", "__prefix__"):
        for name, label in (("input", "Input"), ("tiers", "Tiers"), ("as_of", "As of")):
            assert re.search(rf'<(input|textarea)[^>]*name="prices-{row}-{name}"[^>]*aria-label="{label}"', page)
    assert re.search(r'name="prices-0-DELETE"[^>]*aria-label="Delete"', page)


@pytest.mark.parametrize("slug", ["", "X", "a/b", "a b", "ü", "../etc", "a" * 201])
def test_slug_that_fits_no_address_is_refused(admin, slug):
    assert admin.post(f"{LIST}add/", form(slug=slug)).status_code == 200
    assert not LanguageModel.objects.exists()
    assert not Change.objects.exists()


def test_slug_stays(admin):
    model = factories.model("x-1", name="Old")
    assert admin.post(f"{LIST}{model.pk}/change/", form(slug="y", name="New")).status_code == 302
    model.refresh_from_db()
    assert (model.slug, model.name) == ("x-1", "New")
    assert Change.objects.get().before == {"name": "Old"}


def test_model_with_votes_cannot_be_deleted(admin):
    model = factories.model("x-1")
    factories.vote(model, factories.model("y"))
    admin.post(f"{LIST}{model.pk}/delete/", {"post": "yes"})
    assert LanguageModel.objects.filter(pk=model.pk).exists()
    assert not Change.objects.exists()
