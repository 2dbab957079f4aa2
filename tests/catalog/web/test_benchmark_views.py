"""Benchmark pages and their REST API."""

import re

import pytest

from catalog.models import Benchmark, Score
from tests import factories

pytestmark = pytest.mark.django_db


def score(benchmark, slug, value, **fields):
    known = {"task": "t", "metric": "acc", "measured_by": "us", "source": "s", "run": "r", "n": 164, "harness": "h"}
    return Score.objects.create(model=factories.model(slug), benchmark=benchmark, value=value, **(known | fields))


def text(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).replace("&nbsp;", " ").split())


def test_list_has_the_open_benchmarks_first_and_is_filtered_by_status(client):
    for slug, status in {"a": "saturated", "b": "near ceiling", "c": "unknown", "d": "open"}.items():
        score(Benchmark.objects.create(slug=slug, name=slug, status=status), "m", 0.5, run=slug)
    assert re.findall(r'<h3><a href="/benchmarks/(\w)/"', client.get("/benchmarks/").content.decode()) == list("dbac")
    Benchmark.objects.create(slug="bare", name="Bare", status="open")
    assert "All 5 Not saturated 2 Nearly saturated 1 Saturated 1" in text(client, "/benchmarks/")
    page = text(client, "/benchmarks/?status=open")
    assert client.get("/benchmarks/?status=open").context["suites"][0][-1][0].benchmark.slug == "d"
    assert re.search("No scores yet (.* )?Bare", page)
    assert "Saturated 1" in page
    assert "Benchmarks" in text(client, "/benchmarks/?status=nothing")


def test_list_has_benchmarks_of_unknown_generations_too(client):
    for generation in (3, 4, None):
        score(Benchmark.objects.create(slug=f"b{generation}", name="B", generation=generation), f"m{generation}", 0.5)
    found = re.findall(r'<h3><a href="/benchmarks/(\w+)/"', client.get("/benchmarks/").content.decode())
    assert set(found) == {"b3", "b4", "bNone"}


def test_list_shows_each_score_on_a_scale_from_0_to_100_percent(client):
    benchmark = Benchmark.objects.create(slug="b", name="B", chance=0.5)
    for number, value in enumerate((0.4, 0.75, 0.751, 1.0, 12)):
        score(benchmark, f"m{number}", value)
    [shown] = client.get("/benchmarks/").context["suites"][0][-1]
    assert shown.score_percents == [40, 75, 100]


def test_list_names_the_model_with_the_highest_score(client):
    for slug in "ab":
        benchmark = Benchmark.objects.create(slug=slug, name=slug)
        for model, value in {"wombat": 0.4, "quokka": 0.914, "numbat": 12}.items():
            score(benchmark, f"{model}-{slug}", value)
    Benchmark.objects.create(slug="bare", name="Bare")
    response = client.get("/benchmarks/")
    assert [each.best.model.slug for each in response.context["suites"][0][-1]] == ["quokka-a", "quokka-b"]
    html = response.content.decode()
    assert html.count("<strong>91%</strong>") == html.count('class="visually-hidden">best score, by') == 2
    assert 'href="/models/quokka-a/"' in html


def test_list_names_an_unverified_or_limited_score_only_if_there_is_no_other(client):
    fields = {"submitted": {"submitted": True}, "limited": {"limited": True}, "whole": {}}
    for slug, kinds in (("a", fields), ("b", ["submitted"])):
        benchmark = Benchmark.objects.create(slug=slug, name=slug)
        for value, kind in zip((0.9, 0.8, 0.7), kinds, strict=False):
            score(benchmark, f"{kind}-{slug}", value, **fields[kind])
    [*_, shown] = client.get("/benchmarks/").context["suites"][0]
    assert [each.best.model.slug for each in shown] == ["whole-a", "submitted-b"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://a.example/x", '<a class="hint" href="https://a.example/x" rel="noopener">a.example</a>'),
        ("javascript:alert(1)", '<span class="hint">javascript:alert(1)</span>'),
    ],
)
def test_caveat_leads_to_an_address_alone(client, source, shown):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    benchmark.caveats.create(kind="leakage", text="It is known.", source=source)
    assert shown in client.get("/benchmarks/b/").content.decode()


def test_page_says_who_cannot_be_told_apart(client):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for slug, value in (("first", 0.90), ("second", 0.87), ("third", 0.5)):
        score(benchmark, slug, value)
    page = text(client, "/benchmarks/b/")
    assert page.count("not significantly below the top score") == 1
    assert re.search(r"2 Second 87\.0% ± 5\.1 not significantly below", page)


def many(rankings, rows):
    """Create a benchmark with this many sets of conditions, and this many models in each."""
    benchmark = Benchmark.objects.create(slug="b", name="B")
    models = [factories.model(f"m{number}") for number in range(rows)]
    known = {"benchmark": benchmark, "task": "t", "metric": "acc", "measured_by": "us", "source": "s", "harness": "h"}
    Score.objects.bulk_create(
        Score(model=model, value=place / rows, version=f"{version:03}", run=f"{version}", n=164, **known)
        for version in range(rankings)
        for place, model in enumerate(models)
    )


def rows_of(html):
    """Return the ranks on the page, as one list per ranking."""
    return [re.findall(r'<td class="number">(\d+)</td>', table) for table in html.split("<table")[1:]]


def test_long_ranking_comes_in_pages_with_the_places_that_it_has(client):
    many(2, 41)
    first = client.get("/benchmarks/b/").content.decode()
    assert [places[0] + "-" + places[-1] for places in rows_of(first)] == ["1-20", "1-20"]
    assert 'href="?r2=2#r2"' in first
    third = client.get("/benchmarks/b/?r2=3").content.decode()
    assert rows_of(third)[0][-1] == "20"
    assert rows_of(third)[1] == ["41"]
    assert 'href="?r2=2#r2" rel="prev"' in third
    assert 'id="r2"' in third


def test_many_rankings_come_in_pages(client):
    many(25, 2)
    pages = [client.get(f"/benchmarks/b/?rankings={number}").content.decode() for number in (1, 2, 3)]
    assert [len(rows_of(page)) for page in pages] == [10, 10, 5]
    assert re.findall(r'class="sheet ranking" id="(\w+)"', pages[2])[0] == "r21"


def test_scores_that_compare_with_no_other_come_in_pages(client):
    many(60, 1)
    first, second = (client.get(f"/benchmarks/b/?alone={number}").content.decode() for number in (1, 2))
    assert [page.count("<li><span>") for page in (first, second)] == [50, 10]


def test_higher_scores_under_other_conditions_are_named_above_the_first_table(client):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for slug, value in (("first", 0.46), ("second", 0.40)):
        score(benchmark, slug, value)
    assert "Higher scores" not in text(client, "/benchmarks/b/")
    for number, value in enumerate((0.3, 0.79, 0.8, 0.6, 0.5)):
        score(benchmark, f"other-{number}", value, task=f"other-{number}")
    page = text(client, "/benchmarks/b/")
    assert "(measured under different conditions): Other-2 80.0% , Other-1 79.0% , Other-3 60.0% ." in page
    assert re.findall(r"Other-\d", page.partition("Not comparable with any")[2]) == [
        "Other-2", "Other-1", "Other-3", "Other-4", "Other-0",
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["r1=2", "rankings=2", "alone=x", "r1=0", "alone=99999999999999999999"])
def test_pages_that_a_list_does_not_have_are_not_found(client, query):
    many(1, 3)
    score(Benchmark.objects.get(), "only", 0.5, task="other")
    assert client.get(f"/benchmarks/b/?{query}").status_code == 404


def test_page_of_a_benchmark_with_many_scores_is_short(client):
    many(2, 150)
    assert len(client.get("/benchmarks/b/").content) < 60_000


@pytest.mark.parametrize(
    "path", ["/benchmarks/none/", "/benchmarks/%00/", "/api/v1/benchmarks/none/", "/api/v1/benchmarks/%00/"]
)
def test_unknown_benchmarks_are_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/benchmarks/", "/benchmarks/b/", "/api/v1/benchmarks/", "/api/v1/benchmarks/b/"])
def test_pages_take_as_many_queries_for_one_as_for_many(client, path, django_assert_max_num_queries):
    counts = []
    for amount in (1, 30):
        for number in range(amount):
            benchmark = Benchmark.objects.get_or_create(
                slug="b" if number == 0 else f"b{number}", defaults={"name": "B"}
            )[0]
            score(benchmark, f"m{number}-{amount}", 0.5, run=f"{number} {amount}")
        with django_assert_max_num_queries(8) as captured:
            assert client.get(path).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_api_gives_rankings_with_conditions_and_noise(client):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for slug, value in (("first", 0.90), ("second", 0.87)):
        score(benchmark, slug, value, shots=5, version="1.0", date="2026-01-02")
    [ranking] = client.get("/api/v1/benchmarks/b/").json()["rankings"]
    assert ranking["conditions"] == {
        "task": "t", "metric": "acc", "filter": "", "shots": 5, "harness": "h", "version": "1.0", "chat_template": None,
        "method": "", "limited": False, "measured_by": "us",
    }  # fmt: skip
    first, second = ranking["rows"]
    assert (first["model"], first["place"], first["value"], first["same_as_best"]) == ("first", 1, 0.90, False)
    assert (second["model"], second["same_as_best"], second["n"], second["date"]) == ("second", True, 164, "2026-01-02")
    assert first["stderr"] == pytest.approx(0.0234, abs=1e-4)
    assert first["ci_low"] == pytest.approx(0.854, abs=1e-3)
