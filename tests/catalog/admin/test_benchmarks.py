"""Benchmarks and scores in the admin."""

import pytest

from catalog.admin.benchmarks import load_shipped_slugs
from catalog.models import Benchmark, Caveat, Score
from core.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
LIST, SCORES = "/admin/catalog/benchmark/", "/admin/catalog/score/"
NO_CAVEATS = {"caveats-TOTAL_FORMS": "0", "caveats-INITIAL_FORMS": "0"}
OF_OURS = "mmlu"


@pytest.fixture
def own():
    return Benchmark.objects.create(slug="own", name="Own")


def score(benchmark, run="r", **fields):
    same = {"task": "x", "metric": "acc", "value": 0.5, "measured_by": "us", "source": "here"}
    return Score.objects.create(model=factories.model(), benchmark=benchmark, run=run, **same, **fields)


def form(**fields):
    return {
        "slug": "own",
        "name": "Own",
        "status": "unknown",
        "category": "overall",
        "tasks": "[]",
        **NO_CAVEATS,
        **fields,
    }


def test_benchmark_of_an_import_is_described_and_gets_caveats(admin, own):
    caveat = {"caveats-0-kind": "leakage", "caveats-0-text": "It is known.", "caveats-0-source": "a paper"}
    answer = admin.post(f"{LIST}{own.pk}/change/", form(measures="Patience", **caveat | {"caveats-TOTAL_FORMS": "1"}))
    assert answer.status_code == 302
    own.refresh_from_db()
    assert (own.slug, own.measures, Caveat.objects.get().text) == ("own", "Patience", "It is known.")
    assert {(row.kind, row.what) for row in AuditEntry.objects.all()} == {
        ("changed", "catalog.benchmark"),
        ("added", "catalog.caveat"),
    }


@pytest.mark.parametrize(("slug", "status"), [("own", 302), (OF_OURS, 403)])
def test_what_comes_with_arena_is_changed_in_its_file_alone(admin, slug, status):
    """Each start would restore it."""
    found = Benchmark.objects.create(slug=slug, name="B")
    assert (slug in load_shipped_slugs()) is (status == 403)
    assert admin.get(f"{LIST}{found.pk}/change/").status_code == 200
    assert admin.post(f"{LIST}{found.pk}/change/", form(name="C")).status_code == status
    assert admin.post(f"{LIST}{found.pk}/delete/", {"post": "yes"}).status_code == status
    assert Benchmark.objects.filter(slug=slug, name="B").exists() is (status == 403)


def test_list_counts_caveats_and_scores(admin, own):
    for text in ("a", "b"):
        Caveat.objects.create(benchmark=own, kind="leakage", text=text, source="a paper")
    for _ in range(3):
        score(own)
    page = admin.get(LIST).content.decode()
    assert 'field-caveats">2<' in page
    assert 'field-scores">3<' in page


def test_scores_of_a_file_are_found_and_deleted_and_logged(admin, own):
    kept, *wrong = score(own, "good"), score(own, "bad"), score(own, "bad")
    page = admin.get(SCORES, {"q": "bad"}).content.decode()
    assert [str(each.model) in page for each in (kept, *wrong)] == [False, True, True]
    chosen = {"_selected_action": [each.pk for each in wrong]}
    admin.post(SCORES, {"action": "delete_selected", "post": "yes", **chosen})
    assert list(Score.objects.all()) == [kept]
    assert [(row.kind, row.what) for row in AuditEntry.objects.all()] == [("deleted", "catalog.score")] * 2


def test_score_is_not_edited(admin, own):
    found = score(own)
    assert admin.post(f"{SCORES}{found.pk}/change/", {"value": "1"}).status_code == 403
    assert Score.objects.get().value == 0.5
