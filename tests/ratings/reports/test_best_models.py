"""The best models of today."""

from datetime import date

import pytest

from arena.models import Pool
from catalog.models import LanguageModel
from ratings.boards.snapshots import list_newest_snapshots
from ratings.reports.best_models import find_newest_reference_snapshot, list_best_slugs, load_best_keys
from tests import factories
from tests.ratings.benchmark_boards import rated

pytestmark = pytest.mark.django_db


def test_best_models_are_the_current_ones_on_the_newest_reference_board():
    for slug in ("low", "high", "old"):
        factories.model(slug)
    for slug, rows in (("older", {"old": 1900}), ("newer", {"low": 1000, "high": 1100})):
        factories.pool(slug, kind=Pool.Kind.REFERENCE)
        newest = rated(rows, pool=slug)
    rated({"old": 2000}, pool="live")
    assert find_newest_reference_snapshot(list_newest_snapshots()) == newest
    found = LanguageModel.objects.filter(pk__in=load_best_keys())
    assert sorted(found.values_list("slug", flat=True)) == ["high", "low"]
    assert list_best_slugs(newest) == ["high", "low"]
    assert list_best_slugs(newest, 1) == ["high"]

    LanguageModel.objects.filter(slug="high").update(status=LanguageModel.Status.RETIRED)
    LanguageModel.objects.filter(slug="low").update(retires_on=date(2026, 1, 5))
    assert load_best_keys() == []


def test_there_are_none_without_a_reference_board():
    rated({"a": 1000}, pool="live")
    assert load_best_keys() == []
