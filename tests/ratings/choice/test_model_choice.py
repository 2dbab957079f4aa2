"""A shortlist over real rows: over HTTP, and what it takes from where."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from arena.models import EndpointDay
from catalog.models import Benchmark, LanguageModel, Price, Score
from ratings.choice.limits import LIMIT_ASSESSORS
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db

API = "/api/v1/shortlist/"


def priced(model, amount, **fields):
    fields = {"source": "list", "as_of": date(2026, 1, 1), **fields}
    return Price.objects.create(model=model, input=Decimal(amount), output=Decimal(amount), **fields)


def beats(winner, loser, times, **fields):
    """Often enough to be told apart; the other wins now and then."""
    losses = -(-times // 5)
    factories.cast(winner, loser, "a", multiplicity=times - losses, **fields)
    factories.cast(winner, loser, "b", multiplicity=losses, **fields)


@pytest.fixture
def three():
    """The best is dear, the second cheap and open, the last one free for nobody."""
    allowed, forbidden = factories.license("MIT", commercial="yes"), factories.license("NC", commercial="no")
    best = factories.model("best", license=allowed, open_weights=False, context_window=400_000)
    cheap = factories.model("cheap", license=allowed, open_weights=True, context_window=128_000)
    bound = factories.model("bound", license=forbidden, open_weights=True, context_window=200_000)
    for model, amount in ((best, 5), (cheap, 1), (bound, 1)):
        priced(model, amount)
    return best, cheap, bound


def shortlist(client, **query):
    response = client.get(API, query)
    assert response.status_code == 200, response.content
    return response.json()


def slugs(models):
    return [each["model"] for each in models]


def test_shortlist_tells_who_is_left_and_why_others_are_not(client, three):
    found = shortlist(client, commercial="on", context="200k", price="2")
    assert slugs(found["survivors"]) == []
    assert {each["model"]: [why["words"] for why in each["failures"]] for each in found["excluded"]} == {
        "best": ["price $5.00 > $2.00"],
        "cheap": ["context 128,000 < 200,000"],
        "bound": ["commercial use not allowed"],
    }
    assert sorted(found["near_misses"]) == ["best", "bound", "cheap"]
    assert found["gained"] == {"commercial": 1, "context": 1, "price": 1}
    assert found["costliest"] == "commercial"


def test_shortlist_orders_by_the_board_of_the_task(client, three):
    best, cheap, bound = three
    beats(best, cheap, 30)
    beats(cheap, bound, 30)
    beats(bound, cheap, 6, categories=["coding"])
    beats(cheap, best, 6, categories=["coding"])
    board_refresh.refresh()
    for slug in ("livecodebench", "humaneval"):
        benchmark = Benchmark.objects.create(slug=slug, name=slug)
    Score.objects.create(model=cheap, benchmark=benchmark, task="humaneval", metric="acc", value=0.5)

    overall, coding = shortlist(client), shortlist(client, task="coding")

    assert (overall["category"], coding["category"]) == ("overall", "coding")
    assert slugs(overall["survivors"])[0] == "best"
    assert slugs(coding["survivors"])[-1] == "best"
    benchmarks = [(each["slug"], each["scored"]) for each in coding["task"]["benchmarks"]]
    assert benchmarks == [("livecodebench", False), ("humaneval", True)]
    assert overall["task"] is None
    assert overall["computed_at"].endswith("Z")


def test_shortlist_without_votes_is_ordered_by_price(client, three):
    found = shortlist(client)
    assert (found["pool"], found["computed_at"]) == ("live", None)
    assert slugs(found["survivors"]) == ["bound", "cheap", "best"]
    assert [each["price"] for each in found["survivors"]] == [1, 1, 5]


def test_rating_beside_the_main_component_is_none(client):
    first, second, third, fourth = factories.models(4)
    beats(first, second, 10)
    beats(third, fourth, 5)
    board_refresh.refresh()
    rated = {each["model"]: each["tier"] for each in shortlist(client)["survivors"]}
    assert rated == {first.slug: 1, second.slug: 1, third.slug: None, fourth.slug: None}


def test_newest_price_and_measured_speed_count(client, three):
    priced(three[0], 2, source="new list", as_of=date(2026, 6, 1))
    endpoint = factories.endpoint(three[0])
    day = timezone.now().date() - timedelta(days=3)
    EndpointDay.objects.create(endpoint=endpoint, day=day, answers=5, first_token_p50=0.5, tokens_per_s_p50=80)

    found = shortlist(client, speed="70")

    [best] = found["survivors"]
    assert (best["model"], best["price"], best["tokens_per_s"], best["latency_s"]) == ("best", 2, 80, 0.5)
    assert [(each["model"], each["unknown"]) for each in found["undecided"]] == [
        ("bound", ["speed"]),
        ("cheap", ["speed"]),
    ]


# Limit → a value in the address, the words about a model that violates it, its value, the bound, and the unit.
PER_MILLION, PER_MONTH = "US dollars per million tokens", "US dollars per month"
VIOLATED = {
    "commercial": ("on", "commercial use not allowed", "no", "yes", None),
    "openness": ("open", "weights closed, not open", "closed", "open", None),
    "context": ("200k", "context 128,000 < 200,000", 128_000, 200_000, "tokens"),
    "cutoff": ("2025-01", "knowledge cutoff 2023-10 < 2025-01", "2023-10-01", "2025-01-01", None),
    "modalities": ("image", "does not accept images", ["text"], ["image"], None),
    "tools": ("on", "cannot call tools", False, True, None),
    "price": ("2", "price $5.00 > $2.00", 5.0, 2.0, PER_MILLION),
    "monthly": ("400", "monthly cost $600.00 > $400.00", 600.0, 400.0, PER_MONTH),
    "latency": ("0.5", "seconds to the first token 1.25 > 0.5", 1.25, 0.5, "seconds"),
    "speed": ("40", "tokens per second 39.5 < 40", 39.5, 40.0, "tokens per second"),
    "failures": ("1", "failed calls 5% > 1%", 5.0, 1.0, "percent"),
    "rate": ("1000", "requests per minute 50 (tier 1) < 1,000", 50, 1000, "requests per minute"),
    "token_rate": ("100k", "tokens per minute 30,000 (tier 1) < 100,000", 30_000, 100_000, "tokens per minute"),
    "params": ("4B", "parameters 7B > 4B", 7 * 10**9, 4 * 10**9, "parameters"),
    "gpu_memory": ("8", "closed weights cannot run on your own GPUs", None, 8.0, "GiB"),
    "weeks": ("4", "weeks to launch 9 > 4", 9.0, 4.0, "weeks"),
}
ESTIMATES = {"input_tokens": "100M", "output_tokens": "20M", "api_weeks": "9"}


def test_each_limit_is_checked_against_its_fact_and_told_in_words_and_as_data(client):
    short = known(
        "short", license="no", price=5, open_weights=False, context_window=128_000, tools=False, modalities=["text"],
        knowledge_cutoff=date(2023, 10, 1), parameters_total=7 * 10**9, requests_per_minute="50 (tier 1)",
        tokens_per_minute="30000 (tier 1)",
    )  # fmt: skip
    figures = {"answers": 95, "public_answers": 95, "public_failures": 5, "first_token_p50": 1.25}
    day = timezone.now().date() - timedelta(days=3)
    EndpointDay.objects.create(endpoint=factories.endpoint(short), day=day, tokens_per_s_p50=39.5, **figures)
    assert list(VIOLATED) == list(LIMIT_ASSESSORS)
    query = {name: value for name, (value, *_) in VIOLATED.items()} | ESTIMATES
    [excluded] = shortlist(client, **query)["excluded"]
    assert {
        each["limit"]: (query[each["limit"]], each["words"], each["value"], each["bound"], each["unit"])
        for each in excluded["failures"]
    } == VIOLATED


def known(slug, license=None, price=None, measured=None, **fields):  # noqa: A002  # as the field is called
    model = factories.model(slug, **fields)
    if license:
        model.license = factories.license(f"License {license}", commercial=license)
        model.save()
    if price:
        priced(model, price)
    return model


def test_parameter_that_was_removed_is_refused_and_pages_redirect(client):
    for value in ("keep", "exclude"):
        response = client.get(API, {"price": "2", "unknown": value})
        assert (response.status_code, [*response.json()["error"]["fields"]]) == (400, ["unknown"])
        for page in ("/choose/", "/choose/decision/"):
            for query, rest in ((f"unknown={value}", ""), (f"price=2&unknown={value}&tools=on", "?price=2&tools=on")):
                response = client.get(f"{page}?{query}")
                assert (response.status_code, response["Location"]) == (301, page + rest)


def test_rating_comes_with_its_interval_and_rank(client, three):
    beats(three[0], three[1], 30)
    board_refresh.refresh()
    rows = {row["model"]: row for row in client.get("/api/v1/leaderboard/").json()["rows"]}
    names = ("rating", "ci_low", "ci_high", "rank", "rank_low", "rank_high", "tier")
    for each in shortlist(client)["survivors"]:
        row = rows.get(each["model"], dict.fromkeys(names))
        assert [each[name] for name in names] == [row[name] for name in names]


def test_shortlist_suggests_the_best_the_cheapest_as_good_and_the_best_open_one(client, three):
    assert shortlist(client)["picks"] is None
    beats(three[0], three[1], 4)
    board_refresh.refresh()
    picks = shortlist(client)["picks"]
    assert [picks[name]["model"] for name in ("best", "cheapest", "open")] == ["best", "cheap", "cheap"]
    assert (picks["best"]["price"], picks["cheapest"]["price"]) == (5, 1)
    assert picks["best"]["ci_low"] < picks["best"]["rating"] < picks["best"]["ci_high"]

    assert shortlist(client, openness="closed")["picks"]["open"] is None


def test_retired_and_demo_models_are_not_offered(client, three):
    today = timezone.now().date()
    factories.endpoint(factories.model("talker", demo=True))
    factories.model("gone", status="retired")
    factories.model("going", retires_on=today)
    factories.model("leaving", retires_on=today + timedelta(days=1))
    for query in ({}, {"context": "1k"}, {"openness": "open"}):
        found = shortlist(client, **query)
        groups = found["survivors"] + found["undecided"] + found["excluded"]
        assert not {"gone", "going", "talker"} & {*slugs(groups)}
        assert {each["model"]: each["retires_on"] for each in groups}["leaving"] == f"{today + timedelta(days=1)}"
        assert found["contestants"] == []


def test_survivors_that_answer_here_can_battle(client, three):
    factories.endpoint(three[0])
    factories.endpoint(three[1])
    factories.endpoint(three[2], enabled=False)
    assert shortlist(client)["contestants"] == ["cheap", "best"]


def test_contestants_are_those_that_are_named_or_all_survivors_that_answer_here(client, three):
    mystery = factories.model("mystery")
    for model in (*three, mystery):
        factories.endpoint(model)
    assert shortlist(client, price="9")["contestants"] == ["bound", "cheap", "best"]
    assert shortlist(client, price="9", among=["best", "mystery", "nobody"])["contestants"] == ["best", "mystery"]
    assert shortlist(client, price="2", among=["best", "cheap", "\0"])["contestants"] == ["cheap"]


def test_contestants_are_no_more_than_a_battle_may_name(client):
    for model in factories.models(25):
        factories.endpoint(model)
    found = shortlist(client)
    assert (len(found["survivors"]), len(found["contestants"])) == (25, 20)


def test_search_over_http_gives_group_and_reasons(client, three):
    LanguageModel.objects.filter(slug="bound").update(retires_on=date(2099, 12, 1), successor="best")
    factories.model("bound-2024", retires_on=date(2026, 3, 1), successor="bound")
    assert shortlist(client, price="2")["found"] == []
    assert shortlist(client, commercial="on", tools="on", find="bound")["found"] == [
        {
            "model": "bound", "name": "Bound", "group": "excluded", "retired_on": None, "retires_on": "2099-12-01",
            "successor": "Best",
            "reasons": ["commercial use not allowed", "tool use unknown"],
        },
        {
            "model": "bound-2024", "name": "Bound-2024", "group": "retired", "retired_on": "2026-03-01", "reasons": [],
            "retires_on": None, "successor": "Bound",
        },
    ]  # fmt: skip


def test_price_is_that_for_prompts_as_long_as_the_context(client):
    model = known("long", price=1, context_window=10**6)
    tiers = [{"above": 100_000, "input": 5, "output": 5}]
    model.prices.update(tiers=tiers, source="https://prices.example (off-peak)")
    for query, price, above in (({}, 1, 0), ({"context": "100k"}, 1, 0), ({"pages": "200"}, 5, 100_000)):
        [found] = shortlist(client, **query)["survivors"]
        assert (found["price"], found["price_above"], found["off_peak"]) == (price, above, True)
        assert found["tiers"] == [{"above": 100_000, "input": 5.0, "output": 5.0}]
        page = client.get("/choose/", query or {"task": ""}).content.decode()
        assert ("above 100K tokens" in page, "up to 100K tokens" in page) == (bool(above), not above)
        assert "off-peak" in page
        assert ("&amp;context=120000" in page) == bool(above)
    [excluded] = shortlist(client, context="180k", price="2")["excluded"]
    assert excluded["failures"][0]["words"] == "price $5.00 > $2.00 for prompts above 100,000 tokens (off-peak price)"
