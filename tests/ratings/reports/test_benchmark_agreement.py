"""A benchmark held against the ratings of a board, and what the API says of it."""

import pytest
from django.db.models import F

from catalog.importers import seed as catalogue
from catalog.models import Benchmark, LanguageModel, Score
from ratings.interchange import seed_pools
from ratings.models import SEED_POOL
from ratings.reports import benchmark_agreement
from ratings.reports.benchmark_agreement import AgreementQuery
from tests import factories
from tests.ratings.benchmark_boards import AVERAGES, NAMES, RATINGS, benchmark, rated, scored, some

pytestmark = pytest.mark.django_db
CALL = "/api/v1/benchmarks/b/disagreement/"
LINE = ("slope", "intercept", "sd", "spearman", "spearman_low", "spearman_high", "rank_signal")


def said(client, query=""):
    answer = client.get(f"{CALL}{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_known_models_are_where_they_are_known_to_be(client):
    scored(AVERAGES)
    rated(RATINGS)
    found = said(client)
    assert (found["n"], found["missing"], found["problem"], found["rank_signal"]) == (53, 0, None, "kept")
    assert found["spearman"] == pytest.approx(0.859, abs=1e-3)
    assert (found["slope"], found["sd"]) == (pytest.approx(6.266, abs=1e-3), pytest.approx(33.8, abs=0.1))
    assert found["spearman_low"] < found["spearman"] < found["spearman_high"]
    points = found["points"]
    assert [point["model"] for point in points[:3]] == [
        *("phi-3-mini-128k-instruct", "phi-3-small-8k-instruct", "phi-3-mini-4k-instruct")
    ]
    first = points[0]
    assert first["name"] == "<phi-3-mini-128k-instruct>"
    assert (first["score"], first["rating"], first["verdict"]) == (pytest.approx(26.344), 1061, "below")
    assert (first["ci_low"], first["ci_high"]) == (1061 - 4.9, 1061 + 4.9)
    assert first["score_margin"] == pytest.approx(2.73, abs=0.01)  # 1.96 * sqrt(0.26344 * 0.73656 / 1000), in per cent
    assert first["expected"] == pytest.approx(974.1 + 6.266 * 26.344, abs=0.2)
    assert first["z_low"] < first["z"] < first["z_high"] < 0
    assert first["z"] == pytest.approx((1061 - first["expected"]) / found["sd"])
    # The noise of both makes the range of a residual.
    reach = ((1.959964 * 2.5) ** 2 + (found["slope"] * first["score_margin"]) ** 2) ** 0.5 / found["sd"]
    assert first["z_high"] - first["z"] == pytest.approx(reach, rel=1e-5)


def test_where_only_intervals_were_published_they_are_the_noise(client):
    scored(AVERAGES, n=None)
    rated(RATINGS, se=None)
    found = said(client)
    point = found["points"][0]
    assert point["score_margin"] is None
    assert point["z_high"] - point["z"] == pytest.approx(4.9 / found["sd"], rel=1e-5)


def test_orders_that_have_nothing_to_do_with_each_other_have_lost_the_signal(client):
    scored({name: place * 7919 % 53 / 53 for place, name in enumerate(NAMES)})
    rated(RATINGS)
    found = said(client)
    assert found["rank_signal"] == "lost"
    assert found["spearman"] < 0.3


@pytest.mark.parametrize(("count", "missing"), [(0, 12), (1, 11), (11, 1)])
def test_too_few_models_have_points_and_no_line(client, count, missing):
    scored(some(AVERAGES, count + 3))
    rated(some(RATINGS, count))
    found = said(client)
    assert (found["n"], found["missing"], found["needed"], found["problem"]) == (count, missing, 12, "too_few")
    assert {found[name] for name in LINE} == {None}
    assert len(found["points"]) == count
    assert [point["rating"] for point in found["points"]] == sorted(some(RATINGS, count).values(), reverse=True)
    assert {point[name] for point in found["points"] for name in ("expected", "z", "z_low", "z_high", "verdict")} <= {
        None
    }


def test_equal_scores_make_no_line(client):
    scored(dict.fromkeys(NAMES, 0.5))
    rated(RATINGS)
    found = said(client)
    assert (found["problem"], found["missing"], found["slope"], len(found["points"])) == ("flat", 0, None, 53)


def test_benchmark_without_scores_has_no_conditions(client):
    benchmark()
    factories.board()
    found = said(client)
    assert (found["conditions"], found["other_conditions"], found["points"], found["left_out"]) == (None, [], [], [])


@pytest.mark.parametrize(
    ("own", "first", "second", "pool", "shown"),
    [
        (20, 30, 40, "live", None),
        (12, 30, 40, "live", None),
        (11, 30, 40, "first", 11),
        (0, 11, 40, "second", 0),
        (5, 9, 8, "first", 5),
        (9, 9, 9, "live", None),
        (0, 0, 0, "live", None),
    ],
)
def test_own_ratings_are_used_unless_too_few_have_one(own, first, second, pool, shown):
    scored(AVERAGES)
    for slug, count in (("first", first), ("live", own), ("second", second)):
        rated(some(RATINGS, count), pool=slug)
    found = benchmark_agreement.compare_benchmark(benchmark(), AgreementQuery())
    assert (found.board["pool"], found.own_models) == (pool, shown)


def test_pool_that_is_named_is_used_however_few_it_has_and_a_category_has_its_own(client):
    scored(AVERAGES)
    rated(RATINGS)
    rated(some(RATINGS, 3), pool="small")
    rated(some(RATINGS, 20), category="coding")
    small, coding = said(client, "?pool=small"), said(client, "?category=coding")
    assert (small["pool"], small["n"]) == ("small", 3)
    assert (coding["category"], coding["n"]) == ("coding", 20)


@pytest.mark.parametrize(
    ("coding", "query", "shown"),
    [
        (12, "", ("elsewhere", "coding")),
        (11, "", ("live", "overall")),
        (12, "?pool=elsewhere", ("elsewhere", "coding")),
        (12, "?pool=live", ("live", "overall")),
        (12, "?category=overall", ("live", "overall")),
    ],
)
def test_votes_on_the_subject_of_a_benchmark_are_the_default(client, coding, query, shown):
    benchmark(category="coding")
    scored(AVERAGES)
    rated(RATINGS)
    rated(RATINGS, pool="elsewhere")
    rated(some(RATINGS, coding), pool="elsewhere", category="coding")
    found = said(client, query)
    assert (found["pool"], found["category"]) == shown


def test_time_that_is_asked_for_is_that_of_the_board(client):
    scored(AVERAGES)
    old = rated(some(RATINGS, 15))
    rated(RATINGS)
    at = old.computed_at.isoformat().replace("+00:00", "Z")
    assert said(client, f"?pool=live&at={at}")["n"] == 15
    assert said(client, f"?pool=live&at={at}")["computed_at"] == at


@pytest.mark.parametrize(
    "other",
    [{"shots": 3}, {"version": "2"}, {"metric": "em"}, {"harness": "", "method": "CoT"}, {"chat_template": True},
     {"limited": True}, {"measured_by": "them"}],
)  # fmt: skip
def test_scores_of_other_conditions_are_in_no_line_with_these(client, other):
    fewer = {name: AVERAGES[name] for name in NAMES[20:35]}
    scored(AVERAGES)
    scored(fewer, run="other", **other)
    rated(RATINGS)
    found = said(client)
    [rest] = found["other_conditions"]
    assert (found["n"], found["conditions"]["models"], rest["models"]) == (53, 53, 15)
    again = said(client, f"?conditions={rest['key']}")
    assert {point["model"] for point in again["points"]} == set(fewer)
    assert again["conditions"] == rest
    assert again["other_conditions"] == [found["conditions"]]


def test_conditions_with_most_rated_models_go_first_not_those_with_most_scores(client):
    unrated = {f"nobody-{number}": 0.5 for number in range(60)}
    scored(some(AVERAGES, 12) | unrated, shots=5)
    scored(some(AVERAGES, 14))
    rated(RATINGS)
    found = said(client)
    assert (found["n"], found["conditions"]["shots"]) == (14, None)


def test_of_several_scores_of_a_model_the_newest_counts(client):
    scored(some(AVERAGES, 12), date="2025-01-01")
    scored({NAMES[0]: 0.99}, date="2026-01-01", source="there")
    rated(RATINGS)
    assert {point["model"]: point["score"] for point in said(client)["points"]}[NAMES[0]] == 99


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"component": 1}, "unconnected"), ({"unbounded": True, "provisional": True}, "unbounded"),
     ({"provisional": True}, "provisional")],
)  # fmt: skip
def test_ratings_that_cannot_be_compared_are_left_out_and_named(client, fields, reason):
    scored(some(AVERAGES, 2) | {"nobody": 0.5})
    rated(some(RATINGS, 2), **fields)
    found = said(client, "?pool=live")
    assert found["points"] == []
    assert {each["model"]: each["reason"] for each in found["left_out"]} == {
        NAMES[0]: reason, NAMES[1]: reason, "nobody": "unrated",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/benchmarks/none/disagreement/", 404, "There is no benchmark 'none'."),
        ("/api/v1/benchmarks/%00/disagreement/", 404, "There is no benchmark"),
        (f"{CALL}?pool=none", 404, "There is no pool 'none'."),
        (f"{CALL}?pool=%00", 404, "There is no pool"),
        (f"{CALL}?category=none", 404, "There is no category 'none'."),
        (f"{CALL}?category=%00", 404, "There is no category"),
        (f"{CALL}?conditions=none", 404, "B has no scores under these conditions."),
        (f"{CALL}?conditions=%00", 404, "B has no scores under these conditions."),
        (f"{CALL}?at=soon", 400, "“at” must be a time in ISO 8601"),
    ],
)
def test_what_is_not_there_is_said_in_our_words(client, path, status, words):
    scored(AVERAGES)
    rated(RATINGS)
    for prefix in ("", "/api/v1"):
        answer = client.get(path.replace("/api/v1", prefix, 1))
        assert answer.status_code == status
    assert words in client.get(path).json()["error"]["detail"]


@pytest.mark.parametrize(
    ("scores", "ratings", "fields", "there"),
    [(12, 12, {}, True), (12, 11, {}, False), (11, 12, {}, False), (12, 12, {"provisional": True}, False)],
)
def test_benchmarks_are_compared_from_twelve_models_on(scores, ratings, fields, there):
    scored(some(AVERAGES, scores))
    rated(some(RATINGS, ratings), pool="elsewhere", **fields)
    assert benchmark_agreement.find_comparable_slugs() == ({"b"} if there else set())


def test_reports_without_a_harness_are_not_counted_together():
    for number, name in enumerate(NAMES[:24]):
        scored({name: AVERAGES[name]}, harness="", source=f"report {number // 8}")
    rated(RATINGS)
    assert benchmark_agreement.find_comparable_slugs() == set()
    Score.objects.update(harness="h")
    assert benchmark_agreement.find_comparable_slugs() == {"b"}


def test_new_installation_shows_something_real_and_no_model_by_its_slug():
    catalogue.seed_catalog()
    seed_pools.seed_reference_models()
    unnamed = set(LanguageModel.objects.filter(name=F("slug")).values_list("slug", flat=True))
    assert unnamed == {"gpt-oss-120b", "gpt-oss-20b", "o1-mini", "o1-preview", "o3-mini"}  # their makers write them so
    names = list(LanguageModel.objects.values_list("name", flat=True))
    assert len(set(names)) == len(names)
    seed_pools.seed_vote_pool()
    assert benchmark_agreement.find_comparable_slugs() == {"humaneval"}
    found = benchmark_agreement.compare_benchmark(Benchmark.objects.get(slug="humaneval"), AgreementQuery())
    assert (found.board["pool"], found.own_models) == (SEED_POOL, 0)
    assert len(found.points) == 28
    assert found.group.ranking.first.harness == "EvalPlus"
    assert found.regression.spearman == pytest.approx(0.85, abs=0.1)
    assert [each for each in found.left_out if each["reason"] == "unrated"] == []
