"""The page of the choice."""

import html
import re
from datetime import date
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from arena.models import Pool
from catalog.models import Benchmark, LanguageModel, Price
from ratings.choice.form import ChoiceForm
from ratings.choice.model_choice import TaskPicks, find_task_picks, task_picks_cache
from ratings.choice.task_kinds import load_task_kinds
from ratings.models import Category
from ratings.pipeline import board_refresh
from tests import factories
from tests.arena.web.test_templates import Outline
from tests.ratings.choice.test_model_choice import beats, priced, three
from tests.ratings.reference_board import SLUG, loaded

__all__ = ["three"]
pytestmark = pytest.mark.django_db

PAGE = "/choose/"
BAD_POOLS = ("nowhere", "?", "\0")


def text(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def links(response):
    return [link["href"] for link in Outline(response.content.decode()).all("a")]


def test_page_begins_with_the_tasks_and_their_usual_limits(client):
    response = client.get(PAGE, {"utm": "x"})
    assert response.status_code == 200
    assert 'id="left"' not in response.content.decode()
    asked = [parse_qs(urlsplit(link).query) for link in links(response) if link.startswith("?task=")]
    assert [each["task"][0] for each in asked if "task" in each] == list(load_task_kinds())
    assert "/choose/?task=" in links(response)  # any task
    assert {"task": ["on-device"], "openness": ["open"], "params": ["10B"]} in asked


def test_card_of_a_task_names_the_picks_within_its_usual_limits(client, tmp_path):
    assert not Outline(client.get(PAGE).content.decode()).all("bdi")
    loaded(tmp_path)
    priced(LanguageModel.objects.get(slug="gpt-4o-2024-05-13"), 2)
    LanguageModel.objects.filter(slug="gemma-3-4b-it").update(open_weights=True, parameters_total=4 * 10**9)
    shown = re.sub(r" 1,\d\d\d\b", " some rating", text(client.get(PAGE)))
    picks = "Highest rated An Claude Opus 4.6 some rating Open weights Go Gemma 3 4B IT some rating"
    assert f"Writes prose that people like to read. {picks}" in shown
    assert "5B for a phone. Highest rated Go Gemma 3 4B IT" in shown
    priced(LanguageModel.objects.get(slug="claude-opus-4-6"), 2)
    assert re.search(r"Claude Opus 4.6 1,\d\d\d \$2.00", text(client.get(PAGE)))
    assert "What do you need the model for? LMArena, October 2026 Rating, price per million tokens" in shown


def test_cards_are_grouped_by_the_source_of_their_ratings(client, tmp_path):
    loaded(tmp_path)
    first, second, *rest = find_task_picks().items()
    found = dict([first, (second[0], TaskPicks("Elsewhere", second[1].picks)), *rest])
    task_picks_cache.seconds = 60.0
    task_picks_cache.store(None, found)
    shown = text(client.get(PAGE))
    assert [shown.count(source) for source in ("LMArena, October 2026", "Elsewhere")] == [1, 1]
    assert "On a phone or a laptop" in shown.partition("Elsewhere")[0]
    assert "Elsewhere Writing code" in shown


def test_every_task_leads_to_a_shortlist(client, three):
    for kind in load_task_kinds().values():
        near, _ = Benchmark.objects.get_or_create(slug=kind.benchmarks[0], defaults={"name": "Near It"})
        response = client.get(PAGE, {"task": kind.slug, **kind.limits})
        assert response.status_code == 200
        assert kind.why in text(response)
        unscored = "Near It (no scores here for the matching models)"
        assert (unscored in text(response)) == (near.slug != "elo")
        assert f"/benchmarks/{kind.benchmarks[0]}/" in links(response)


def test_page_shows_survivors_exclusions_and_what_limits_cost(client, three):
    factories.model("mystery", name="<Mystery>", retires_on=date(2099, 12, 1))
    response = client.get(PAGE, {"task": "coding", "commercial": "on", "price": "2"})
    shown = text(response)
    for words in (
        "Choose a model",
        "1 model matches “Writing code”",
        "1 model might match, but we lack the data to check",
        "&lt;Mystery&gt; commercial use unknown; price unknown",
        "2 models excluded (2 of these fail only one requirement)",
        "Best price $5.00 &gt; $2.00",
        "Bound commercial use not allowed",
        "commercial use ✕ Remove “Commercial use allowed, possibly with conditions”",
    ):
        assert words in shown
    assert "?task=coding&price=2" in links(response)
    assert "&lt;Mystery&gt; retires on December 1, 2099" in text(client.get(PAGE, {"task": "coding"}))

    response = client.get(PAGE, {"price": "2"})
    assert "2 models match" in text(response)
    words = "1 model might match, but we lack the data to check “Max $ per million tokens (blended)”"
    assert words in text(response)
    assert "1 lacks data" in text(response)
    assert "#undecided" in links(response)
    assert "undecided" not in text(client.get(PAGE, {"tools": ""}))


@pytest.mark.parametrize(
    ("query", "selected"),
    [
        ({"task": ""}, ""),
        ({"task": "coding"}, ""),
        ({"task": "coding", "pool": "elsewhere"}, "elsewhere"),
        ({"task": "coding", "context": "lots"}, ""),
        ({"task": "coding", "context": "lots", "pool": "elsewhere"}, "elsewhere"),
        ({"pool": "\0"}, ""),
    ],
)
def test_board_that_orders_stays_what_was_asked_for(client, three, query, selected):
    factories.pool("elsewhere", kind=Pool.Kind.IMPORT, name="Elsewhere")
    form = client.get(PAGE, query).content.decode().partition('<select name="pool"')[2].partition("</select>")[0]
    options = Outline(form).all("option")
    assert options[0]["value"] == ""  # which a browser sends if nothing is selected
    assert [each["value"] for each in options if "selected" in each and each["value"]] == (
        [selected] if selected else []
    )


def test_page_suggests_three_models(client, three):
    assert "Highest rated" not in text(client.get(PAGE, {"task": "coding"}))
    beats(three[0], three[1], 4)
    board_refresh.refresh()
    shown = text(client.get(PAGE, {"price": "9"}))
    shown = re.sub(r"[\d,]+ [\d,]+ . [\d,]*\d, rank 1.2", "some rating", shown)
    shown = re.sub(r"\d+ points? above", "some points above", shown)
    assert (
        "Highest rated Best Rating some rating Cost $5.00 per million tokens Context 400K tokens "
        "some points above Cheap (not significant) Write a decision note "
        "Best value Open weights Runner-up Cheap $1.00 / 1M tokens"
    ) in shown
    assert "Leaderboard with these tiers ." in shown
    closed = text(client.get(PAGE, {"price": "9", "openness": "closed"}))
    assert "Highest rated Best" in closed
    assert "Runner-up" not in closed
    for query, is_unrated in (({"commercial": "on"}, False), ({"context": "200k", "price": "2"}, True)):
        said = "None of these models has a rating on the board" in text(client.get(PAGE, query))
        assert said is is_unrated


def test_page_says_how_tiers_and_order_were_made_for_a_board_that_has_neither_tiers_nor_ranges(client, tmp_path):
    loaded(tmp_path)
    response = client.get(PAGE, {"task": "facts"})
    shown = text(response)
    assert re.search(r"218 points above .* \(significant\)", shown)
    assert "The publisher gives no tiers. They were computed here from the intervals: a tier contains" in shown
    assert "Leaderboard with these ratings ." in shown
    assert "Leaderboard with these tiers" not in shown
    decision = client.get("/choose/decision/", {"task": "facts", "chosen": "claude-opus-4-6"})
    assert all("1,499 \N{EN DASH} 1,506, rank 1 Cost" in each for each in (shown, text(decision)))

    response = client.get(PAGE, {"category": "creative-writing", "pool": SLUG})
    above = text(response).partition("Matching models")[0]
    assert "Sorted by tier, then by price, then by speed. Ratings: " in above
    assert "Rating category: Creative writing" in above
    assert "Ratings from: LMArena" in above
    assert "wide interval" not in above
    assert "?pool=" + SLUG in links(response)


def test_list_without_a_model_of_the_first_tier_says_so(client, tmp_path):
    loaded(
        tmp_path,
        "overall,openai / gpt-4o,GPT-4o,1500,1495,1505,117747,1",
        "overall,anthropic / claude-opus-4.6,Claude Opus 4.6,1400,1396,1404,82619,2",
    )
    said = "No model of tier 1, the tier with the highest ratings, is known to meet these limits."
    assert said not in text(client.get(PAGE, {"task": "facts"}))
    priced(LanguageModel.objects.get(name__startswith="Claude Opus 4.6"), 1)
    assert said in text(client.get(PAGE, {"task": "facts", "price": "2"}))


def test_order_of_the_list_is_unfolded_if_it_is_refused(client):
    for query, is_open in (({"sort": "bogus"}, True), ({"pool": "?"}, True), ({"price": "x"}, False)):
        shown = client.get(PAGE, {"task": "", **query}).content.decode()
        fold = re.search(r'<details class="fold"( open)?>\s*<summary>Order and ratings', shown)
        assert bool(fold[1]) is is_open


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"task": "coding", "price": "2"}, "Writing code 1 limit"),
        ({"task": "", "price": "2", "openness": "open"}, "Task and limits 2 limits"),
        ({"price": "x"}, "Task and limits"),
    ],
)
def test_closed_form_names_the_task_and_counts_the_limits(client, query, said):
    summary = re.search(r'<summary><span id="limit-count">.*?</summary>', client.get(PAGE, query).content.decode())
    assert re.sub(r"<[^>]*>", "", summary[0]).strip() == said


def test_tiers_that_do_not_follow_the_ratings_are_explained(client, tmp_path):
    loaded(
        tmp_path,
        "overall,openai / gpt-4o,GPT-4o,1500,1495,1505,117747,1",
        "overall,anthropic / claude-opus-4.6,Claude Opus 4.6,1490,1486,1494,82619,2",
        "overall,mistral / mistral-medium,Mistral Medium,1480,1450,1510,340,3",
    )
    words = "A model with a wide interval can be in a better tier than one with a higher rating."
    for sort in ("tier", "rating"):
        assert words in text(client.get(PAGE, {"task": "facts", "sort": sort}))


def test_unrated_models_have_a_list_of_their_own_unless_they_are_all(client, three, tmp_path):
    response = client.get(PAGE, {"task": "coding"})
    assert len(response.context["left"]) == 3
    assert "no rating in" not in text(response)
    loaded(tmp_path)
    priced(factories.model("odd"), 1)
    for sort in ("tier", "rating", "price"):
        response = client.get(PAGE, {"task": "facts", "sort": sort})
        shown = text(response)
        assert "5 matching models have no rating in “Overall”" in shown
        assert "Odd $1.00 / 1M tokens" in shown
        assert all(each.candidate.rating is not None for each in response.context["left"])


def test_plot_of_prices_names_the_suggestions(client, three):
    beats(three[0], three[1], 4)
    beats(three[1], three[2], 4)
    board_refresh.refresh()
    page = client.get(PAGE, {"price": "9"}).content.decode()
    assert page.count('<svg class="calc-plot"') == 1
    plot = page.partition('<svg class="calc-plot"')[2].partition("</svg>")[0]
    assert re.findall(r'class="callout"[^>]*>([^<]*)', plot) == ["Cheap", "Best"]


def test_ratings_can_be_from_the_category_that_is_selected(client, tmp_path):
    loaded(tmp_path, *OVERALL_AND_GERMAN)
    query = {"task": "facts", "category": "german", "pool": SLUG, "sort": "rating"}
    response = client.get(PAGE, query)
    assert "Sorted by rating. Ratings: LMArena, October 2026 (German)" in text(response)
    select = response.content.decode().partition('<select name="category"')[2].partition("</select>")[0]
    options = Outline(select).all("option")
    assert [each["value"] for each in options] == ["", "overall", "german"]
    assert [each["value"] for each in options if "selected" in each] == ["german"]
    found = client.get("/api/v1/shortlist/", query).json()
    assert (found["category"], found["survivors"][0]["model"]) == ("german", "gpt-4o-2024-05-13")

    Category.objects.create(slug="klingon")
    shown = text(client.get(PAGE, {"category": "klingon", "sort": "price"}))
    assert "No ratings in the category that you selected can sort this list. Sorted by price, then by rating." in shown
    refused = client.get(PAGE, {"category": "nowhere"})
    assert refused.status_code == 400
    assert "There is no such category." in text(refused)


OVERALL_AND_GERMAN = (
    "overall,openai / gpt-4o,GPT-4o (2024-05-13),1285.3,1282.1,1288.5,117747,17",
    "overall,anthropic / claude-opus-4.6,Claude Opus 4.6 (High),1502.6,1499.3,1505.9,82619,5",
    "german,openai / gpt-4o,GPT-4o (2024-05-13),1485.3,1482.1,1488.5,1177,1",
    "german,anthropic / claude-opus-4.6,Claude Opus 4.6 (High),1402.6,1399.3,1405.9,826,5",
)


NEAREST = (
    "The closest excluded models Best context 400,000 &lt; 1,000,000 Bound context 200,000 &lt; 1,000,000 "
    "Cheap context 128,000 &lt; 1,000,000"
)
CHEAPEST = "The cheapest of all matching models is Bound ($1.00 per million tokens)."


@pytest.mark.parametrize(
    ("query", "words", "absent"),
    [
        ({"task": "coding"}, ["Prices assume three input tokens per output token."], ["Per month", "Highest rated"]),
        (
            {"task": "coding", "input_tokens": "1M"},
            ["Prices are for your ratio of input to output tokens.", "Per month"],
            [],
        ),
        (
            {"context": "1M"},
            ["No model is known to match", "3 models match without it", NEAREST],
            ["Compare", "cheapest"],
        ),
        ({"context": "400k"}, ["1 model matches"], ["without it", "The closest excluded"]),
        ({"context": "200k"}, [CHEAPEST], []),
        ({"context": "200k", "task": "coding"}, [], [CHEAPEST]),
        (
            {"task": ""},
            ["The license determines whether you can build a product", "Use this price for a first comparison"],
            ["Max seconds to the first token", "A wait of more than a second"],
        ),
        ({"latency": "1"}, ["Max seconds to the first token"], []),
    ],
)
def test_page_says_what_holds_of_the_query(client, three, query, words, absent):
    shown = text(client.get(PAGE, query))
    assert [each for each in words if each not in shown] == []
    assert [each for each in absent if each in shown] == []


@pytest.mark.parametrize(
    ("find", "words"),
    [
        ("CHEAP", "Cheap matches: it meets all limits"),
        ("best", "Best excluded: price $5.00 &gt; $2.00"),
        ("myst", "Mystery might match: price unknown"),
        ("best bound", "No model's name contains"),
        (
            "gone",
            "Gone retired on March 1, 2026, so it is in no group Gone Too retired, so it is in no group",
        ),
        ("Gone-4.1", "Gone 4.1 matches"),  # the name has a space, and the slug has two hyphens
        ("4.1", "Gone 4.1 matches"),
        ("4-2", "No model's name contains"),
        ("4.2 -", "No model's name contains"),
        ("talker", "No model's name contains"),
    ],
)
def test_search_tells_the_group_of_a_model_and_all_its_reasons(client, three, find, words):
    factories.model("mystery")
    factories.model("talker", demo=True)
    factories.model("gone", retires_on=date(2026, 3, 1))
    factories.model("gone-too", name="Gone Too", status="retired")
    priced(factories.model("gone-4-1", name="Gone 4.1"), 1)
    response = client.get(PAGE, {"price": "2", "find": find})
    shown = html.unescape(text(response)) if "'" in words else text(response)
    assert words in shown
    fields = Outline(response.content.decode().partition('id="found"')[2].partition("</form>")[0]).all("input")
    assert [(each["name"], each.get("value")) for each in fields] == [("price", "2"), ("find", find)]
    assert "retired, so it is" not in text(client.get(PAGE, {"price": "2"}))


def test_search_shows_thirty_models(client):
    for number in range(31):
        factories.model(f"m-{number}")
    shown = text(client.get(PAGE, {"find": "m-"}))
    assert shown.count("matches: it meets all limits") == 30
    assert "31 models match. The first 30 are shown." in shown


def test_decision_can_be_written_if_a_model_matches_or_is_undecided(client, three):
    words = "Write a decision note"
    assert words not in text(client.get(PAGE, {"context": "1M"}))
    factories.model("mystery")
    for query in ({"price": "2"}, {"context": "1M"}):  # three models match, or none
        response = client.get(PAGE, query)
        assert text(response).count(words) == 1
        assert links(response).count(f"/choose/decision/?{urlencode(query)}") == 2  # also a tab


def test_each_limit_says_what_dropping_it_adds(client, three):
    Price.objects.all().delete()
    for model, amount in zip(three, (5, 5, 1), strict=True):
        priced(model, amount)
    limits = client.get(PAGE, {"commercial": "on", "price": "2"}).context["limits"]
    assert [(limit.label, limit.additional_matches, limit.query_without) for limit in limits] == [
        ("Commercial use allowed, possibly with conditions", 1, "price=2"),
        ("Max $ per million tokens (blended)", 2, "commercial=on"),
    ]


def test_address_gives_the_same_shortlist_again(client, three):
    """What the form sends, with its empty fields, and the address that is shared say the same."""
    address = {"task": "coding", "context": "100k", "price": "2"}
    sent = {
        name: ""
        for name in ChoiceForm.base_fields
        if name not in ("among", "commercial", "modalities", "tools", "search_instead")
    }
    pages = [client.get(PAGE, query) for query in (address, sent | address)]
    first, second = ([each.candidate.slug for each in page.context["choice"].shortlist.survivors] for page in pages)
    assert first == second == ["bound", "cheap"]
    assert client.get("/api/v1/shortlist/", address).json()["survivors"][0]["model"] == "bound"


def test_form_keeps_what_was_asked_and_has_hints_beside_its_fields(client, three):
    factories.model("seeing", modalities=["text", "image"], tools=True, parameters_total=7)
    response = client.get(PAGE, {"context": "200k", "tools": "on", "modalities": "image"})
    page = response.content.decode()
    outline = Outline(page)
    fields = {(each.get("name"), each.get("value")): each for each in outline.all("input")[::-1]}  # the first one
    assert ("context", "200k") in fields
    assert re.search("context ≥ 200,000 .* Calls tools: yes .* Accepts: images", text(response))
    assert "checked" in fields["modalities", "image"]
    assert "checked" not in fields["modalities", "audio"]
    assert re.search(r'<div class="check"><label><input type="checkbox" name="commercial"[^>]*> <span>Commercial', page)
    for name, tag in (("gpu_memory", "p"), ("tools", "span"), ("modalities", "p")):
        assert outline.all(tag, id=f"id_{name}_helptext"), name
    assert outline.all("input", name="tools")[0]["aria-describedby"] == "id_tools_helptext"
    assert "We have data on 1 of 4 models." in text(client.get(PAGE, {"task": ""}))


def boxes(response):
    """Return whether the box of each model that can battle is ticked."""
    found = Outline(response.content.decode()).all("input", type="checkbox", name="among")
    return {each["value"]: "checked" in each for each in found}


def test_models_that_answer_here_can_be_ticked_and_no_others(client, three):
    assert "None of these models is connected, so they cannot battle." in text(client.get(PAGE, {"task": "coding"}))
    factories.endpoint(three[0])
    assert "two connected models, and only Best is connected." in text(client.get(PAGE, {"task": "coding"}))
    mystery = factories.model("mystery")
    for model in (three[1], mystery):
        factories.endpoint(model)
    factories.endpoint(three[2], enabled=False)
    response = client.get(PAGE, {"price": "9"})
    assert "Compare the selected models blind" in text(response)
    assert boxes(response) == {"cheap": True, "best": True, "mystery": False}
    assert "Mystery (price unknown)" in text(response)
    assert boxes(client.get(PAGE, {"price": "2"})) == {"cheap": True, "mystery": False}
    among = client.get(PAGE, {"price": "9", "among": ["best", "mystery"]})
    assert boxes(among) == {"cheap": False, "best": True, "mystery": True}


@pytest.mark.parametrize("page", [PAGE, "/choose/decision/"])
def test_demo_models_are_offered_only_where_no_other_battle_is(client, three, page):
    demos = [factories.model(slug, demo=True) for slug in ("talker", "chatter")]
    factories.endpoint(demos[0])
    assert "try a battle with the demo models" not in text(client.get(page, {"task": "coding"}))
    factories.endpoint(demos[1])
    response = client.get(page, {"task": "coding"})
    assert "None of these models is connected, so they cannot battle." in text(response)
    [link] = [each for each in links(response) if each.startswith("/?among=")]
    assert sorted(parse_qs(urlsplit(link).query)["among"]) == ["chatter", "talker"]
    assert boxes(response) == {}

    for model in three[:2]:
        factories.endpoint(model)
    response = client.get(page, {"task": "coding"})
    assert boxes(response) == {"cheap": True, "best": True}
    assert "demo models" not in text(response)


@pytest.mark.parametrize("page", [PAGE, "/choose/decision/"])
def test_pool_that_was_deleted_is_an_error_of_no_field_that_is_empty(client, three, page):
    Pool.objects.all().delete()
    for query in ({"price": "2"}, {"price": "x"}) if page == PAGE else ({"price": "2"},):
        response = client.get(page, query)
        assert response.status_code == 404
        assert "There are no such ratings" not in text(response)


@pytest.mark.parametrize("page", [PAGE, "/choose/decision/"])
def test_only_operators_are_shown_where_to_connect_models(client, admin_client, three, page):
    link = "/admin/arena/endpoint/"
    assert link not in links(client.get(page, {"task": "coding"}))
    assert link in links(admin_client.get(page, {"task": "coding"}))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"context": "lots"}, "Enter a number, such as"),
        ({"modalities": "smell"}, "one of: image, audio, video, pdf"),
        ({"monthly": "9"}, "requires this field too"),
        *(({"pool": pool}, "Ratings from : There are no such ratings. Choose from the list.") for pool in BAD_POOLS),
        ({"category": "?"}, "Rating category : There is no such category. Choose from the list."),
    ],
)
def test_page_refuses_with_a_page(client, three, query, words):
    response = client.get(PAGE, query)
    assert response.status_code == 400
    assert words in text(response)
    assert 'id="left"' not in response.content.decode()
    if "pool" in query:
        page = Outline(response.content.decode())
        [field] = page.all("select", name="pool")
        assert field["aria-invalid"] == "true"
        assert len(page.all("div", id=field["aria-describedby"])) == 1
        assert "/api/v1/" not in text(response)


def test_lists_are_shown_in_pages(client):
    for number in range(180):
        model = factories.model(f"m-{number:03}")
        if number < 120:
            priced(model, 1 if number < 60 else 9)
    query = {"price": "2"}
    groups = ("left", "undecided", "out")

    first, last = client.get(PAGE, query), client.get(PAGE, {**query, **dict.fromkeys(groups, 2)})

    assert [[len(each.context[name]) for name in groups] for each in (first, last)] == [[10, 25, 25], [10, 25, 25]]
    assert "60 models match" in text(first)
    assert "1 to 10 of 60 Next page" in text(first)
    assert "Previous page 11 to 20 of 60 Next page" in text(last)
    assert {f"?price=2&{name}=2#{name}" for name in groups} <= {*links(first)}
    assert "/choose/decision/?price=2" in links(last)
    shown = {each.candidate.slug for page in (first, last) for name in groups for each in page.context[name]}
    assert len(shown) == 120


def test_page_of_a_list_that_is_not_there_is_refused(client, three):
    for page in ("0", "3", "-1", "x"):
        response = client.get(PAGE, {"price": "2", "out": page})
        assert response.status_code == 404
        assert "This page of the list does not exist. Go to the first page." in text(response)


def test_preset_takes_the_place_of_what_was_typed(client, three):
    """A button comes after the input of its name, and the address that is pushed has only one of the values."""
    response = client.get(PAGE + "?task=coding&price=9&price=2&context=")
    assert [each.candidate.slug for each in response.context["left"]] == ["bound", "cheap"]
    assert response.headers["HX-Replace-Url"] == "/choose/?task=coding&price=2"
    pressed = Outline(response.content.decode()).all("button", name="price")
    assert [each["value"] for each in pressed] == ["1", "5", "15"]
    assert client.get(PAGE + "?price=&task=").headers["HX-Replace-Url"] == "/choose/?task="
    chosen = Outline(client.get(PAGE, {"price": "5"}).content.decode()).all("button", name="price")
    assert [each["value"] for each in chosen if "aria-pressed" in each] == ["5"]
    form = client.get(PAGE, {"task": ""}).content.decode().partition('aria-label="Task and limits"')[2]
    assert "name" not in Outline(form).all("button")[0]  # Enter in a field presses the first button of the form


def test_number_of_parameters_without_a_unit_is_in_billions_on_pages(client):
    for typed, address in (("10", "10B"), ("3.8", "3.8B"), ("999", "999B"), (" 7 ", "7B"), ("0.5", "0.5B")):
        for page in (PAGE, "/choose/decision/"):
            response = client.get(page, {"params": typed, "price": "2"})
            assert (response.status_code, response["Location"]) == (301, f"{page}?params={address}&price=2")


def test_other_numbers_of_parameters_stay_and_are_exact_in_the_api(client, three):
    for typed in ("10B", "500M", "1000", "8000000000", "", "-1", "1e9", "many"):
        assert client.get(PAGE, {"params": typed}).status_code in (200, 400)
    response = client.get("/api/v1/shortlist/", {"params": "10"})
    assert response.status_code == 200
    assert response.json()["undecided"]


def test_error_takes_the_place_of_the_result_and_interrupts_only_those_who_send_the_form(client, three):
    """htmx keeps what it shows if the status is 400."""
    for target, role, status in ((None, "alert", 400), ("choice", "alert", 200), ("results", "status", 200)):
        headers = {"HX-Request": "true", "HX-Target": target} if target else {}
        response = client.get(PAGE, {"price": "dear"}, headers=headers)
        assert response.status_code == status
        assert "Please check these fields: Max $ per million tokens (blended) : Enter a number" in text(response)
        page = Outline(response.content.decode())
        assert page.all("div", role=role)
        assert len(page.all("div", role="alert")) == (role == "alert")


def test_columns_with_few_known_values_are_left_out(client, three):
    assert client.get(PAGE, {"task": ""}).context["table"]["columns"] == {"context", "license"}
    LanguageModel.objects.exclude(slug="best").delete()
    for number in range(20):
        factories.model(f"m-{number}")
    assert client.get(PAGE, {"task": ""}).context["table"]["columns"] == set()
