"""Prices in the admin, and values that are not valid."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.facts.claims import HAND_SOURCE
from catalog.facts.prices import load_current_prices
from catalog.importers.price_rows import save_prices
from catalog.models import Price
from catalog.sources.record import ListedPrice
from core.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = datetime.now(UTC).date()


@pytest.fixture
def page():
    return f"/admin/catalog/languagemodel/{factories.model('x').pk}/change/"


def form(**fields):
    price = {"input": "0.15", "output": "0.6", "source": "list", "as_of": "2026-02-03", "tiers": "[]", **fields}
    rows = {"prices-TOTAL_FORMS": "1", "prices-INITIAL_FORMS": "1" if "id" in price else "0"}
    return {"name": "X", "status": "current", **rows, **{f"prices-0-{name}": value for name, value in price.items()}}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("input", "-1", "greater than or equal to 0"),
        ("output", "-0.000001", "greater than or equal to 0"),
        ("cached_input", "-1", "greater than or equal to 0"),
        ("cached_input", "99", "must not be higher than the uncached input price"),
        ("tiers", '{"a": 1}', "must be a list like"),
        ("tiers", '[{"above": -1, "input": 1, "output": 2}]', "above is not a whole number from 0 to 2,147,483,647"),
        ("tiers", "[" * 5000 + "]" * 5000, "JSON cannot be stored"),
        ("as_of", "0001-01-01", "not be in the future"),
        ("as_of", str(TODAY + timedelta(days=2)), "not be in the future"),
    ],
)
def test_what_is_no_price_is_refused_at_its_field(admin, page, field, value, said):
    answer = admin.post(page, form(**{field: value}))
    assert answer.status_code == 200
    errors = answer.context["inline_admin_formsets"][0].formset.errors
    assert [list(each) for each in errors] == [[field]]
    assert said in str(errors)
    assert not Price.objects.exists()


@pytest.mark.parametrize(
    ("fields", "tiers"),
    [
        ({"cached_input": "0.15", "as_of": str(TODAY)}, []),
        ({"tiers": '[{"above": 200000, "input": 1.5, "output": 3}]'}, [{"above": 200_000, "input": 1.5, "output": 3}]),
        ({"tiers": ""}, []),
    ],
)
def test_price_is_added(admin, page, fields, tiers):
    assert admin.post(page, form(**fields)).status_code == 302
    price = Price.objects.get()
    assert (price.input, price.tiers, price.by_hand) == (Decimal("0.15"), tiers, True)


def test_what_an_import_has_brought_is_in_nobodys_way(admin, page):
    price = Price.objects.create(
        model=factories.model("x"), input=1, output=2, cached_input=3, source="a", as_of=date(2026, 1, 2)
    )
    same = {"id": price.pk, "input": "1.000000", "output": "2", "cached_input": "3", "as_of": "2026-01-02"}
    assert admin.post(page, form(**same | {"source": "b"})).status_code == 302
    assert Price.objects.get().source == "b"
    assert admin.post(page, form(**same | {"cached_input": "4"})).status_code == 200


IMPORTED = {"input": "1", "output": "2", "source": "https://list.example", "as_of": "2026-01-02"}


@pytest.mark.parametrize(
    ("changes", "source", "day"),
    [
        ({"input": "3"}, HAND_SOURCE, TODAY),
        ({"tiers": '[{"above": 5, "input": 3, "output": 4}]'}, HAND_SOURCE, TODAY),
        ({"input": "3", "as_of": "2026-03-04"}, IMPORTED["source"], date(2026, 3, 4)),
        ({"input": "3", "source": "our contract"}, "our contract", date(2026, 1, 2)),
        ({"source": "our contract"}, "our contract", date(2026, 1, 2)),
    ],
)
def test_edited_price_has_its_own_source_and_day_next_to_the_imported_one(admin, page, changes, source, day):
    """Previously, the old source and day stayed public, and the next import overwrote the price."""
    model = factories.model("x")
    imported = Price.objects.create(model=model, by_hand=False, **IMPORTED)

    assert admin.post(page, form(id=imported.pk, **{**IMPORTED, **changes})).status_code == 302

    edited = Price.objects.get(by_hand=True)
    assert (edited.input, edited.source, edited.as_of) == (Decimal(changes.get("input", 1)), source, day)
    listed = ListedPrice(Decimal(1), Decimal(2))
    assert save_prices([(model.pk, listed, IMPORTED["source"], date(2026, 1, 2))]) == 0
    assert model.prices.get(by_hand=False).pk == imported.pk
    assert load_current_prices([model])[model.pk] == edited
    assert [entry.kind for entry in AuditEntry.objects.filter(what="catalog.price")] == ["added"]


def test_price_that_was_set_by_hand_is_corrected_in_its_place(admin, page):
    price = Price.objects.create(model=factories.model("x"), **IMPORTED)
    assert admin.post(page, form(id=price.pk, **IMPORTED)).status_code == 302
    assert str(Price.objects.get().as_of) == IMPORTED["as_of"]
    assert admin.post(page, form(id=price.pk, **IMPORTED | {"output": "9"})).status_code == 302
    stored = Price.objects.get()
    assert (stored.pk, stored.output, stored.source, stored.as_of) == (price.pk, 9, HAND_SOURCE, TODAY)


def test_second_price_with_the_same_source_and_day_is_refused(admin, page):
    model = factories.model("x")
    imported = Price.objects.create(model=model, by_hand=False, **IMPORTED)
    own = Price.objects.create(model=model, input=1, output=1, source=HAND_SOURCE, as_of=TODAY)
    second = {"id": own.pk, "input": "1", "output": "1", "tiers": "[]", "source": HAND_SOURCE, "as_of": str(TODAY)}
    rows = {f"prices-1-{name}": value for name, value in second.items()}
    rows |= {"prices-TOTAL_FORMS": "2", "prices-INITIAL_FORMS": "2"}
    answer = admin.post(page, form(id=imported.pk, **IMPORTED | {"input": "3"}) | rows)
    assert answer.status_code == 200
    assert "correct the duplicate" in answer.content.decode()
    assert Price.objects.count() == 2


def test_form_asks_for_source_and_day_and_says_what_by_hand_means(admin, page):
    Price.objects.create(model=factories.model("x"), by_hand=False, **IMPORTED)
    html = admin.get(page).content.decode()
    [empty] = re.findall(r'<input[^>]*name="prices-__prefix__-source"[^>]*>', html)
    assert f'value="{HAND_SOURCE}"' in empty
    [empty] = re.findall(r'<input[^>]*name="prices-__prefix__-as_of"[^>]*>', html)
    assert f'value="{TODAY}"' in empty
    assert "Imports do not change it, and it takes precedence over imported prices." in html
    assert 'name="prices-0-by_hand"' not in html
