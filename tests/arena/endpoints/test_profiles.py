"""The public profiles of models, over HTTP."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest

from arena.models import LIVE_POOL, EndpointDay, Standing
from catalog.facts.claims import HAND_SOURCE, record_claims
from catalog.facts.fields import Claim
from catalog.models import Fact, LanguageModel, Price
from tests import factories

pytestmark = pytest.mark.django_db

MODELS = "/api/v1/models/"
SETTLED = datetime.now(UTC).date() - timedelta(days=3)
LICENSE_TEXT = "https://licenses.example/apache"
SET = {
    "organization": "Maker", "license": "Apache-2.0", "open_weights": True, "kind": "chat",
    "release_date": "2026-01-02", "knowledge_cutoff": "2025-06-01", "parameters_total": 7_000_000_000,
    "parameters_active": 2_000_000_000, "training_tokens": 10**13, "context_window": 8192, "max_input": 8000,
    "max_output": 4096, "modalities": ["text"], "tools": True,
}  # fmt: skip
TODAY = datetime.now(UTC).date().isoformat()
PRICE = {
    "input": 0.5, "output": 2.0, "context": None, "source": "https://prices.example", "url": "https://prices.example",
    "as_of": "2026-02-01", "by_hand": False,
}  # fmt: skip
RATING = {"rating": 1040.5, "ci_low": 1000.0, "ci_high": None, "rank": 2, "votes": 70, "provisional": True}


def create_known_model(slug):
    """A model with a value in every field."""
    facts = {
        "kind": "chat", "open_weights": True, "release_date": date(2026, 1, 2), "knowledge_cutoff": date(2025, 6, 1),
        "parameters_total": 7_000_000_000, "parameters_active": 2_000_000_000, "training_tokens": 10**13,
        "context_window": 8192, "max_input": 8000, "max_output": 4096, "modalities": ["text"], "tools": True,
    }  # fmt: skip
    model = factories.model(
        slug,
        organization=factories.organization("Maker"),
        license=factories.license("Apache-2.0", commercial="yes", source=LICENSE_TEXT, as_of=date(2026, 1, 3)),
        base_model=factories.model("base"),
        **facts,
    )
    for day, cost in ((date(2026, 1, 1), 9), (date(2026, 2, 1), "0.5")):
        Price.objects.create(
            model=model, input=cost, output=2, source="https://prices.example", as_of=day, by_hand=False
        )
    EndpointDay.objects.create(
        endpoint=factories.endpoint(model), day=SETTLED, answers=8, public_answers=8, public_failures=2,
        first_token_p50=0.5, tokens_per_s_p50=40.0,
    )  # fmt: skip
    Standing.objects.update_or_create(pool_id=LIVE_POOL, defaults={"ratings": {slug: RATING}})
    return model


def in_list(client, slug):
    return {model["slug"]: model for model in client.get(MODELS).json()["results"]}[slug]


def test_model_tells_what_is_known_with_sources_and_what_was_measured(client):
    create_known_model("seven")
    assert in_list(client, "seven") == {
        "slug": "seven", "name": "Seven", "kind": "chat", "status": "current", "open_weights": True,
        "retires_on": None, "successor": None,
        "release_date": "2026-01-02", "knowledge_cutoff": "2025-06-01", "parameters_total": 7_000_000_000,
        "parameters_active": 2_000_000_000, "training_tokens": 10**13, "context_window": 8192, "max_input": 8000,
        "max_output": 4096, "modalities": ["text"], "tools": True, "organization": "Maker", "license": "Apache-2.0",
        "commercial_use": "yes", "base_model": "base", "in_draw": True, "variant": None, "variant_of": None,
        "facts": {
            field: {"value": value, "source": HAND_SOURCE, "url": None, "as_of": TODAY, "by_hand": True}
            for field, value in SET.items()
        } | {
            "commercial_use": {
                "value": "yes", "source": LICENSE_TEXT, "url": LICENSE_TEXT, "as_of": "2026-01-03", "by_hand": False,
            },
        },
        "price": PRICE,
        "arena": RATING,
        "measured": {
            "answers": 8, "calls": 10, "failures": 2, "failure_rate": 0.2, "first_token_s": 0.5, "tokens_per_s": 40.0,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    "own", [{}, {"temperature": 0.0}, {"max_tokens": 200, "thinking_tokens": 8000, "first_token_timeout_s": 60.0}]
)
def test_model_that_is_asked_in_its_own_way_is_a_variant(client, own):
    factories.endpoint(factories.model("seven"), max_concurrency=9, **own)
    assert in_list(client, "seven")["variant"] == (own or None)


@pytest.mark.parametrize(("whole", "told"), [(180, 120), (90, 90)])
def test_wait_for_the_first_token_is_told_no_longer_than_an_answer_may_take(client, settings, whole, told):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_answer_timeout_s=whole)
    factories.endpoint(factories.model("seven"), first_token_timeout_s=120)

    assert in_list(client, "seven")["variant"] == {"first_token_timeout_s": told}
    assert f"at most {told} s" in client.get("/models/seven/").content.decode()


def test_what_is_not_known_is_null(client):
    factories.model("plain")
    profile = in_list(client, "plain")
    empty = {"modalities": [], "kind": "", "status": "current", "in_draw": False, "facts": {}}
    assert {name: value for name, value in profile.items() if value is not None} == {
        "slug": "plain", "name": "Plain", **empty,
    }  # fmt: skip


def test_a_value_that_the_maker_does_not_publish_is_null_and_its_fact_says_so(client):
    model, day = factories.model("withheld"), date(2026, 1, 5)
    claim = Claim("parameters_total", "unpublished", "https://maker.example/card", day)
    record_claims({model.pk: [claim]}, Fact.Origin.SHIPPED)
    profile = client.get(f"{MODELS}withheld/").json()
    assert profile["parameters_total"] is None
    fact = profile["facts"]["parameters_total"]
    assert (fact["value"], fact["source"], fact["as_of"]) == ("unpublished", "https://maker.example/card", "2026-01-05")


def test_facts_come_with_who_said_so_and_when(client):
    """Also values that the columns store less precisely; a value that was set in a column later has its own source."""
    model, day = factories.model("sourced"), date(2026, 1, 5)
    record_claims(
        {
            model.pk: [
                Claim("release_date", "2025-11", "https://maker.example/card (their card)", day),
                Claim("layers", 32, "the paper, page 3", day),
                Claim("tools", None, "https://maker.example/card", day),
                Claim("max_output", 4096, "the paper, page 4", day),
            ]
        },
        Fact.Origin.SHIPPED,
    )
    LanguageModel.objects.filter(pk=model.pk).update(max_output=8192)

    assert client.get(f"{MODELS}sourced/").json()["facts"] == {
        "release_date": {
            "value": "2025-11", "source": "https://maker.example/card (their card)",
            "url": "https://maker.example/card", "as_of": "2026-01-05", "by_hand": False,
        },
        "max_output": {"value": 8192, "source": HAND_SOURCE, "url": None, "as_of": TODAY, "by_hand": True},
        "layers": {
            "value": 32, "source": "the paper, page 3", "url": None, "as_of": "2026-01-05", "by_hand": False,
        },
    }  # fmt: skip


def test_what_was_measured_is_days_old(client):
    """A failure of today would reveal the model behind the side that has just failed."""
    model = create_known_model("seven")
    before = client.get(f"{MODELS}seven/").json()
    today = datetime.now(UTC).date()
    for days in (0, 1):
        EndpointDay.objects.create(
            endpoint=model.contestants.get().endpoint, day=today - timedelta(days=days), answers=0, public_failures=50
        )
    assert client.get(f"{MODELS}seven/").json() == before


def test_list_tells_of_each_what_its_own_address_tells(client):
    for slug in ("one", "two"):
        create_known_model(slug)
    results = client.get(MODELS).json()["results"]
    assert [model["slug"] for model in results] == ["base", "one", "two"]
    for model in results:
        own = client.get(f"{MODELS}{model['slug']}/").json()
        assert model == {name: own[name] for name in model}


def test_model_says_what_its_license_asks_for(client):
    terms = {
        "commercial": "conditional", "research_only": False, "conditions": "below 700 million users",
        "derivatives": "yes", "obligations": "Say that it is built with it.", "source": LICENSE_TEXT,
        "as_of": "2026-01-03", "by_hand": True,
    }  # fmt: skip
    factories.model("x", license=factories.license("Strange", **terms))
    factories.model("y", license=factories.license("Unread"))
    factories.model("z")
    terms_by_model = [client.get(f"{MODELS}{slug}/").json()["license_terms"] for slug in "xyz"]
    assert terms_by_model == [terms, None, None]
    assert client.get(f"{MODELS}x/").json()["facts"]["commercial_use"]["by_hand"]


def test_model_has_its_prices_over_time(client):
    model = create_known_model("seven")
    Price.objects.create(model=model, input=7, output=8, source="our contract", as_of=date(2026, 1, 15))
    profile = client.get(f"{MODELS}seven/").json()
    own = {
        "input": 7.0, "output": 8.0, "context": None, "source": "our contract", "url": None, "as_of": "2026-01-15",
        "by_hand": True,
    }  # fmt: skip
    assert profile["price"] == own
    assert profile["prices"] == [PRICE, own, PRICE | {"input": 9.0, "as_of": "2026-01-01"}]


def test_model_says_which_sources_disagree(client):
    """Equal values do not disagree, and unknown values do not either."""
    model, day = factories.model("sourced"), date(2026, 1, 5)
    values = (("2023-10", "https://a.example"), ("2023-10-05", "b"), ("2023-10", "c"), (None, "d"))
    claims = [Claim("knowledge_cutoff", value, source, day) for value, source in values]
    record_claims(
        {model.pk: [*claims, Claim("tools", True, "a", day), Claim("tools", True, "b", day)]}, Fact.Origin.SHIPPED
    )
    assert client.get(f"{MODELS}sourced/").json()["other_sources"] == {
        "knowledge_cutoff": [
            {"value": "2023-10-05", "source": "b", "url": None, "as_of": "2026-01-05", "by_hand": False}
        ]
    }


@pytest.mark.parametrize("count", [1, 30])
def test_list_asks_the_database_as_often_for_many_as_for_one(client, count, django_assert_num_queries):
    for number in range(count):
        create_known_model(f"m-{number}")
    with django_assert_num_queries(5):
        assert len(client.get(MODELS).json()["results"]) == count + 1


def test_list_comes_in_pages(client):
    slugs = [model.slug for model in factories.models(120)]
    first = client.get(f"{MODELS}?page_size=1000000000").json()
    second = client.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [100, 20]
    assert [model["slug"] for page in (first, second) for model in page["results"]] == sorted(slugs)
    assert client.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize("cursor", ["x", b64encode(urlencode({"p": "\0"}).encode()).decode(), "é"])
def test_list_refuses_a_cursor_that_it_never_gave(client, cursor):
    response = client.get(MODELS, {"cursor": cursor})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
