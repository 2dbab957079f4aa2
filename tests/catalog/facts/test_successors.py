"""Successors of retired models."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.facts.retirement import Successor, build_retired_filter, is_retired, load_successors
from catalog.models import LanguageModel
from tests import factories

pytestmark = pytest.mark.django_db


def test_successor_is_the_first_in_the_chain_that_is_not_retired():
    today = timezone.now().date()
    factories.model("one", status="retired", successor="two")
    factories.model("two", retires_on=today, successor="three")
    factories.model("three", retires_on=today + timedelta(1), successor="four")
    factories.model("four")
    factories.model("old", status="retired", successor="somebody-else-9")
    three = Successor("Three", "three")
    assert load_successors() == {
        "one": three,
        "two": three,
        "three": Successor("Four", "four"),
        "old": Successor("somebody-else-9", None),
    }


def test_circle_ends():
    factories.model("one", status="retired", successor="two")
    factories.model("two", status="retired", successor="one")
    assert load_successors().keys() == {"one", "two"}


@pytest.mark.parametrize("fields", [{}, {"status": "retired"}, *({"retires_on": days} for days in (-1, 0, 1))])
def test_query_and_model_agree_on_retirement(fields):
    if "retires_on" in fields:
        fields = {"retires_on": timezone.now().date() + timedelta(fields["retires_on"])}
    model = factories.model("m", **fields)
    assert LanguageModel.objects.filter(build_retired_filter()).exists() == is_retired(model)
