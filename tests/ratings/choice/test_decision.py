"""The decision: as a page, as Markdown and as JSON."""

import re
from datetime import UTC, date, datetime

import pytest

from catalog.models import Price
from ratings.choice.decision import CHECKLIST, escape_markdown
from ratings.pipeline import board_refresh
from tests import factories
from tests.arena.web.test_templates import Outline
from tests.ratings.choice.test_model_choice import beats, three
from tests.ratings.reference_board import loaded

__all__ = ["three"]
pytestmark = pytest.mark.django_db

PAGE = "/choose/decision/"
ASKED = {"task": "coding", "commercial": "on", "modalities": ["image", "audio"], "price": "2.0"}


def text(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.fixture
def connected(three):
    """Two of the three answer here."""
    for model in three[:2]:
        factories.endpoint(model)


def test_decision_shows_limits_who_is_left_and_the_checklist(client, three):
    shown = text(client.get(PAGE, ASKED))
    for words in (
        "Decision for “Writing code”",
        "Commercial use allowed, possibly with conditions: yes",
        "Accepts: images, audio",
        "Max $ per million tokens (blended): 2.0",
        "1 model might match, but we lack some data.",
        "2 models are excluded",
        *map(str, CHECKLIST),
    ):
        assert words in shown
    assert "Chosen:" not in shown


@pytest.mark.parametrize(
    ("connected", "query", "groups"),
    [
        ([], {}, {"Other matching models": ["bound", "cheap", "best"]}),
        ([2, 0], {}, {"Available here": ["bound", "best"], "Other matching models": ["cheap"]}),
        ([], {"price": "2"}, {"Other matching models": ["bound", "cheap"], "Models that might match": ["mystery"]}),
    ],
)
def test_models_that_answer_here_can_be_chosen_first_and_undecided_ones_last(client, three, connected, query, groups):
    for number in connected:
        factories.endpoint(three[number])
    if query:
        factories.model("mystery")
    html = client.get(PAGE, {"chosen": "cheap", **query}).content.decode()
    found = re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', html, re.DOTALL)
    assert {label: re.findall(r'value="(\w+)"', options) for label, options in found} == groups
    assert '<option value="cheap" selected>' in html


@pytest.mark.parametrize(("query", "said"), [({"price": "9", "tools": "on"}, True), ({"price": "9"}, False)])
def test_contestants_of_which_a_limited_value_is_unknown_are_said_to_be(client, three, query, said):
    for model in three[:2]:
        factories.endpoint(model)
    shown = text(client.get(PAGE, query | {"among": ["cheap", "best"]}))
    assert "Compare the selected models blind" in shown
    assert "Your votes are kept, but not rated." in shown
    assert ("For some of these models, data about some of your limits is missing." in shown) is said


def test_decision_shows_ten_and_the_chosen_one_and_those_that_answer_here(client):
    models = [factories.model(f"m-{number:02}") for number in range(14)]
    factories.endpoint(models[13])
    response = client.get(PAGE, {"task": "coding", "chosen": "m-12"})
    assert [each.candidate.slug for each in response.context["decision"].listed_models] == [
        *(model.slug for model in models[:10]),
        "m-12",
        "m-13",
    ]
    assert "And 2 more" in text(response)
    assert len(client.get(PAGE, {"task": "coding", "format": "json"}).json()["survivors"]) == 14


@pytest.mark.parametrize(
    ("query", "words", "link"),
    [
        ({}, "Cost $1.00 per million tokens", "/cost/?model=cheap"),
        (
            {"input_tokens": "10M", "output_tokens": "10M"},
            "Cost $20.00 per month for your tokens",
            "/cost/?model=cheap&input_tokens=10M&output_tokens=10M",
        ),
    ],
)
def test_decision_tells_what_the_chosen_model_costs(client, three, query, words, link):
    response = client.get(PAGE, {"chosen": "cheap", **query})
    assert words in text(response)
    assert link in [each["href"] for each in Outline(response.content.decode()).all("a")]
    assert "Calculate the total cost" not in text(client.get(PAGE, query))
    assert ("Per month" in text(response)) == bool(query)


def test_decision_says_when_its_prices_were_seen(client, three):
    assert "Prices as of January 1, 2026." in text(client.get(PAGE, {"task": ""}))
    Price.objects.filter(model=three[0]).update(as_of=date(2026, 1, 15))
    assert "Prices were recorded between January 1, 2026 and January 15, 2026." in text(client.get(PAGE))
    Price.objects.all().delete()
    assert "Prices" not in text(client.get(PAGE))


def test_setting_of_a_published_rating_is_beside_it(client, tmp_path):
    loaded(tmp_path)
    query = {"task": "facts"}
    for page in ("/choose/", PAGE):
        assert "Claude Opus 4.6 setting: High" in text(client.get(page, query))
    assert re.search("setting: High Rating 1,503 ", text(client.get("/choose/", query)))
    assert "1,503 (High)" in client.get(PAGE, query | {"format": "md"}).content.decode()
    found = client.get("/api/v1/shortlist/", query).json()
    settings = {each["model"]: each["setting"] for each in found["survivors"]}
    assert (settings["claude-opus-4-6"], settings["gemma-3-4b-it"]) == ("High", "")


def test_decision_names_the_chosen_model_and_why(client, three):
    response = client.get(PAGE, ASKED | {"chosen": "cheap", "why": "It is <cheap>.\nAnd good."})
    assert "Chosen: Cheap Edit" in text(response)
    assert "Your reason It is &lt;cheap&gt;. And good." in text(response)
    assert "Cheap chosen support for audio and images as input unknown" in text(
        response
    )  # an undecided model can be chosen
    assert "Calculate the total cost" in text(response)


def test_decision_hands_the_address_on(client, three):
    outline = Outline(client.get(PAGE, ASKED | {"chosen": "cheap"}).content.decode())
    hidden = [(each["name"], each["value"]) for each in outline.all("input", type="hidden")]
    kept = [each for each in hidden if each[0] not in ("csrfmiddlewaretoken", "next")]  # of the colour scheme
    assert sorted(kept) == sorted(
        [("task", "coding"), ("commercial", "on"), ("modalities", "image"), ("modalities", "audio"), ("price", "2.0")]
    )
    backs = [link["href"] for link in outline.all("a") if link["href"].startswith("/choose/?task=coding")]
    assert backs
    assert all("modalities=image&modalities=audio" in back for back in backs)


UNMET = "This model does not meet the limits. Choose a model that matches or might match."


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"chosen": "bound", "commercial": "on"}, UNMET),
        ({"chosen": "nobody"}, UNMET),
        ({"chosen": "cheap", "format": "md", "price": "0"}, UNMET),
        ({"why": "x" * 2001}, "at most 2000"),
        ({"price": "dear"}, "Max $ per million tokens (blended) : Enter a number"),
        ({"pool": "nowhere"}, "Ratings from : There are no such ratings. Choose from the list."),
    ],
)
def test_decision_refuses_with_a_page(client, three, query, words):
    response = client.get(PAGE, query)
    assert response.status_code == 400
    assert words in text(response)


def test_decision_as_json(client, connected):
    response = client.get(PAGE, ASKED | {"modalities": [], "chosen": "cheap", "why": " Good. ", "format": "json"})
    found = response.json()
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert response["Content-Disposition"] == f'attachment; filename="decision-{day}.json"'
    assert (found["day"], found["task"], found["chosen"], found["why"]) == (day, "coding", "cheap", "Good.")
    assert found["limits"] == {
        "Commercial use allowed, possibly with conditions": "yes",
        "Max $ per million tokens (blended)": "2.0",
    }
    assert [each["model"] for each in found["survivors"]] == ["cheap"]
    assert {each["model"] for each in found["excluded"]} == {"best", "bound"}
    assert found["excluded"][0]["failures"][0]["unit"] in (None, "US dollars per million tokens")
    assert len(found["checklist"]) == len(CHECKLIST)

    both = client.get(PAGE, {"format": "json"}).json()
    assert (both["category"], both["contestants"]) == ("overall", ["cheap", "best"])


def test_decision_as_markdown(client, connected):
    query = {
        "task": "coding",
        "context": "100k",
        "chosen": "cheap",
        "why": "First *line*\n# and <second>",
        "format": "md",
    }
    response = client.get(PAGE, query)
    written = response.content.decode()
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    for line in (
        "# Decision: Writing code",
        "**Chosen model: Cheap**",
        r"First \*line\* \# and \<second\>",
        "- Min context (tokens): 100,000",
        "| Model | Rank | Rating | 95% interval | Tier | $ per million tokens | Per month | To check |",
        "| Cheap | \N{EN DASH} | \N{EN DASH} | \N{EN DASH} | \N{EN DASH} | $1.00 | \N{EN DASH} |  |",
        f"- [ ] {CHECKLIST[0]}",
    ):
        assert line in written.splitlines()
    assert "Tiers:" not in written  # no board orders the list
    assert "| no commercial use |" in written
    assert "Bound no commercial use" in text(client.get(PAGE, query | {"format": ""}))

    written = client.get(PAGE, ASKED | {"modalities": [], "format": "md"}).content.decode()
    assert r"- Best: price $5.00 \> $2.00" in written
    assert "- Bound: commercial use not allowed" in written


def test_decision_lists_the_models_that_were_compared_and_counts_the_others(client, three):
    for number in range(3):
        factories.model(f"unrated-{number}", context_window=200_000)
    beats(three[0], three[1], 10)
    board_refresh.refresh()
    written = client.get(PAGE, {"task": "coding", "format": "md"}).content.decode()
    assert "| Best | " in written
    assert "Unrated" not in written.partition("## Models that might match")[0]
    assert " other models match, but have no rating." in written
    assert (
        "Unrated"
        not in text(client.get(PAGE, {"task": "coding"}))
        .partition("About this list")[0]
        .partition("Matching models")[2]
    )
    assert (
        "| Unrated-2 | " in client.get(PAGE, {"task": "coding", "chosen": "unrated-2", "format": "md"}).content.decode()
    )


def test_markdown_says_what_is_to_be_checked(client):
    conditional = factories.license("Gemma", commercial="conditional")
    factories.model("gemma", license=conditional, context_window=8000, retires_on=date(2099, 12, 1))
    factories.model("mystery", license=conditional)
    written = client.get(PAGE, {"context": "1k", "commercial": "on", "format": "md"}).content.decode()
    assert "| conditional license; retires on 2099-12-01 |" in written
    assert "## Models that might match\n\n- Mystery: context unknown\n" in written


@pytest.mark.parametrize(
    ("written", "shown"),
    [("a | b", r"a \| b"), ("[x](y)", r"\[x\](y)"), ("one\n\ntwo", "one two"), ("`<b>`", r"\`\<b\>\`"), ("", "")],
)
def test_plain_words_mean_nothing_in_markdown(written, shown):
    assert escape_markdown(written) == shown
