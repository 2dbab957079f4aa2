"""The page of one model."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from arena.models import EndpointDay, Standing
from catalog.models import Price
from tests import factories

pytestmark = pytest.mark.django_db


def text(client, slug):
    answer = client.get(f"/models/{slug}/")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def test_page_shows_what_is_known(client):
    base = factories.model("quokka-base", name="Quokka base")
    model = factories.model(
        "quokka-7b.1",
        name="Quokka <7B>",
        organization=factories.organization("Maker"),
        license=factories.license("MIT"),
        open_weights=True,
        parameters_total=7_240_000_000,
        parameters_active=1_000_000_000,
        training_tokens=15_000_000_000_000,
        context_window=32_768,
        release_date=date(2026, 1, 2),
        knowledge_cutoff=date(2025, 6, 1),
        base_model=base,
        status="retired",
    )
    Price.objects.create(
        model=model, input=Decimal("0.15"), output=Decimal("0.6"), source="list", as_of=date(2026, 2, 3)
    )

    shown = text(client, "quokka-7b.1")

    assert "Quokka &lt;7B&gt; Maker open weights MIT retired" in shown
    for words in (
        "Parameters 7.24 B, 1 B active",
        "Made from Quokka base",
        "Trained on 15 T tokens",
        "Context 32,768 tokens",
        "Released 2 January 2026",
        "Knows the world until June 2025",
        "Price of a million tokens $0.15 in, $0.60 out (3 February 2026)",
    ):
        assert words in shown


def test_page_leaves_out_what_is_unknown(client):
    factories.model("quokka")

    shown = text(client, "quokka")

    assert "It has no rating yet" in shown
    for words in ("None", "Parameters", "Price", "Released", "Measured", "\N{EM DASH}"):
        assert words not in shown


def test_page_shows_its_rating_in_the_live_pool(client):
    factories.model("quokka")
    row = {"rating": 1034.4, "ci_low": 1010.1, "ci_high": None, "rank": 3, "votes": 1204, "provisional": True}
    Standing.objects.create(pool="live", ratings={"quokka": row, "wombat": row})

    shown = text(client, "quokka")

    assert "1,034 ( 1,010 or more) rank 3 of 2 1,204 votes provisional" in shown.replace("(1", "( 1")


def test_page_shows_what_was_measured_in_a_month_and_nothing_of_today(client):
    endpoint = factories.endpoint(factories.model("quokka"))
    day = datetime.now(UTC).date()
    old = {"answers": 95, "failures": {"timeout": 5}, "first_token_p50": 0.44, "tokens_per_s_p50": 51.7}
    EndpointDay.objects.create(endpoint=endpoint, day=day - timedelta(days=3), **old)
    before = text(client, "quokka")
    EndpointDay.objects.create(endpoint=endpoint, day=day, answers=0, failures={"unavailable": 50})

    assert "Speed 52 tokens/s First token after 0.44 s Failed 5.0 % of 100 calls" in before
    assert text(client, "quokka") == before


@pytest.mark.parametrize("slug", ["nobody", "a%00b", "%0A", "a" * 300])
def test_page_of_an_unknown_model_is_not_there(client, slug):
    assert client.get(f"/models/{slug}/").status_code == 404


def test_page_can_only_be_read(client):
    factories.model("quokka")

    assert client.post("/models/quokka/").status_code == 405
