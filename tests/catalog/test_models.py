"""Models, organizations, and licenses."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from catalog.models import LanguageModel, License, Organization
from tests import factories

pytestmark = pytest.mark.django_db


def test_language_model_may_be_known_by_its_name_alone():
    model = LanguageModel.objects.create(slug="x", name="X")
    model.refresh_from_db()

    unknown = {"organization", "license", "base_model", "open_weights", "release_date", "knowledge_cutoff", "tools"}
    unknown |= {"parameters_total", "parameters_active", "training_tokens", "context_window", "max_input", "max_output"}
    assert {field: getattr(model, field) for field in unknown} == dict.fromkeys(unknown)
    assert (model.kind, model.modalities, model.status) == ("", [], LanguageModel.Status.CURRENT)


def test_language_models_come_in_the_order_of_their_slugs():
    for slug in ("b", "a.1", "a-2", "a"):
        factories.model(slug)

    assert [model.slug for model in LanguageModel.objects.all()] == sorted(["b", "a.1", "a-2", "a"])


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        (LanguageModel, "slug", "same"),
        (Organization, "slug", "same"),
        (Organization, "name", "Same"),
        (License, "slug", "same"),
        (License, "name", "Same"),
    ],
)
def test_names_in_the_catalog_are_unique(table, field, value):
    table.objects.create(**({"slug": "one", "name": "One"} | {field: value}))

    with pytest.raises(IntegrityError), transaction.atomic():
        table.objects.create(**({"slug": "two", "name": "Two"} | {field: value}))


def test_language_model_keeps_numbers_as_large_as_they_come():
    model = factories.model("big", parameters_total=2_000_000_000_000, training_tokens=40_000_000_000_000)
    model.refresh_from_db()

    assert (model.parameters_total, model.training_tokens) == (2_000_000_000_000, 40_000_000_000_000)


@pytest.mark.parametrize("fact", ["organization", "license"])
def test_what_models_refer_to_cannot_be_deleted(fact):
    model = factories.model("x", **{fact: getattr(factories, fact)()})

    with pytest.raises(ProtectedError):
        getattr(model, fact).delete()


def test_language_model_outlives_the_one_that_it_was_made_from():
    base = factories.model("base")
    tuned = factories.model("tuned", base_model=base)
    assert list(base.derived.all()) == [tuned]

    base.delete()

    tuned.refresh_from_db()
    assert tuned.base_model is None


def test_rows_of_the_catalog_are_called_by_their_names():
    assert str(factories.organization("Good Inc.")) == "Good Inc."
    assert str(factories.license("MIT")) == "MIT"
    assert str(factories.model("x", name="Model X")) == "Model X"


def test_license_says_by_default_that_commercial_use_is_unknown():
    assert factories.license("MIT").commercial == License.Commercial.UNKNOWN
