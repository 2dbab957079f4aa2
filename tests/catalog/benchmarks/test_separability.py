"""How well stored benchmarks tell their best models apart."""

import pytest

from catalog.benchmarks.comparability import Separability
from catalog.benchmarks.separability import add_separability
from catalog.models import Benchmark
from tests.ratings.benchmark_boards import benchmark, scored

pytestmark = pytest.mark.django_db
FIVE = {"a": 0.5, "b": 0.9, "c": 0.7, "d": 0.8, "e": 0.5}


def figures():
    benchmarks = list(Benchmark.objects.order_by("slug"))
    add_separability(benchmarks)
    return {each.slug: each.separability for each in benchmarks}


def test_conditions_with_the_most_models_count():
    scored(FIVE, n=100)
    scored(dict.fromkeys([*FIVE, "f"], 0.5), n=100, shots=5)
    assert figures() == {"b": Separability(0, 6)}


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
    with django_assert_num_queries(1):
        add_separability(benchmarks)
    assert [each.separability for each in benchmarks] == [None, Separability(0.8, 5), Separability(0.8, 5)]


def test_pages_and_api_show_the_figure(client):
    scored(FIVE, n=100)
    benchmark("few")
    assert "tells apart 80% of the pairs among its best 5 models" in client.get("/benchmarks/").content.decode()
    assert "80% of the pairs among its best 5 models." in client.get("/benchmarks/b/").content.decode()
    assert "of the pairs among its best" not in client.get("/benchmarks/few/").content.decode()
    listed = client.get("/api/v1/benchmarks/").json()["results"]
    assert [each["separability"] for each in listed] == [{"share": 0.8, "models": 5}, None]
    assert client.get("/api/v1/benchmarks/b/").json()["separability"] == {"share": 0.8, "models": 5}
