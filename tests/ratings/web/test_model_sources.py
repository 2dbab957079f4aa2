"""The sources and days of facts and prices, on the page of a model and in the API."""

import re
from datetime import date

import pytest

from catalog.facts.claims import record_claims, set_hand_fact
from catalog.facts.fields import FACT_FIELDS, Claim
from catalog.importers import seed
from catalog.matching import seed_files
from catalog.models import Fact, LanguageModel, Price
from tests import factories

NOT_KNOWN = (None, "", [], "unknown", "current")  # without a fact
UNAVAILABLE = "This model is not available for battles."


def read(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def text(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.django_db
def test_page_shows_prices_for_long_prompts_and_the_source_of_an_off_peak_price(client):
    source = "https://prices.example/list (off-peak)"
    tiers = [{"above": 100_000, "input": 0.5, "output": 2.5}]
    quokka = factories.model("quokka")
    Price.objects.create(model=quokka, input=1, output=3, source="earlier", as_of=date(2026, 1, 1))
    Price.objects.create(model=quokka, input=1, output=2, tiers=tiers, source=source, as_of=date(2026, 1, 2))
    html = read(client, "/models/quokka/")
    shown = text(html)
    long = "off-peak price above 100,000 tokens: $0.50 input, $2.50 output"
    assert f"Prices {long} prices.example , as of" in shown
    assert f'title="{source}"' in html
    assert f"prices.example , entered manually {long}" in shown


@pytest.mark.django_db
def test_page_shows_prices_over_time_and_which_one_was_set_by_hand(client):
    quokka = factories.model("quokka")
    assert "Price over time" not in read(client, "/models/quokka/")
    for day, dollars, by_hand in ((2, 2, False), (3, 5, True)):
        source = "our contract" if by_hand else "https://prices.example (litellm 1.2, quokka)"
        Price.objects.create(
            model=quokka, input=dollars, output=9, source=source, as_of=date(2026, 1, day), by_hand=by_hand
        )
        assert ("Price over time" in read(client, "/models/quokka/")) is by_hand
    shown = text(read(client, "/models/quokka/"))
    assert "Prices our contract , as of January 3, 2026, entered manually" in shown
    assert (
        "January 3, 2026 $5.00 $9.00 our contract , entered manually January 2, 2026 $2.00 $9.00 litellm 1.2" in shown
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "head", "source"),
    [
        ({"retires_on": "2026-08-05", "status": "retired"}, "Retired on August 5, 2026", "Retired on: August 5, 2026"),
        ({"retires_on": "2026-08-05"}, "Retired on August 5, 2026", "Retired on: August 5, 2026"),
        ({"retires_on": "2026-08"}, "Retired in August 2026", "Retired in: August 2026"),
        ({"retires_on": "2099-01-14"}, "Retires on January 14, 2099 " + UNAVAILABLE, "Retires on: January 14, 2099"),
        ({"retires_on": "2099-01"}, "Retires in January 2099 " + UNAVAILABLE, "Retires in: January 2099"),
        ({"retires_on": "2099-01-14", "status": "retired"}, "Retired", "Retires on: January 14, 2099"),
        ({"status": "retired"}, "Retired", "Status: retired"),
        ({}, UNAVAILABLE, ""),
    ],
)
def test_page_states_the_retirement_in_its_head_and_sources(client, facts, head, source):
    quokka = factories.model("quokka")
    claims = [Claim(field, value, "https://list.example", date(2026, 1, 2)) for field, value in facts.items()]
    record_claims({quokka.pk: claims}, Fact.Origin.SHIPPED)
    page = read(client, "/models/quokka/")
    assert text(page.partition('<p class="model-line">')[2].partition("</header>")[0]) == head
    assert source in text(page)


@pytest.mark.django_db
def test_page_marks_facts_that_were_set_by_hand(client):
    quokka = factories.model("quokka")
    claim = Claim("max_input", 1000, "https://list.example", date(2026, 1, 2))
    record_claims({quokka.pk: [claim]}, Fact.Origin.SHIPPED)
    set_hand_fact(quokka.pk, "max_output", 900, "our test", date(2026, 1, 3))
    shown = text(read(client, "/models/quokka/"))
    assert "https://list.example , as of January 2, 2026 Max output" in shown
    assert "our test , as of January 3, 2026, entered manually" in shown
    assert "“Entered manually” means that an operator of this site" in shown


def test_every_shipped_fact_and_price_has_a_source_and_a_day():
    tables = sorted({*seed_files.DATA_DIR.glob("*facts.csv"), *seed_files.DATA_DIR.glob("*prices.csv")})
    rows = [(path.name, row) for path in tables for row in seed_files.read_seed_rows(path.name)]
    rows += [("licenses.toml", entry) for entry in seed_files.read_tables("licenses.toml", "license")]
    assert len(tables) >= 2
    for name, row in rows:
        assert row["source"].strip(), (name, row)
        assert date(2023, 1, 1) < date.fromisoformat(str(row["as_of"])) < date(2100, 1, 1), (name, row)


def list_values(profile):
    """Return all facts, prices, and license terms of a model in the API."""
    others = [fact for facts in profile.get("other_sources", {}).values() for fact in facts]
    values = [*profile["facts"].values(), *others, *profile.get("prices", [])]
    return values + [value for value in (profile["price"], profile.get("license_terms")) if value]


@pytest.mark.django_db
def test_catalog_is_shown_after_the_first_start_and_each_fact_and_price_has_a_source_and_a_day(client):
    seed.seed_catalog()
    shown = text(read(client, "/models/?weights=open&q=llama-3.1"))
    assert re.search(r"llama-3\.1-8b-instruct (\$[\d.]+ )?Meta Llama 3\.1 Community chat", shown)
    sonnet = "Claude 3.5 Sonnet (20240620)"
    assert sonnet not in shown
    for query in ("weights=closed&organization=Anthropic", "q=sonnet+20240620"):
        assert sonnet in text(read(client, f"/models/?{query}"))
    assert "self-reported" in read(client, "/models/")
    samples = ("gpt-4o-2024-08-06", "llama-3.1-8b-instruct", "claude-3-opus-20240229")
    LanguageModel.objects.filter(slug__in=samples[:2]).update(max_output=4096, kind="chat")  # in a shell, for example
    profiles = [client.get(f"/api/v1/models/{slug}/").json() for slug in samples]
    listed = client.get("/api/v1/models/?page_size=1000").json()["results"]
    for profile in [*profiles, *listed]:
        known = {name for name in (*FACT_FIELDS, "commercial_use") if profile.get(name) not in NOT_KNOWN}
        assert known <= profile["facts"].keys()
        for value in list_values(profile):
            assert value["source"], value
            assert date.fromisoformat(value["as_of"]), value
    for profile in profiles:
        page = read(client, f"/models/{profile['slug']}/")
        assert "Derived models allowed" in page and "Fine-tunes and derivatives" not in page
        facts = page.partition('<details class="fold told">')[2].partition("</details>")[0]
        assert facts.count("<dt>") == len(profile["facts"].keys() - {"commercial_use"}) == facts.count("as of ")
        assert page.count("as of ") == facts.count("as of ") + bool(profile["price"])
        assert "<dt>As of</dt><dd>" in page[page.index("License terms") :]
        cost = client.get(f"/api/v1/cost/?model={profile['slug']}&input_tokens=1M").json()["model"]
        assert bool(cost["price_source"]) == bool(cost["price_as_of"]) == bool(profile["prices"])
