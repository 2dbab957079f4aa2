"""The pages of benchmarks, and what the API says of them."""

import re

import pytest

from catalog import shipped
from catalog.models import Benchmark, Score
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded():
    shipped.load()


def score(benchmark, slug, value, **fields):
    known = {"task": "t", "metric": "acc", "measured_by": "us", "source": "s", "run": "r", "n": 164, "harness": "h"}
    return Score.objects.create(model=factories.model(slug), benchmark=benchmark, value=value, **(known | fields))


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).replace("&nbsp;", " ").split())


def test_list_shows_both_suites_and_imported_ones(client, loaded):
    score(Benchmark.objects.create(slug="own", name="Our <own>"), "m", 0.5)
    shown = text(client, "/benchmarks/")
    places = [
        shown.index(word) for word in ("The newer suite", "MMLU-Pro", "The older suite", "GSM8K", "From imported")
    ]
    assert places == sorted(places)
    assert "1,319 questions saturated" in shown
    assert "Our &lt;own&gt;" in shown


def test_list_works_without_any(client):
    assert "Benchmarks" in text(client, "/benchmarks/")


def test_page_shows_facts_caveats_and_scores_with_their_conditions(client, loaded):
    shown = text(client, "/benchmarks/gpqa/")
    for words in (
        "Graduate-Level Google-Proof", "448 (main set; diamond has 198", "25 %", "65 % (experts of the field", "ARC",
        "Applied inconsistently Main and diamond are different sets", "Evaluation awareness", "https://arxiv.org/abs/2311.12022",
        "gpqa (diamond)", "self-reported", "measured by Anthropic", "harness unknown", "50.4 %",
    ):  # fmt: skip
        assert words in shown, words


def test_page_says_who_cannot_be_told_apart(client):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for slug, value in (("first", 0.90), ("second", 0.87), ("third", 0.5)):
        score(benchmark, slug, value)
    shown = text(client, "/benchmarks/b/")
    assert shown.count("cannot be told apart from the first") == 1
    assert re.search(r"2 Second 87\.0 % ± 5\.1 cannot be told apart", shown)


def test_page_marks_limited_runs(client):
    score(Benchmark.objects.create(slug="b", name="B"), "m", 0.5, limited=True)
    assert "limited run" in text(client, "/benchmarks/b/")


def test_page_without_scores_says_so(client, loaded):
    Score.objects.all().delete()
    assert "There are no scores yet." in text(client, "/benchmarks/mmlu/")


def test_page_of_the_arena_rating_leads_to_the_leaderboard(client, loaded):
    assert "See the leaderboard" in text(client, "/benchmarks/elo/")


def test_rest_of_a_long_ranking_is_folded(client):
    benchmark = Benchmark.objects.create(slug="b", name="B")
    for number in range(101):
        score(benchmark, f"m{number}", number / 101)
    shown = client.get("/benchmarks/b/").content.decode()
    assert shown.count("<tr>") == 101 + 2
    assert "<summary>71 more</summary>" in shown


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


def test_api_lists_what_each_measures(client, loaded):
    answer = client.get("/api/v1/benchmarks/").json()
    assert answer["next"] is None
    found = {each["slug"]: each for each in answer["results"]}
    assert len(found) == 16
    mmlu = found["mmlu"]
    assert (mmlu["items"], mmlu["chance"], mmlu["human"], mmlu["superseded_by"]) == (14_042, 0.25, 0.898, "mmlu-pro")
    assert mmlu["caveats"][0].keys() == {"kind", "text", "source"}
    assert mmlu["scores"] > 5


def test_api_pages_through_the_list(client, loaded):
    answer = client.get("/api/v1/benchmarks/?page_size=10").json()
    assert len(answer["results"]) == 10
    assert len(client.get(answer["next"]).json()["results"]) == 6


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
