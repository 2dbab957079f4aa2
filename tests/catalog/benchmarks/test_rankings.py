"""The shipped benchmarks, and rankings of scores."""

from urllib.parse import urlparse

import pytest

from catalog.benchmarks.rankings import load_rankings, save_benchmarks
from catalog.matching import seed_files
from catalog.models import Benchmark, Caveat, Score
from tests import factories

ENTRIES = seed_files.read_tables("benchmarks.toml", "benchmark")
BY_SLUG = {entry["slug"]: entry for entry in ENTRIES}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["slug"])
def test_each_says_what_it_measures_for_whom_and_what_is_wrong_with_it(entry):
    assert entry["measures"].endswith(".")
    assert entry["matters"].startswith("For ")
    assert entry["status"] in Benchmark.Status.values
    assert entry["generation"] in (1, 2, 3)
    assert entry.get("superseded_by", entry["slug"]) in BY_SLUG
    assert 0 <= entry.get("chance", 0) < entry.get("human", 1) <= 1
    assert entry["caveat"]
    for source in (entry["source"], *(caveat["source"] for caveat in entry["caveat"])):
        assert urlparse(source).scheme == "https"
    assert {caveat["kind"] for caveat in entry["caveat"]} <= set(Caveat.Kind.values)


@pytest.mark.django_db
def test_load_brings_the_tables_to_what_the_file_says():
    save_benchmarks(ENTRIES)
    save_benchmarks(ENTRIES)
    assert Benchmark.objects.count() == len(ENTRIES)
    assert Caveat.objects.count() == sum(len(entry["caveat"]) for entry in ENTRIES)
    assert Benchmark.objects.get(slug="mmlu").superseded_by.slug == "mmlu-pro"
    save_benchmarks([BY_SLUG["mmlu"] | {"caveat": BY_SLUG["mmlu"]["caveat"][:1], "items": 1}])
    mmlu = Benchmark.objects.get(slug="mmlu")
    assert (mmlu.items, mmlu.caveats.count(), mmlu.superseded_by) == (1, 1, None)


@pytest.mark.django_db
def test_no_saturated_benchmark_is_recommended_instead_of_another():
    save_benchmarks(ENTRIES)
    saturated = Benchmark.objects.filter(status=Benchmark.Status.SATURATED)
    replacements = {benchmark.slug: benchmark.replacement for benchmark in saturated}
    assert all(newer.status != Benchmark.Status.SATURATED for newer in replacements.values())
    assert (replacements["arc"].slug, replacements["mmlu"].slug) == ("hle", "mmlu-pro")


@pytest.mark.django_db
def test_chain_of_saturated_benchmarks_that_leads_nowhere_has_no_replacement():
    one, other = (Benchmark.objects.create(slug=slug, name=slug, status="saturated") for slug in ("one", "other"))
    one.superseded_by, other.superseded_by = other, one
    assert one.replacement is None


@pytest.mark.django_db
def test_what_holds_of_every_test_is_said_of_all_but_the_rating_by_votes():
    [everywhere] = seed_files.read_tables("benchmarks.toml", "everywhere")
    for _ in range(2):
        save_benchmarks(ENTRIES, [everywhere])
    assert everywhere["kind"] == "evaluation_awareness"
    assert Caveat.objects.filter(kind=everywhere["kind"]).count() == len(ENTRIES) - 1
    assert not Caveat.objects.filter(kind=everywhere["kind"], benchmark__slug="elo").exists()


def score(benchmark, slug, value, **fields):
    known = {"task": "t", "metric": "acc", "measured_by": "us", "source": "s", "run": "r"}
    return Score.objects.create(model=factories.model(slug), benchmark=benchmark, value=value, **(known | fields))


@pytest.mark.django_db
def test_ranked_compares_only_within_a_harness_or_a_report():
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for slug, value in (("a", 0.5), ("b", 0.6)):
        score(benchmark, slug, value, harness="h", source=slug)
        score(benchmark, slug, value, source="one report")
        score(benchmark, slug, value, source=f"report of {slug}")
    rankings = load_rankings(benchmark)
    assert [[row.model for row in ranking.rows] for ranking in rankings] == [
        ["b", "a"],
        ["b", "a"],
        ["a"],
        ["b"],
    ]
    assert [ranking.is_single for ranking in rankings] == [False, False, True, True]


@pytest.mark.django_db
def test_ranked_takes_the_newest_score_of_a_model():
    benchmark = Benchmark.objects.create(slug="b", name="B")
    score(benchmark, "a", 0.5, harness="h", date="2026-01-02", source="1")
    score(benchmark, "a", 0.4, harness="h", date="2026-01-01", source="2")
    [ranking] = load_rankings(benchmark)
    assert [row.value for row in ranking.rows] == [0.5]


@pytest.mark.django_db
def test_ranked_takes_one_query_however_many_scores(django_assert_num_queries):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for number in range(30):
        score(benchmark, f"m{number}", number / 30)
        if number in (0, 29):
            with django_assert_num_queries(1):
                assert len(load_rankings(benchmark)[0].rows) == number + 1
