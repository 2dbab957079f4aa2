"""Facts of candidates are cached, and their ratings are not."""

from datetime import date
from decimal import Decimal

import pytest

from catalog.models import Price
from ratings.choice import candidates
from ratings.choice.candidates import load_candidates
from tests import factories
from tests.ratings.board_rows import row

pytestmark = pytest.mark.django_db


def test_facts_are_read_once_within_the_cache_time(django_assert_num_queries):
    model = factories.model("cheap")
    candidates.facts_cache.seconds = candidates.CACHE_S
    assert load_candidates()[0].prices is None
    Price.objects.create(model=model, input=Decimal(1), output=Decimal(1), source="list", as_of=date(2026, 1, 1))

    with django_assert_num_queries(0):
        cached = load_candidates()
    candidates.facts_cache.clear()

    assert cached[0].prices is None
    assert load_candidates()[0].prices.input == 1


def test_rating_of_one_choice_does_not_stay_for_the_next():
    factories.model("rated")
    candidates.facts_cache.seconds = candidates.CACHE_S

    first = load_candidates([row(model="rated", rating=1234.0)])
    second = load_candidates()

    assert (first[0].rating, second[0].rating) == (1234.0, None)
