"""Benchmark pages and their REST API with the catalog of a first start."""

import pytest
from django.db import transaction

from catalog.importers import seed
from catalog.models import Benchmark, Score
from tests.catalog.web.test_benchmark_views import score, text

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def seeded_catalog(django_db_setup, django_db_blocker):
    """Load the catalog once, because that takes seconds."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed.seed_catalog()
        yield
        transaction.set_rollback(True)


SUITES = (
    "In use today", "SimpleQA", "Open LLM Leaderboard 2, 2024 to 2025", "MMLU-Pro",
    "Open LLM Leaderboard 1, 2023 to 2024", "GSM8K", "From imported", "No scores yet",
    "LegalBench",
)  # fmt: skip


def test_list_shows_the_suites_and_imported_ones(client):
    score(Benchmark.objects.create(slug="own", name="Our <own>"), "m", 0.5)
    page = text(client, "/benchmarks/")
    places = [page.index(word) for word in SUITES]
    assert places == sorted(places)
    assert "GSM8K Saturated" in page
    assert "1,319 questions" in page
    assert "Our &lt;own&gt;" in page


def test_page_shows_facts_caveats_and_scores_with_their_conditions(client):
    page = text(client, "/benchmarks/gpqa/")
    for words in (
        "Graduate-Level Google-Proof", "448 (main set; diamond has 198", "25%", "65% (experts in the field", "ARC",
        "Applied inconsistently Main, diamond, and extended are three", "Evaluation awareness",
        "arxiv.org/abs/2311.12022",
        "gpqa (diamond)", "self-reported", "measured by Anthropic", "harness unknown", "50.4%",
    ):  # fmt: skip
        assert words in page, words


def test_page_without_scores_says_so(client):
    Score.objects.all().delete()
    assert "There are no scores yet." in text(client, "/benchmarks/mmlu/")


def test_page_of_the_arena_rating_leads_to_the_leaderboard(client):
    assert "See the leaderboard" in text(client, "/benchmarks/elo/")


def test_api_lists_what_each_measures(client):
    answer = client.get("/api/v1/benchmarks/").json()
    assert answer["next"] is None
    benchmarks = {benchmark["slug"]: benchmark for benchmark in answer["results"]}
    assert len(benchmarks) == 28
    mmlu = benchmarks["mmlu"]
    assert (mmlu["items"], mmlu["chance"], mmlu["human"], mmlu["superseded_by"]) == (14_042, 0.25, 0.898, "mmlu-pro")
    assert mmlu["caveats"][0].keys() == {"kind", "text", "source"}
    assert mmlu["scores"] > 5


def test_saturated_benchmark_has_the_flaw_saturation(client):
    score(Benchmark.objects.create(slug="own", name="Own", status="saturated"), "m", 0.5)
    shown = [each for *_, suite in client.get("/benchmarks/").context["suites"] for each in suite]
    saturated = [each.benchmark.slug for each in shown if each.benchmark.status == "saturated"]
    assert [each.benchmark.slug for each in shown if "Saturation" in each.flaws] == saturated
    assert "own" in saturated


def test_distrusted_tests_stand_in_one_list_with_a_reason_each(client):
    listed = client.get("/benchmarks/").context["distrusted"]
    reasons = {benchmark.slug: (kind, reason) for benchmark, kind, reason in listed}
    assert reasons["mmlu"] == (
        "Errors in the test",
        "6.5% of the questions are wrong or ambiguous. In virology, 57% are.",
    )
    assert reasons["truthfulqa"][0] == "Saturation"
    assert reasons["hle"][0] == "Errors in the test"
    assert "musr" not in reasons
    assert "Tests to distrust, and why" in text(client, "/benchmarks/")
