"""The cost calculator with a model of the catalog: prefilled values, and values that override them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.calculators.cost_form import CostForm
from catalog.models import Price
from tests import factories
from tests.arena.web.test_templates import Outline
from tests.catalog.web.test_calculator_views import text

pytestmark = pytest.mark.django_db

PAGE, API = "/cost/", "/api/v1/cost/"
MONTH = {"input_tokens": "100M", "output_tokens": "20M"}


@pytest.fixture
def mixture():
    model = factories.model(
        "mixture-8x7b",
        name="<Mixture>",
        parameters_total=46_700_000_000,
        parameters_active=12_900_000_000,
        layers=32,
        kv_heads=8,
        head_dim=128,
    )
    Price.objects.create(
        model=model,
        input=Decimal("2.500000"),
        output=Decimal(10),
        cached_input=Decimal("1.25"),
        source="https://prices.example/list",
        as_of=date(2026, 5, 4),
    )
    return model


def cost(client, **query):
    response = client.get(API, query)
    assert response.status_code == 200, response.content
    return response.json()


def inputs(response):
    fields = Outline(response.content.decode()).all("input")
    return {field["name"]: field.get("value", "") for field in fields if "name" in field}


def test_prices_and_size_of_the_model_stand_in(client, mixture):
    body = cost(client, model=mixture.slug, **MONTH, gpu_hour="2.5", context="128000")
    assert body["api"]["monthly_total"] == 450
    assert body["memory"]["weights"] == pytest.approx(46.7e9 * 2 * 1.2 / 2**30)
    assert body["memory"]["cache"] == pytest.approx(15.625)
    assert body["own"]["gpus"] == 2
    assert body["model"] == {
        "slug": "mixture-8x7b",
        "name": "<Mixture>",
        "price_source": "https://prices.example/list",
        "price_as_of": "2026-05-04",
        "price_above": 0,
        "off_peak": False,
        "retired": False,
        "retires_on": None,
        "successor": None,
    }


@pytest.mark.parametrize(
    ("context", "month", "above"),
    [("", 450, 0), ("100k", 450, 0), ("180k", 900, 100_000), ("3M", 1200, 10**6), ("many", None, None)],
)
def test_prices_are_those_for_prompts_as_long_as_the_context(client, mixture, context, month, above):
    tiers = [{"above": 10**6, "input": 6, "output": 30}, {"above": 100_000, "input": 5, "output": 20}]
    mixture.prices.update(tiers=tiers, source="https://prices.example/list (off-peak)")
    query = {"model": mixture.slug, "context": context, **MONTH}
    body = client.get(API, query).json()
    if above is None:
        assert list(body["error"]["fields"]) == ["context"]
        return
    assert (body["api"]["monthly_total"], body["model"]["price_above"]) == (month, above)
    shown = text(client.get(PAGE, query))
    assert "These prices are for off-peak hours only." in shown
    assert ("These are the prices for prompts above" in shown) == bool(above)
    words = "For prompts above 1,000,000 tokens, the prices are $6.00 input and $30.00 output."
    assert (words in shown) == (above < 10**6)


@pytest.mark.parametrize(
    ("size", "shown"),
    [(30_700_000_000, "30.7B"), (46_712_000_000, "46,712,000,000"), (27_781_427_952, "27,781,427,952"), (950, "950")],
)
def test_size_is_as_short_as_it_is_exact(client, mixture, size, shown):
    type(mixture).objects.update(parameters_total=size)
    assert inputs(client.get(PAGE, {"model": mixture.slug}))["params"] == shown


def test_cache_has_the_price_of_the_catalog(client, mixture):
    assert cost(client, model=mixture.slug, input_tokens="100M", cached="40")["api"]["monthly_total"] == 200


@pytest.mark.parametrize(
    ("given", "month"),
    [
        ({"price_input": "1"}, 300),
        ({"price_input": "1", "price_output": "1"}, 120),
        ({"price_input": "1", "price_output": "1", "price_cached": ""}, 120),
    ],
)
def test_values_of_ones_own_count(client, mixture, given, month):
    assert cost(client, model=mixture.slug, **MONTH, **given)["api"]["monthly_total"] == month


def test_field_that_was_emptied_stays_empty(client, mixture):
    empty = {"layers": "", "kv_heads": "", "head_dim": ""}
    assert cost(client, model=mixture.slug, **empty)["memory"]["cache"] is None
    assert cost(client, model=mixture.slug)["memory"]["cache"] is not None


def test_tuning_a_mixture_takes_its_active_parameters(client, mixture):
    tuning = {"gpu_hour": "1", "tuning_tokens": "1B", "tuning_method": "full"}
    hours = cost(client, model=mixture.slug, **tuning)["tuning_gpu_hours"]
    dense = cost(client, model=mixture.slug, active_params="", **tuning)["tuning_gpu_hours"]
    assert hours == pytest.approx(6 * 12.9e9 * 1e9 / (989e12 * 0.35 * 3600))
    assert dense / hours == pytest.approx(46.7 / 12.9)


def selected(response):
    """Return the slug of the selected model."""
    options = Outline(response.content.decode().partition('id="id_model"')[2].partition("</select>")[0]).all("option")
    return next(each["value"] for each in options if "selected" in each)


def test_presets_compute_at_once_and_keep_the_model(client, mixture):
    page = client.get(PAGE, {"model": mixture.slug})
    presets = [link["href"] for link in Outline(page.content.decode()).all("a") if "gpu_hour=" in link["href"]]
    assert len(presets) == 3
    for preset in presets:
        assert preset.startswith("?model=mixture-8x7b&input_tokens=")
        assert client.get(PAGE + preset).context["plot"].tokens > 0
    assert "price_input=0.5" in client.get(PAGE).content.decode()


def test_form_that_was_sent_blank_has_the_values_of_the_model(client, mixture):
    blank = dict.fromkeys(CostForm.base_fields, "")
    assert cost(client, **blank | {"model": mixture.slug, **MONTH})["api"]["monthly_total"] == 450
    given = blank | {"model": mixture.slug, **MONTH, "price_input": "1", "price_output": "5"}
    assert cost(client, **given)["api"]["monthly_total"] == 200


def test_page_begins_with_the_values_and_computes_nothing_yet(client, mixture):
    response = client.get(PAGE, {"model": mixture.slug})
    shown = text(response)
    assert response.status_code == 200
    assert "calc-result" not in response.content.decode()
    assert "Prices as of May 4, 2026, entered manually ( source ). Model page Clear model" in shown
    assert '<a href="https://prices.example/list"' in response.content.decode()
    values = inputs(response)
    assert selected(response) == "mixture-8x7b"
    assert (values["price_input"], values["price_cached"]) == ("2.5", "1.25")
    assert (values["params"], values["layers"]) == ("46.7B", "32")
    assert (values["input_tokens"], values["gpu_hour"]) == ("2B", "2")  # of the example


def test_page_keeps_the_model_and_what_was_written(client, mixture):
    response = client.get(PAGE, {"model": mixture.slug, **MONTH, "price_output": "5"})
    values = inputs(response)
    assert "Per month $350.00" in text(response)
    assert selected(response) == "mixture-8x7b"
    assert (values["price_input"], values["price_output"]) == ("2.5", "5")


@pytest.mark.parametrize("slug", ["nobody", "a\0b", "x" * 201])
@pytest.mark.parametrize("further", [{}, MONTH])
@pytest.mark.parametrize("path", [PAGE, API])
def test_unknown_model_is_refused_in_words(client, mixture, path, slug, further):
    response = client.get(path, {"model": slug, **further})
    assert response.status_code == 400
    if path == API:
        assert [*response.json()["error"]["fields"]] == ["model"]
    elif slug == "nobody":
        assert "Please check these fields: Model : There is no model “nobody”." in text(response)


def test_model_without_price_and_size_needs_something_to_compute(client):
    factories.model("mystery")
    response = client.get(API, {"model": "mystery"})
    assert [*response.json()["error"]["fields"]] == ["price_input"]
    shown = text(client.get(PAGE, {"model": "mystery"}))
    assert "We don't know its price; enter your own. We don't know its size." in shown


def test_layers_stand_in_only_beside_what_they_need(client):
    factories.model("half", layers=32, parameters_total=10**9)
    factories.model("no-size", layers=32, kv_heads=8)
    assert cost(client, model="half")["memory"]["cache"] is None
    assert inputs(client.get(PAGE, {"model": "no-size"})).get("layers") == ""


def test_parameters_at_work_are_at_most_all(client, mixture):
    response = client.get(API, {"model": mixture.slug, "active_params": "50B"})
    assert [*response.json()["error"]["fields"]] == ["active_params"]


def test_page_of_the_model_leads_to_its_costs(client, mixture):
    links = [link["href"] for link in Outline(client.get("/models/mixture-8x7b/").content.decode()).all("a")]
    assert "/cost/?model=mixture-8x7b" in links


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "</bdi> is retired and no longer answers"),
        (30, "will be retired on"),
        (None, "</bdi> is retired and no longer answers"),
    ],
)
def test_page_warns_of_a_retired_model(client, days, words):
    day = None if days is None else timezone.now().date() + timedelta(days)
    factories.model("next", name="Next 2")
    factories.model("old", status="retired" if days is None else "current", retires_on=day, successor="next")
    shown = client.get("/cost/", {"model": "old"}).content.decode()
    assert words in shown
    assert '<a href="/models/next/"><bdi>Next 2</bdi></a>' in shown
    assert words not in client.get("/cost/", {"model": "next"}).content.decode()
