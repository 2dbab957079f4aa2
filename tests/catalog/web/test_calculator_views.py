"""Calculator pages."""

import re

import pytest

from catalog.calculators.cost_form import EXTRA_SECTIONS, MAIN_SECTIONS, CostForm
from tests import factories

pytestmark = pytest.mark.django_db

SCALING, COST = "/scaling/", "/cost/"


def text(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.mark.parametrize("path", [SCALING, COST])
def test_page_asks_nothing_at_first(client, path):
    response = client.get(path, {"utm": "x"})
    assert response.status_code == 200
    assert "field-errors" not in response.content.decode()


def test_scaling_shows_an_example_until_something_is_entered(client):
    assert "8B parameters on 15T tokens 1,875 tokens per parameter" in text(client.get(SCALING))
    assert "calc-result" not in client.get(SCALING, {"params": "big"}).content.decode()


def test_scaling_draws_the_ratio_beside_that_of_chinchilla(client):
    for tokens, marks in (("80B", ["436.4", "165.5"]), ("2B", ["97.7", "322.7"])):
        html = client.get(SCALING, {"params": "1B", "tokens": tokens}).content.decode()
        assert re.findall(r'<circle class="[ab]" cx="([\d.]+)"', html) == marks


def test_scaling_marks_the_example_that_is_shown(client):
    for query, marked in (
        ({}, ["params=8B&amp;tokens=15T"]),
        ({"compute": "1e24"}, ["compute=1e24"]),
        ({"params": "1B"}, []),
    ):
        html = client.get(SCALING, query).content.decode()
        assert re.findall(r'<a href="[?]([^"]*)" aria-current="true"', html) == marked


@pytest.mark.parametrize("path", [SCALING, COST])
def test_error_takes_the_place_of_the_result_of_earlier_input(client, path):
    """htmx keeps what it shows if the status is 400."""
    for headers, status in (({}, 400), ({"HX-Request": "true"}, 200)):
        response = client.get(path, {"params": "big"}, headers=headers)
        assert response.status_code == status
        assert "Please check these fields:" in text(response)
        assert response["HX-Replace-Url"] == f"{path}?params=big"


def test_scaling_answers_what_stands_in_the_address(client):
    shown = text(client.get(SCALING, {"params": "8.03B", "tokens": "15T"}))
    for words in (
        "8.03B parameters on 15T tokens",
        "1,868 tokens per parameter",
        "This run 1,868 Chinchilla ratio 20",
        "93 times the Chinchilla ratio",
        "overtrained.",
        "7.23 \N{MULTIPLICATION SIGN} 10 23 operations",
    ):
        assert words in shown
    assert "rounded" not in shown


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"params": "70B", "tokens": "1.4T"}, "Close to the Chinchilla ratio of twenty."),
        (
            {"params": "280B", "tokens": "300B"},
            "0.054 times the Chinchilla ratio: undertrained.",
        ),
        ({"compute": "5.76e23", "law": "hoffmann"}, "they imply 93 tokens per parameter"),
    ],
)
def test_scaling_says_what_that_means(client, query, words):
    assert words in text(client.get(SCALING, query))


@pytest.mark.parametrize(
    ("page", "values"),
    [(SCALING, ["8B", "15T"]), (COST, ["2B", "300M", "0.5", "1.5", "2", "2"])],
)
def test_form_starts_with_the_values_of_the_example(client, page, values):
    field = re.compile(r'<input type="text" [^>]*?value="([^"]*)"')
    assert field.findall(client.get(page).content.decode()) == values
    assert field.findall(client.get(page, {"tokens": "1T", "input_tokens": "1M"}).content.decode()) in (["1T"], ["1M"])


def test_scaling_shows_where_models_are(client):
    """A mixture is counted by the parameters at work."""
    base = factories.model("quokka", name="<Quokka>", parameters_total=10**9, training_tokens=10**12)
    factories.model("mix", parameters_total=42 * 10**9, parameters_active=6 * 10**9, training_tokens=12 * 10**11)
    response = client.get(SCALING)
    shown = text(response)
    assert 'href="/models/quokka/"' in response.content.decode()
    for words in ("&lt;Quokka&gt;", "1B 1T 1,000", "6B of 42B 1.2T 200"):
        assert words in shown
    assert "continued training" not in shown
    factories.model("tuned", parameters_total=10**9, parameters_active=10**9, training_tokens=10**9, base_model=base)
    shown = text(client.get(SCALING))
    assert "continued training" in shown
    assert "1B 1B 1" in shown


def test_cost_shows_both_bills_and_where_they_meet(client):
    query = {"input_tokens": "100M", "output_tokens": "20M", "price_input": "2.5", "price_output": "10"}
    shown = text(client.get(COST, query | {"gpu_hour": "2.5", "gpus": "2", "months": "12"}))
    for words in (
        "The API saves $38,400 over 12 months At your token volume, self-hosting never pays for itself.",
        "above 973M tokens a month. API $5,400 Your own GPUs $43,800",
        "Tokens $450.00 \N{EN DASH}",
        "GPUs \N{EN DASH} $3,650.00",
        "Per month $450.00 $3,650.00",
        "Over 12 months $5,400.00 $43,800.00",
        "2 GPUs: 1 replica.",
    ):
        assert words in shown
    assert "Before launch" not in shown
    assert "Weeks" not in shown.partition("Monthly use")[0]


@pytest.mark.parametrize(
    ("query", "words", "never"),
    [
        ({"price_input": "1", "price_output": "2", "input_tokens": "1M"}, "API costs $1.00 a month", "Your own GPUs $"),
        ({"gpu_hour": "2", "gpus": "1"}, "Your own GPUs cost $1,460 a month", "API $"),
        ({"params": "8.03B"}, "Weights take 17.95 GiB, including 20%", "the KV cache for all"),
        ({"params": "8.03B", "layers": "32", "kv_heads": "8", "context": "128000"}, "takes 15.62 GiB", "Enter layers"),
        ({"gpu_hour": "2", "gpus": "1", "own_weeks": "6", "price_week": "1000"}, "to launch 6", "Training data"),
        ({"seats": "100", "price_seat": "30", "gpu_hour": "2", "gpus": "1"}, "end of month 1.", "never pay"),
        (
            {"seats": "90", "price_seat": "30", "gpu_hour": "2", "gpus": "1", "price_input": "1", "price_output": "1",
             "input_tokens": "1M"},
            "The seats alone cost more",
            "it is cheaper above",
        ),
        (
            {"price_input": "1", "price_output": "1", "input_tokens": "1M", "gpu_hour": "2", "gpus": "1"},
            "Enter the speed of your GPUs to check whether they can generate that many tokens.",
            "never mind",
        ),
        ({"gpu_hour": "2", "params": "8B", "tuning_tokens": "1M"}, "GPU-hours", "What is missing"),
        (
            {"price_input": "1", "price_output": "1", "input_tokens": "1M", "output_tokens": "9M", "gpu_hour": "9",
             "gpus": "8", "peak_speed": "50", "replica_speed": "100"},
            "cannot generate that many",
            "never mind",
        ),
    ],
)  # fmt: skip
def test_cost_says_what_follows(client, query, words, never):
    shown = text(client.get(COST, query))
    assert words in shown
    assert never not in shown.partition("Monthly use")[0]


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        (SCALING, {"params": "<b>"}, "Enter a number, such as"),
        (SCALING, {"params": "", "tokens": ""}, "Enter one or two of parameters, tokens, and compute"),
        (COST, {"price_input": "-1", "price_output": "1"}, "Enter a number from 0 to"),
        (COST, {"price_input": "1"}, "requires this field"),
    ],
)
def test_page_refuses_beside_the_field_and_keeps_what_was_written(client, path, query, words):
    response = client.get(path, query)
    assert response.status_code == 400
    assert words in text(response)
    assert "calc-result" not in response.content.decode()
    assert response.context["form"].data.dict() == query
    assert "<b>" not in response.content.decode().replace("<bdi>", "")


def test_a_launch_is_not_planned_by_the_hour(client):
    tuned = {"gpu_hour": "2", "params": "8B", "tuning_tokens": "1M"}
    assert "Weeks to launch" not in text(client.get(COST, tuned))
    assert "Weeks to launch 0 6" in text(
        client.get(COST, tuned | {"price_input": "1", "price_output": "1", "own_weeks": "6"})
    )


def test_every_field_of_the_costs_stands_in_a_part():
    shown = [name for _, names in MAIN_SECTIONS + EXTRA_SECTIONS for name in names]
    assert ["model", *shown] == list(CostForm.base_fields)


@pytest.mark.parametrize(
    ("query", "used"),
    [
        ({}, []),
        ({"params": "8B"}, ["Model memory"]),
        (
            {"gpu_hour": "2", "gpus": "1", "tuning_tokens": "1M", "tuning_method": "full"},
            ["Fine-tuning"],
        ),
        ({"tuning_method": "full", "seats": "1"}, []),
    ],
)
def test_parts_of_the_costs_are_marked_if_they_are_used(client, query, used):
    shown = text(client.get(COST, query))
    assert re.findall(r"(Model memory|Peak load|Work before launch|Fine-tuning) \(included\)", shown) == used


def test_parts_of_the_costs_are_open_only_for_an_error(client):
    """An error in one of them opens it and the fold around all of them."""
    for query, number in (
        ({"gpu_hour": "2", "params": "8B"}, 0),
        ({"gpu_hour": "2", "params": "many"}, 2),
        ({"gpu_hour": "many"}, 0),
    ):
        assert client.get(COST, query).content.decode().count('<details class="fold" open>') == number


def test_cost_shows_what_each_example_costs(client):
    response = client.get("/cost/")
    html = response.content.decode()
    assert html.count("API <strong>$") == 3
    assert (
        "1,500 tokens in, 500 out each API 324\N{MULTIPLICATION SIGN} cheaper API $9.00 Your own GPUs $2,920 Support"
        in text(response)
    )
    assert "Support bot, 1M chats a month: 2.3B" in html  # the example that is drawn
    assert html.count('<rect width="2%"') == 1  # $9.00 has a bar, too
