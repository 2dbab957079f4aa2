"""How well stored benchmarks tell today's best models apart."""

import pytest

from arena.models import Pool
from catalog.benchmarks.comparability import Separability
from catalog.benchmarks.separability import add_separability
from catalog.models import Benchmark, LanguageModel
from tests import factories
from tests.ratings.benchmark_boards import benchmark, rated, scored

pytestmark = pytest.mark.django_db
FIVE = {"a": 0.5, "b": 0.9, "c": 0.7, "d": 0.8, "e": 0.5}


def keys(*slugs):
    return list(LanguageModel.objects.filter(slug__in=slugs or [*FIVE, "f"]).values_list("pk", flat=True))


def figures(best=None):
    benchmarks = list(Benchmark.objects.order_by("slug"))
    add_separability(benchmarks, keys() if best is None else best)
    return {each.slug: each.separability for each in benchmarks}


def test_conditions_with_the_most_models_count():
    scored(FIVE, n=100)
    scored(dict.fromkeys([*FIVE, "f"], 0.5), n=100, shots=5)
    assert figures() == {"b": Separability(0, 6)}


def test_only_the_best_models_of_today_count():
    scored(FIVE, n=100)
    scored({"old1": 1.0, "old2": 0.1}, n=100)
    assert figures() == {"b": Separability(0.8, 5)}
    assert figures(keys("old1", "old2", "a", "b")) == {"b": None}
    assert figures([]) == {"b": None}


def test_newest_score_of_a_model_counts():
    scored(FIVE, n=100, date="2026-01-02")
    scored(dict.fromkeys(FIVE, 0.5), n=100, date="2026-01-01", source="there")
    assert figures() == {"b": Separability(0.8, 5)}


def test_reports_without_a_harness_are_not_mixed():
    for number, (model, value) in enumerate(FIVE.items()):
        scored({model: value}, harness="", source=f"report {number}")
    assert figures() == {"b": None}


def test_all_benchmarks_take_one_query(django_assert_num_queries):
    benchmark("none")
    for slug in ("x", "y"):
        scored(FIVE, on=slug, n=100)
    benchmarks = list(Benchmark.objects.order_by("slug"))
    best = keys()
    with django_assert_num_queries(1):
        add_separability(benchmarks, best)
    assert [each.separability for each in benchmarks] == [None, Separability(0.8, 5), Separability(0.8, 5)]


def test_pages_and_api_show_the_figure(client):
    scored(FIVE, n=100)
    scored(dict.fromkeys(FIVE, 0.5), on="alike", n=100)
    scored({"a": 0.5, "old": 0.9}, on="few", n=100)
    benchmark("none")
    factories.pool("reference", kind=Pool.Kind.REFERENCE)
    rated(dict.fromkeys(FIVE, 1000), pool="reference")
    page = client.get("/benchmarks/").content.decode()
    assert "B separates today&#x27;s best models best" in page.replace("'", "&#x27;")
    assert "separates today's best models best: 80% of the pairs among 5." in page
    assert page.count("separates 80% of model pairs") == 1
    assert "too few of today's best models" not in page
    assert "80% of the pairs among 5 of today's best models." in client.get("/benchmarks/b/").content.decode()
    few = client.get("/benchmarks/few/").content.decode()
    assert "Too few of today's best models have a score here." in few
    assert "Separates" not in client.get("/benchmarks/none/").content.decode()
    listed = client.get("/api/v1/benchmarks/").json()["results"]
    figures = {each["slug"]: each["separability"] for each in listed}
    assert figures == {
        "alike": {"share": 0, "models": 5}, "b": {"share": 0.8, "models": 5}, "few": None, "none": None,
    }  # fmt: skip
    assert client.get("/api/v1/benchmarks/b/").json()["separability"] == {"share": 0.8, "models": 5}


def test_no_benchmark_is_named_if_none_separates_the_best_models(client):
    scored(FIVE, n=100)
    assert "separates today" not in client.get("/benchmarks/").content.decode()


def test_flaw_of_all_tests_is_stated_once(client):
    for slug in ("x", "y"):
        benchmark(slug).caveats.create(kind="evaluation_awareness", text="t", source="s")
    page = client.get("/benchmarks/").content.decode()
    assert "evaluation awareness" not in page
    assert page.count("often notice that they are being tested") == 1
    assert "Evaluation awareness" in client.get("/benchmarks/x/").content.decode()


def test_only_benchmark_with_enough_scores_is_not_called_the_best(client):
    scored(FIVE, n=100)
    scored({"a": 0.5, "old": 0.9}, on="few", n=100)
    factories.pool("reference", kind=Pool.Kind.REFERENCE)
    rated(dict.fromkeys(FIVE, 1000), pool="reference")
    page = client.get("/benchmarks/").content.decode()
    assert "separates 80% of model pairs" in page
    assert "separates today" not in page
