"""Prices in the admin, and values that are not valid."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from catalog.models import Price
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
        ("tiers", '["x"]', "must be a list like"),
        ("tiers", '[{"above": -1, "input": "x"}]', "must be a list like"),
        ("tiers", '[{"above": -1, "input": 1, "output": 2}]', "above is not a whole number"),
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
    assert (price.input, price.tiers, price.by_hand) == (Decimal("0.15"), tiers, False)


def test_what_an_import_has_brought_is_in_nobodys_way(admin, page):
    price = Price.objects.create(
        model=factories.model("x"), input=1, output=2, cached_input=3, source="a", as_of=date(2026, 1, 2)
    )
    same = {"id": price.pk, "input": "1.000000", "output": "2", "cached_input": "3", "as_of": "2026-01-02"}
    assert admin.post(page, form(**same | {"source": "b"})).status_code == 302
    assert Price.objects.get().source == "b"
    assert admin.post(page, form(**same | {"cached_input": "4"})).status_code == 200


def test_columns_say_their_unit(admin, page):
    assert "Cached input ($ per million tokens)" in admin.get(page).content.decode()
