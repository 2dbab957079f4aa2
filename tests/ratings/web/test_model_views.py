"""The page of one model."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from arena.models import EndpointDay, Pool
from catalog.facts.claims import record_claims
from catalog.facts.fields import Claim
from catalog.models import Benchmark, Fact, Price, Score
from ratings.models import PairTable
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db
SHIPPED = Fact.Origin.SHIPPED


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
        model=model, input=Decimal("0.15"), output=Decimal("0.6"), source="list", as_of=date(2026, 2, 3), by_hand=False
    )

    shown = text(client, "quokka-7b.1")

    assert "Quokka &lt;7B&gt; Maker open weights MIT Retired" in shown
    for words in (
        "Parameters 7.24B, 1B active",
        "Base model Quokka base",
        "Trained on 15T tokens",
        "Context 32,768 tokens",
        "Released January 2, 2026",
        "Knowledge cutoff June 2025",
        "Prices list , as of February 3, 2026 Total cost",
    ):
        assert words in shown


def test_page_draws_each_figure_among_those_of_all_models(client):
    for slug, dollars, window in (("quokka", 1, 1_000), ("wombat", 10, 100_000), ("numbat", 100, None)):
        model = factories.model(slug, context_window=window)
        fields = {"input": dollars, "output": dollars, "source": "list", "as_of": date(2026, 2, 3), "by_hand": False}
        Price.objects.create(model=model, **fields)
    figures = client.get("/models/wombat/").context["figures"]
    assert [(each.label, each.text, each.verdict, each.low, each.high) for each in figures] == [
        ("Input / 1M", "$10.00", "Above 33% of models", "$1.00", "$100.00"),
        ("Output / 1M", "$10.00", "Above 33% of models", "$1.00", "$100.00"),
        ("Context", "100,000", "Above 50% of models", "1,000", "100,000"),
    ]
    assert figures[0].scale.place(figures[0].log_value) == 50
    assert figures[0].all_log_values == [0, 1, 2]
    assert "Input / 1M $10.00 Above 33% of models $1.00 $100.00" in text(client, "wombat")
    assert "Input / 1M $1.00 Below 66% of models $1.00 $100.00" in text(client, "quokka")


def test_figure_that_has_no_place_is_not_drawn(client):
    free = factories.model("free")
    for model, dollars in ((free, 0), (factories.model("quokka"), 1), (factories.model("wombat"), 2)):
        fields = {"output": dollars, "source": "list", "as_of": date(2026, 2, 3), "by_hand": False}
        Price.objects.create(model=model, input=dollars, **fields)
    factories.model("alone", context_window=8_000)
    for slug in ("free", "alone"):
        figures = client.get(f"/models/{slug}/").context["figures"]
        assert figures
        assert not any(each.scale for each in figures)


def test_page_leaves_out_what_is_unknown(client):
    factories.model("quokka")

    shown = text(client, "quokka")

    assert "Not rated on this site yet" in shown
    for words in ("None", "Parameters", "Price", "Released", "Measured", "\N{EM DASH}"):
        assert words not in shown


def won(winner, loser, times, **fields):
    factories.cast(winner, loser, multiplicity=times, **fields)


def test_page_shows_where_it_stands_on_each_board_and_leads_to_its_row(client):
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT, name="Votes <of> 2024")
    quokka, wombat, numbat = (factories.model(slug) for slug in ("quokka-7b.1", "wombat", "numbat"))
    for pool in ("live", "elsewhere"):
        won(quokka, wombat, 2, pool=pool)
        won(wombat, quokka, 2, pool=pool)
    factories.cast(wombat, numbat, pool="elsewhere")
    factories.cast(wombat, numbat, categories=["coding"])
    board_refresh.refresh()

    shown, html = text(client, "quokka-7b.1"), client.get("/models/quokka-7b.1/").content.decode()

    assert "Not rated on this site yet" not in shown
    place = "rank 1 of 3 models, rating 1,000"
    assert f"This arena {place} blind votes on this site · 4 votes · provisional" in shown
    assert f"Votes &lt;of&gt; 2024 {place} votes cast elsewhere · 4 votes · provisional" in shown
    assert "Rank 1 of 3 likely 1\N{EN DASH}3 Rating 1,000 830 \N{EN DASH} 1,170" in shown
    assert shown.index("blind votes on this site") < shown.index("elsewhere")
    for pool in ("live", "elsewhere"):
        assert f'href="/leaderboard/?pool={pool}#model-quokka-7b.1"' in html
        assert 'id="model-quokka-7b.1"' in client.get(f"/leaderboard/?pool={pool}").content.decode()


def test_page_counts_the_models_that_its_rank_is_among(client):
    first, second, third, fourth = factories.contestants(4)
    for a, b, times in ((first, second, 3), (third, fourth, 1)):
        won(a, b, times)
        won(b, a, times)
    board_refresh.refresh()

    assert "2 models" in text(client, third.slug)
    assert ["group 2" in text(client, model.slug) for model in (first, third)] == [False, True]


def test_page_of_a_model_that_stands_elsewhere_alone_says_so(client):
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT, name="Votes of 2024")
    factories.cast(quokka, wombat, pool="elsewhere")
    board_refresh.refresh()

    shown = text(client, "quokka")

    assert "Not rated on this site yet." in shown
    assert re.search("Votes of 2024 rank 1 of 2 models, .* votes cast elsewhere · 1 vote · .*provisional", shown)


def test_page_shows_what_was_measured_in_a_month_and_nothing_of_today(client):
    endpoint = factories.endpoint(factories.model("quokka"))
    day = datetime.now(UTC).date()
    old = {"answers": 95, "public_answers": 95, "public_failures": 5, "first_token_p50": 0.44, "tokens_per_s_p50": 51.7}
    EndpointDay.objects.create(endpoint=endpoint, day=day - timedelta(days=3), **old)
    before = text(client, "quokka")
    EndpointDay.objects.create(endpoint=endpoint, day=day, answers=0, public_failures=50)
    named = factories.endpoint(factories.model("named-only"))
    asked = {"answers": 95, "failures": {"timeout": 5}, "tokens_per_s_p50": 51.7}
    EndpointDay.objects.create(endpoint=named, day=day - timedelta(days=3), **asked)

    assert "Speed 52 tokens/s First token after 0.44 s Failed 5.0% of 100 calls in blind battles" in before
    assert text(client, "quokka") == before
    shown = text(client, "named-only")
    assert ("Speed 52 tokens/s" in shown, "Failed" in shown) == (True, False)  # failures of battles by name are no rate


def test_page_says_which_values_of_its_own_a_model_is_asked_with(client):
    own = {"max_tokens": 2000, "temperature": 0.0, "thinking_tokens": 8192, "first_token_timeout_s": 60.0}
    factories.endpoint(factories.model("variant"), **own)
    factories.endpoint(factories.model("usual"), max_concurrency=3)

    shown = text(client, "variant")

    for words in ("Maximum answer length 2,000 tokens", "up to 8,192 tokens", "Temperature 0.0", "at most 60 s"):
        assert words in shown
    assert "Settings that differ from the defaults" not in text(client, "usual")


@pytest.mark.parametrize("slug", ["nobody", "a%00b", "%0A", "a" * 300, "quokka"])
def test_page_of_an_unknown_model_is_not_there_and_suggests_similar_ones(client, slug):
    factories.model("quokka-7b", name="Quokka <7B>")
    answer = client.get(f"/models/{slug}/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "There is no model" in page
    assert "private to the browser that started it" not in page
    assert "Start a battle" not in page
    is_similar = slug == "quokka"
    assert ('<a href="/models/quokka-7b/"><bdi>Quokka &lt;7B&gt;</bdi></a>' in page) is is_similar
    assert ("Models with similar names" in page) is is_similar


def test_page_shows_each_category_and_each_opponent(client):
    quokka, wombat, numbat = (factories.model(slug) for slug in ("quokka", "wombat", "numbat"))
    won(quokka, wombat, 3, categories=["coding"])
    won(wombat, quokka, 1, categories=["coding"])
    won(quokka, numbat, 2)
    board_refresh.refresh()

    shown = text(client, "quokka")

    rating = r'Rating</dt><dd><strong>[\d,]+</strong> <span class="hint">[^<]+,</span> <span class="hint">provisional<'
    assert re.search(rating, client.get("/models/quokka/").content.decode())
    assert re.search(r"Overall provisional (1 of 2|2 of 3|1 of 3) ", shown)
    assert "Coding provisional 1 of 2 1\N{EN DASH}2 " in shown
    assert re.search(r"Wombat 75% 30–95 75% \+191 ± \d+ 4 Numbat 100% 34–100 – – 2", shown)
    for counts in ("3 won, 1 lost, 0 tied", "2 won, 0 lost, 0 tied"):
        assert f'title="{counts}"' in client.get("/models/quokka/").content.decode()


def test_page_counts_direct_votes(client):
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    for votes, said in ((1, "1 vote"), (1_199, "1,200 votes")):
        factories.cast(quokka, wombat, multiplicity=votes)
        board_refresh.refresh()
        shown = client.get("/models/quokka/").content.decode()
        assert f"{said.replace(' ', ' head-to-head ')}." in shown
        assert f'aria-label="{said}: compare with Wombat"' in shown


def test_page_shows_one_pool_after_the_other(client):
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT, name="Votes of 2024")
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    won(quokka, wombat, 3)
    won(quokka, wombat, 5, pool="elsewhere")
    board_refresh.refresh()

    here = client.get("/models/quokka/")
    there = client.get("/models/quokka/", {"pool": "elsewhere"})

    assert [each["votes"] for each in here.context["opponents"]] == [3]
    assert [each["votes"] for each in there.context["opponents"]] == [5]
    assert '<a href="?pool=elsewhere#in-pool" aria-current="true">' in there.content.decode()
    assert "5 head-to-head votes." in there.content.decode()
    assert [each["pair"] for each in here.context["opponents"]] == ["/leaderboard/?pin=quokka&pin=wombat#compare"]
    [pair] = [each["pair"] for each in there.context["opponents"]]
    assert pair == "/leaderboard/?pool=elsewhere&pin=quokka&pin=wombat#compare"
    assert [each.better for each in client.get(pair).context["comparison"].pairs] == ["Quokka"]


def test_page_leads_to_a_battle_with_the_model_if_it_answers_here(client):
    factories.endpoint(factories.model("quokka"))
    factories.model("wombat")
    assert 'href="/?model_a=quokka"' in client.get("/models/quokka/").content.decode()
    shown = client.get("/models/wombat/").content.decode()
    assert "model_a=" not in shown
    assert "This model is not available for battles." in shown


def test_page_has_no_empty_box_for_a_connected_model_without_figures(client):
    quokka = factories.model("quokka")
    factories.endpoint(quokka)
    factories.pool("empty", kind=Pool.Kind.IMPORT)
    for parameters in ({}, {"pool": "empty"}):
        shown = client.get("/models/quokka/", parameters).content.decode()
        assert "Start a battle<span class='on-wide'> with this model</span>" in shown
        assert 'id="in-pool"' not in shown

    quokka.context_window = 8_000
    quokka.save()

    shown = client.get("/models/quokka/").content.decode()
    assert re.search(r'id="in-pool">\s*<dl ', shown)
    assert not re.search(r"<p>\s*</p>", shown)


def test_win_rates_have_their_intervals_and_the_predicted_rate_and_neighbors_are_linked(client):
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    won(quokka, wombat, 3)
    won(wombat, quokka, 1)
    board_refresh.refresh()
    response = client.get("/models/quokka/")
    assert "pin=quokka&pin=wombat#compare" in response.context["neighbor"]["pair"]
    assert "pin=wombat&pin=quokka#compare" in client.get("/models/wombat/").context["neighbor"]["pair"]
    [strips] = re.findall(r'id="opponents-table".*?</table>', response.content.decode(), re.S)
    assert '<circle class="strip-dot" cx="75%"' in strips
    assert re.search(r'<line class="strip-interval" x1="30.06%" x2="95.44%"', strips)
    assert re.search(r'<line class="strip-other" x1="7[45][.\d]*%"', strips)
    missing = "Against each opponent No pairs with this model are stored yet."
    assert missing not in text(client, "quokka")
    PairTable.objects.all().delete()
    assert missing in text(client, "quokka")


def test_axis_of_ranks_that_differ_begins_at_one(client):
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    won(quokka, wombat, 3)
    board_refresh.refresh()
    page = client.get("/models/quokka/")
    assert page.context["rank_scale"] is None
    assert "Rank 1 in each of the 2 categories" in text(client, "quokka")
    won(wombat, quokka, 1, categories=["coding"])
    board_refresh.refresh()
    scale = client.get("/models/quokka/").context["rank_scale"]
    assert (scale.ticks[0], scale.contains(5)) == (1, True)
    assert "Rank 1 in each" not in text(client, "quokka")


def test_page_tells_why_voters_decided(client):
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    for number in range(8):
        reasons = {"a": ["useful"], "b": ["too_long"]} if number < 6 else {"a": ["wrong"]}
        factories.cast(quokka, wombat, voter=factories.voter_id(number), reasons=reasons)
    board_refresh.refresh()

    shown = text(client, "quokka")

    assert "Shares of the 8 counted votes with a reason about this model, by 8 people" in shown
    assert "useful 75% 6" in shown
    assert "wrong 25% 2" in shown
    assert "too long 0% 0" in shown
    assert "too long 100% 6" in text(client, "wombat")


def test_page_has_a_plot_from_the_second_board_on(client):
    quokka, wombat = factories.model("quokka"), factories.model("wombat")
    found = []
    for _ in range(2):
        won(quokka, wombat, 1)
        board_refresh.refresh()
        found.append(client.get("/models/quokka/").content.decode())

    assert "Over time" not in found[0]
    assert "plots.js" not in found[0]
    assert 'data-plot="series"' in found[1]
    assert "plots.js" in found[1]


def test_page_shows_license_scores_and_sources(client):
    allowed = factories.license(
        "Quokka", commercial="conditional", conditions="Below 100 users.", obligations="Name us."
    )
    model = factories.model("quokka", license=allowed)
    benchmark = Benchmark.objects.create(slug="mmlu", name="MMLU")
    known = {"task": "mmlu", "metric": "acc", "measured_by": "Maker", "source": "s", "run": "r"}
    Score.objects.create(model=model, benchmark=benchmark, value=0.7, n=14_042, shots=5, self_reported=True, **known)
    day = date(2026, 1, 2)
    claims = [Claim("context_window", 5, "https://a.example/x", day), Claim("context_window", 6, "b", day)]
    record_claims({model.pk: claims}, SHIPPED)

    shown = text(client, "quokka")
    assert "Conditional. Below 100 users." in shown
    assert "Name us." in shown
    assert "MMLU 70.0% ±&nbsp;0.8" in shown
    assert "5-shot" in shown
    assert "self-reported" in shown
    assert "Context: 5" in shown
    assert "Other sources: 6" in shown
    assert 'href="https://a.example/x"' in client.get("/models/quokka/").content.decode()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "https://a.example/x",
            '<a href="https://a.example/x" title="https://a.example/x" rel="noopener">a.example</a>',
        ),
        ("https://a.example/x (of 2025)", '<a href="https://a.example/x" title="https://a.example/x (of 2025)" rel='),
        ("javascript:alert(1)", "<dd>javascript:alert(1)</dd>"),
        ("a letter", "<dd>a letter</dd>"),
    ],
)
def test_page_leads_to_the_text_of_a_license_by_its_address_alone(client, source, shown):
    factories.model("quokka", license=factories.license("Quokka", commercial="yes", source=source))
    assert shown in client.get("/models/quokka/").content.decode()


@pytest.mark.parametrize("retirement", [{"status": "retired"}, {"retires_on": date(2099, 1, 14)}])
def test_page_of_a_model_that_retires_names_its_successor(client, retirement):
    factories.model("next", name="Next 2")
    old = factories.model("old", successor="next", **retirement)
    won(old, factories.model("wombat"), 1)
    board_refresh.refresh()
    shown = client.get("/models/old/").content.decode()
    assert "Compare with" not in shown
    assert shown.count("Next 2") == 1
    assert "See its successor, <bdi>Next 2</bdi>" in shown
    assert "successor" not in client.get("/models/next/").content.decode()
    factories.model("older", status="retired", successor="nowhere-1")
    assert "recommends <bdi>nowhere-1</bdi> (not in this catalog)." in client.get("/models/older/").content.decode()


def test_page_of_a_variant_says_what_it_varies_and_shows_no_prompt(client):
    plain = factories.fighter(factories.model("quokka", organization=factories.organization("Kiwi")), temperature=0.5)
    same = {"temperature": 0.5}
    first = factories.variant(plain, "brief", system="Zebra words.", headers={"X-Team": "zebra"}, **same)
    factories.variant(
        plain, "briefer", system="Zebras.", predecessor=first, max_tokens=5, retired_at=datetime(2026, 5, 1, tzinfo=UTC)
    )
    shown = words(client.get("/models/quokka/"))
    assert "Variants Brief system prompt, headers Briefer system prompt, temperature, maximum answer length" in shown
    shown = words(client.get("/models/brief/"))
    assert "Kiwi" in shown and "variant of Quokka with its own system prompt and headers" in shown
    assert "See its successor, Briefer" in shown and "API name brief" in shown
    shown = words(client.get("/models/briefer/"))
    sent = "system prompt, temperature, and maximum answer length"
    assert f"variant of Quokka with its own {sent} successor of Brief" in shown
    assert "retired on May 1, 2026" in shown and "Start a battle" not in shown
    for slug in ("quokka", "brief", "briefer"):
        for address in (f"/models/{slug}/", f"/api/v1/models/{slug}/"):
            assert "zebra" not in client.get(address).content.decode().lower()


def test_page_of_a_system_without_a_model_has_no_facts(client):
    factories.variant(factories.fighter(), "own", model=None, system="Zebra words.")
    shown = words(client.get("/models/own/"))
    assert "system with its own system prompt" in shown and "API name own" in shown
    profile = client.get("/api/v1/models/own/").json()
    assert (profile["variant_of"], profile["organization"], profile["facts"], profile["in_draw"]) == (
        None,
        None,
        {},
        True,
    )


def test_api_names_the_model_of_a_variant(client):
    factories.variant(factories.fighter(factories.model("quokka", context_window=8192)), "brief", temperature=0.1)
    profile = client.get("/api/v1/models/brief/").json()
    assert (profile["slug"], profile["name"], profile["variant_of"]) == ("brief", "Brief", "quokka")
    assert (profile["context_window"], profile["variant"]) == (8192, {"temperature": 0.1})
    assert client.get("/api/v1/models/quokka/").json()["variant_of"] is None
    assert [each["slug"] for each in client.get("/api/v1/models/").json()["results"]] == ["quokka"]


def words(answer):
    return re.sub(r"\s+(?=[\s:,])", "", re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("\n", " "))
