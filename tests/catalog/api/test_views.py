"""The REST API of the calculators."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db

SCALING, COST = "/api/v1/scaling/", "/api/v1/cost/"
API_PRICES = {"input_tokens": "100M", "output_tokens": "20M", "price_input": "2.5", "price_output": "10"}
TWO_GPUS = {"gpu_hour": "2.5", "gpus": "2"}


def test_scaling_of_chinchilla(client):
    body = client.get(SCALING, {"params": "70e9", "tokens": "1.4T"}).json()
    assert body["compute"] == pytest.approx(5.88e23)
    assert body["tokens_per_parameter"] == 20.0
    assert round(body["loss"], 4) == 1.9739
    assert body["law"] == {
        "name": "epoch",
        "E": 1.8172,
        "A": 482.01,
        "B": 2085.43,
        "alpha": 0.3478,
        "beta": 0.3658,
        "warning": None,
    }
    assert body["rule"]["params"] == pytest.approx(70e9)
    assert body["models"] == []


def test_scaling_of_a_compute(client):
    best = client.get(SCALING, {"compute": "5.76e23"}).json()["optimum"]
    assert best["params"] == pytest.approx(72.3e9, rel=0.002)
    assert best["tokens_per_parameter"] == pytest.approx(18.4, abs=0.05)


def test_scaling_warns_of_rounded_constants(client):
    body = client.get(SCALING, {"compute": "5.76e23", "law": "hoffmann"}).json()
    assert "rounded" in body["law"]["warning"]
    assert body["optimum"]["tokens_per_parameter"] == pytest.approx(92.7, abs=0.1)


def test_scaling_tells_where_the_models_are(client):
    base = factories.model("base", parameters_total=8 * 10**9, training_tokens=15 * 10**12)
    factories.model("tuned", parameters_total=8 * 10**9, training_tokens=10**9, base_model=base)
    factories.model(
        "mixture", parameters_total=671 * 10**9, parameters_active=37 * 10**9, training_tokens=14_800 * 10**9
    )
    factories.model("secret", training_tokens=10**12)
    factories.model("silent", parameters_total=10**9)

    models = client.get(SCALING, {"params": "1B"}).json()["models"]

    derived = [(model["model"], model["derived"]) for model in models]
    assert derived == [("base", False), ("mixture", False), ("tuned", True)]
    assert models[0]["tokens_per_parameter"] == 1875
    assert models[1]["tokens_per_parameter"] == 400
    assert [model["total"] for model in models] == [None, 671 * 10**9, None]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({}, "params", "Enter one or two of parameters, tokens, and compute"),
        ({"params": "1B", "tokens": "1B", "compute": "1e20"}, "compute", "leave one of the three empty"),
        ({"params": "-1"}, "params", "from 1 to 1e18"),
        ({"params": "0"}, "params", "from 1 to"),
        ({"tokens": "nan"}, "tokens", "Enter a number, such as"),
        ({"compute": "inf"}, "compute", "Enter a number, such as"),
        ({"compute": "1e40"}, "compute", "to 6e36"),
        ({"params": "1e400"}, "params", "Enter a number, such as"),
        ({"params": "1e18", "compute": "1000"}, "compute", "This is not enough compute"),
        ({"params": "many"}, "params", "Enter a number, such as"),
        ({"params": "\0"}, "params", "Enter a number, such as"),
        ({"params": "1B", "law": "newton"}, "law", "one of: epoch, hoffmann."),
    ],
)
def test_scaling_refuses_and_names_the_field(client, query, field, words):
    response = client.get(SCALING, query)
    error = response.json()["error"]
    assert (response.status_code, error["code"], list(error["fields"])) == (400, "invalid", [field])
    assert words in error["fields"][field][0]


def test_cost_of_an_api_and_of_own_gpus(client):
    body = client.get(COST, API_PRICES | TWO_GPUS).json()
    assert body["api"]["monthly_total"] == 450
    assert body["own"] == {
        "replicas": 1,
        "gpus": 2,
        "monthly": {"gpus": 3650.0},
        "once": {},
        "monthly_total": 3650.0,
        "one_time_total": 0.0,
        "total": 43_800.0,
        "weeks": 0.0,
    }
    assert body["break_even"] == {"tokens": 973_333_334, "possible": None, "month": None}
    assert body["cheaper"] == "api"
    assert body["memory"] is None


@pytest.mark.parametrize(("layers", "cache"), [("32", 15.62), ("80", 39.06)])
def test_cost_knows_the_memory_of_a_conversation(client, layers, cache):
    body = client.get(COST, {"params": "8.03B", "layers": layers, "kv_heads": "8", "context": "128,000"}).json()
    assert body["memory"]["cache"] == pytest.approx(cache, abs=0.006)
    assert body["memory"]["gib"] == body["memory"]["weights"] + body["memory"]["cache"]
    assert (body["api"], body["own"], body["break_even"]) == (None, None, None)


def test_cost_takes_replicas_and_gpus_from_traffic_and_memory(client):
    query = {
        "gpu_hour": "2",
        "params": "70.6B",
        "gpu_memory": "80",
        "peak_speed": "5000",
        "replica_speed": "1200",
        "operations_hours": "10",
        "operations_rate": "90",
        "own_weeks": "8",
        "price_week": "6000",
        "months": "24",
        "tuning_tokens": "50M",
        "price_data": "2000",
    }
    own = client.get(COST, query).json()["own"]
    assert (own["replicas"], own["gpus"]) == (6, 12)
    assert own["monthly"] == {"gpus": 12 * 2 * 730, "operations": 900}
    assert own["once"]["build"] == 48_000
    assert own["once"]["tuning"] == pytest.approx(4 * 70.6e9 * 50e6 / (989e12 * 0.35 * 3600) * 2)
    assert own["total"] == pytest.approx(own["one_time_total"] + 24 * own["monthly_total"])
    assert own["weeks"] > 8


def test_cost_compares_over_the_months_that_are_asked_for(client):
    query = API_PRICES | {"gpu_hour": "0.3", "gpus": "1", "own_weeks": "4", "price_week": "500"}
    assert [client.get(COST, query | {"months": months}).json()["cheaper"] for months in ("6", "12")] == ["api", "own"]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({}, "price_input", "Enter API prices"),
        ({"price_input": "1"}, "price_output", "requires this field"),
        ({"price_output": "1"}, "price_input", "requires this field"),
        ({"gpu_hour": "2"}, "gpus", "the number of GPUs"),
        ({"gpus": "2"}, "gpu_hour", "requires this field"),
        ({"params": "8B", "layers": "32"}, "kv_heads", "requires this field"),
        ({**TWO_GPUS, "peak_speed": "100"}, "replica_speed", "requires this field"),
        ({**TWO_GPUS, "tuning_tokens": "1M"}, "params", "requires this field"),
        ({**API_PRICES, "cached": "101"}, "cached", "from 0 to 100"),
        ({**API_PRICES, "months": "0"}, "months", "from 1 to 120"),
        ({**API_PRICES, "price_input": "-2"}, "price_input", "from 0 to"),
        ({**API_PRICES, "input_tokens": "1e30"}, "input_tokens", "from 0 to 1 quadrillion"),
        ({**API_PRICES, "input_tokens": "nan"}, "input_tokens", "Enter a number, such as"),
        ({**TWO_GPUS, "utilisation": "0"}, "utilisation", "from 1 to 100"),
        ({**TWO_GPUS, "tuning_method": "magic"}, "tuning_method", "one of: lora, full."),
    ],
)
def test_cost_refuses_and_names_the_field(client, query, field, words):
    response = client.get(COST, query)
    error = response.json()["error"]
    assert (response.status_code, error["code"], list(error["fields"])) == (400, "invalid", [field])
    assert words in error["fields"][field][0]


@pytest.mark.parametrize("path", [SCALING, COST])
def test_calculators_can_only_be_read(client, path):
    assert client.post(path).status_code in (403, 405)


@pytest.mark.parametrize("models", [1, 30])
def test_scaling_asks_the_database_once_for_any_number_of_models(client, models, django_assert_num_queries):
    for number in range(models):
        factories.model(f"m-{number}", parameters_total=10**9, training_tokens=10**12)
    with django_assert_num_queries(1):
        assert len(client.get(SCALING, {"params": "1B"}).json()["models"]) == models


@pytest.mark.parametrize(
    ("path", "query", "known"),
    [
        (SCALING, {"params": "7B", "token": "1T"}, "tokens"),
        (COST, {**API_PRICES, "price_in": "1"}, "price_input"),
        ("/api/v1/shortlist/", {"task": "coding", "max_price": "2"}, "price"),
        ("/api/v1/shortlist/", {"task": "coding", "memory": "8"}, "gpu_memory"),
    ],
)
def test_parameter_that_there_is_not_is_refused_by_name(client, path, query, known):
    misspelt = list(query)[-1]
    answer = client.get(path, query)
    assert answer.status_code == 400
    [words] = answer.json()["error"]["fields"].pop(misspelt)
    assert "Unknown parameter." in words
    assert f" {known}," in words
    assert client.get(path, {name: value for name, value in query.items() if name != misspelt}).status_code == 200
