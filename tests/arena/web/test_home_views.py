"""The home page: its content, its form, and its errors."""

import re
from urllib.parse import quote
from uuid import UUID

import pytest
from django.utils.html import escape

from arena.answers.markdown import render_answer
from arena.models import Battle, Suggestion
from arena.ready.shipped_pairs import load_pairs
from ratings.web.leaderboard import leaders
from tests import factories as common
from tests.arena.web.test_templates import Outline

pytestmark = pytest.mark.django_db
TOO_LONG = (
    "This question is too long. Shorten it. A conversation can have up to 24,000 characters. A Chinese character or "
    "an emoji counts as up to two."
)


def page(client, path="/", status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def get_box_text(html):
    """The text in the prompt box, without its first line break, as a browser shows it."""
    return re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.S)[1]


def list_shown_keys(html):
    return [card["data-key"] for card in Outline(html).all("a", **{"class": "card"})]


def test_home_says_how_many_models_are_in_the_draw(client, two_models):
    common.endpoint(enabled=False)

    assert "We pick two of 2 models" in page(client)


def test_home_says_when_there_are_too_few(client):
    assert "Fewer than two models are available" in page(client)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_home_is_read_and_asked_and_nothing_else(client, two_models, method):
    answer = getattr(client, method)("/")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_home_needs_the_same_number_of_queries_however_many_models_and_cards(
    client, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(leaders, "render_leaders", str)  # ratings have a cache and tests of their own
    page(client)  # fills the cache of pairs
    for count in (1, 30):
        for number in range(count):
            common.endpoint()
            Suggestion.objects.create(prompt=f"Why {number}?", category=f"{number % 7}")
        with django_assert_num_queries(5):
            assert len(list_shown_keys(page(client))) == min(count, 4)


def test_question_starts_a_battle_and_leads_to_its_page(client, two_models):
    answer = client.post("/", {"prompt": "One\r\ntwo?"})

    battle = Battle.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/battles/{battle.pk}/")
    assert battle.turns.get().prompt == "One\ntwo?"
    assert (battle.mode, battle.pool.slug) == ("anonymous", "live")
    assert "One\ntwo?" in page(client, f"/battles/{battle.pk}/")


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("", "Write a question first."),
        ("a\x00<b", "The question contains invalid characters. Remove them and try again."),
        ("<b>" + "x" * 24_000, TOO_LONG),
    ],
    ids=["empty", "NUL", "too long"],
)
def test_bad_question_comes_back_with_what_is_wrong(client, two_models, prompt, sentence):
    answer = client.post("/", {"prompt": prompt})

    html = answer.content.decode()
    assert answer.status_code == 400
    assert f'role="alert">{sentence}<' in html
    assert "<b" not in get_box_text(html)
    assert not Battle.objects.exists()


def test_question_comes_back_while_too_few_models_are_up(client):
    answer = client.post("/", {"prompt": "Why me?"})

    assert answer.status_code == 503
    assert "Fewer than two models are available right now." in answer.content.decode()
    assert get_box_text(answer.content.decode()) == "Why me?"


def test_side_by_side_asks_the_two_picked_models_in_their_places(client, two_models):
    common.endpoint()
    b, a = two_models

    client.post("/", {"prompt": "Why?", "mode": "side_by_side", "model_a": a.slug, "model_b": b.slug})

    battle = Battle.objects.get()
    assert (battle.mode, battle.contestant_a, battle.contestant_b) == ("side_by_side", a, b)


def test_anonymous_battle_does_not_heed_what_was_picked_before(client, two_models):
    client.post("/", {"prompt": "Why?", "mode": "anonymous", "model_a": "gone", "model_b": two_models[0].slug})

    battle = Battle.objects.get()
    assert (battle.mode, battle.pool.slug, battle.among) == ("anonymous", "live", None)


@pytest.mark.parametrize(
    ("picked", "sentence"),
    [
        ({}, "Choose two different models."),
        ({"model_b": "quokka"}, "Choose two different models."),
        ({"model_a": "quokka", "model_b": "quokka"}, "Choose two different models."),
        (
            {"model_a": "quokka", "model_b": "<gone>"},
            "The model &#x27;&lt;gone&gt;&#x27; is not available here. Choose another one.",
        ),
        (
            {"model_a": "quokka", "model_b": "asleep"},
            "The model &#x27;asleep&#x27; is not available here. Choose another one.",
        ),
        ({"model_a": "quokka", "model_b": "\x00"}, "Send the models as a list of slugs."),
    ],
    ids=["none", "one", "the same", "unknown", "switched off", "NUL"],
)
def test_wrong_models_are_named_beside_the_pickers_and_all_else_stays(client, picked, sentence):
    common.endpoint(common.model("quokka"))
    common.endpoint(common.model("asleep"), enabled=False)

    answer = client.post("/", {"prompt": "<Why>?", "mode": "side_by_side", **picked})

    html, outline = answer.content.decode(), Outline(answer.content.decode())
    assert answer.status_code == 400
    assert f'id="models-error" role="alert">{sentence}<' in html
    assert html.count('role="alert"') == 1
    assert get_box_text(html) == "&lt;Why&gt;?"
    assert "checked" in outline.all("input", value="side_by_side")[0]
    chosen = [option["value"] for option in outline.all("option") if "selected" in option]
    assert chosen == [slug for slug in picked.values() if slug == "quokka"]
    assert not Battle.objects.exists()


def test_address_with_a_model_chooses_it_for_side_a(client, two_models):
    html = page(client, f"/?model_a={two_models[0].slug}")
    assert "checked" in Outline(html).all("input", value="side_by_side")[0]
    assert [field["value"] for field in Outline(html).all("option") if "selected" in field] == [two_models[0].slug]


def test_unknown_mode_is_refused_beside_the_switch(client, two_models):
    answer = client.post("/", {"prompt": "Why?", "mode": "duel"})

    assert answer.status_code == 400
    assert 'role="alert">Set “mode” to “anonymous” or “side_by_side”.<' in answer.content.decode()


def test_pickers_offer_the_enabled_models_by_name(client):
    common.endpoint(common.model("z", name="Ant <7B>"))
    common.endpoint(common.model("a", name="Zebra"))
    common.endpoint(common.model("off"), enabled=False)

    offered = [option["value"] for option in Outline(page(client)).all("option")]

    assert offered == ["", "z", "a"] * 2
    assert "Ant &lt;7B&gt;" in page(client)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ""),
        ("Why?", "Why?"),
        ("<b>\nWhy?", "&lt;b&gt;\nWhy?"),
        ("\nWhy?", "\nWhy?"),
        ("y" * 24_001, "y" * 24_000),
    ],
    ids=["nothing", "a question", "markup", "a line break first", "too long"],
)
def test_question_given_in_the_address_stands_in_the_box(client, given, expected):
    assert get_box_text(page(client, f"/?prompt={quote(given)}")) == expected


def test_card_without_javascript_leads_to_a_filled_box(client):
    card = Suggestion.objects.create(prompt="Write about [a topic].", category="Ours")
    html = page(client)
    href = Outline(html).all("a", **{"class": "card"})[0]["href"]

    assert href == f"/?suggestion={card.pk}"
    assert get_box_text(page(client, href)) == "Write about [a topic]."


@pytest.mark.parametrize("key", ["", "0", "-1", "x", "²", "99", "9" * 18, "9" * 19, "1" * 5000, "\x00", "'"])
def test_card_that_is_not_offered_leaves_the_box_empty(client, key):
    Suggestion.objects.create(prompt="Why?", category="Ours")
    address = f"/?suggestion={quote(key)}&shown={quote(key)}"

    assert get_box_text(page(client, address)) == ""


def test_suggestions_come_alone_and_are_others(client):
    keys = list_shown_keys(page(client))

    html = page(client, "/suggestions/?" + "&".join(f"shown={key}" for key in keys))

    assert len(list_shown_keys(html)) == len(keys) == 4
    assert not set(list_shown_keys(html)) & set(keys)
    assert html.strip().startswith("<li>")
    assert client.post("/suggestions/").status_code == 405


def test_card_is_shown_as_text(client):
    Suggestion.objects.create(prompt="<img src=x onerror=alert(1)>", category="<b>Ours</b>")

    html = page(client)

    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "&lt;b&gt;Ours&lt;/b&gt;" in html


def test_home_says_what_is_stored(client):
    assert "We store your question, both answers, and your vote" in page(client)


@pytest.fixture
def two_slugs(two_models):
    common.endpoint(common.model("third"))
    return [model.slug for model in two_models]


def test_home_draws_blind_among_the_models_that_the_address_names(client, two_slugs):
    html = page(client, "/?" + "&".join(f"among={slug}" for slug in two_slugs))
    named = [field["value"] for field in Outline(html).all("input", name="among")]
    assert named == two_slugs
    assert "Blind battles between:" in html
    assert "Your votes are kept, but not rated." in html
    assert "Named models" not in html
    assert list_shown_keys(html) == []

    client.post("/", {"prompt": "Why?", "among": named})

    battle = Battle.objects.get()
    assert (battle.mode, battle.rated_pool) == ("anonymous", None)
    assert {battle.contestant_a.slug, battle.contestant_b.slug} == set(two_slugs)


@pytest.mark.parametrize("among", [["<none>", "third"], ["third"], ["third", "third"], ["\0", "third"]])
def test_home_refuses_models_that_cannot_battle_and_keeps_them(client, two_slugs, among):
    answer = client.post("/", {"prompt": "Why?", "among": among})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'role="alert"' in html
    assert "<none>" not in html
    assert [field["value"] for field in Outline(html).all("input", name="among")] == among
    assert not Battle.objects.exists()


@pytest.mark.parametrize("path", ["/", "/leaderboard/"])
def test_pages_lead_to_the_choice_of_a_model(client, path):
    assert '<a href="/choose/">Choose</a>' in page(client, path)


def test_home_leads_to_the_choice_unless_one_comes_from_there(client, two_slugs):
    words = "Which model fits your task?"
    assert words in page(client)
    assert words not in page(client, "/?" + "&".join(f"among={slug}" for slug in two_slugs))


def test_home_offers_a_pair_to_judge_and_its_question_to_ask(client):
    html = page(client)
    key = re.search(r'action="/b/([^/]+)/vote/"', html)[1]
    pair = load_pairs()[UUID(key)]

    assert all(render_answer(answer.text, stopped=False, cut=answer.cut) in html for answer in pair.answers.values())
    assert not any(answer.name in html for answer in pair.answers.values())
    assert f'href="/ready/?skip={key}"' in html
    assert escape(pair.prompt[:40]) in page(client, f"/?pair={key}")
    assert get_box_text(page(client, f"/?pair={key}")) == escape(pair.prompt)


@pytest.mark.parametrize("pair", ["x", "", str(UUID(int=7))])
def test_pair_that_does_not_exist_leaves_the_box_empty(client, pair):
    assert get_box_text(page(client, f"/?pair={pair}")) == ""


def test_card_starts_its_question_whatever_is_in_the_box(client, two_models):
    card = Suggestion.objects.create(prompt="Write about [a topic].", category="Ours")
    [button] = Outline(page(client)).all("button", **{"class": "card-start"})

    client.post("/", {"prompt": "half a que", button["name"]: button["value"]})

    battle = Battle.objects.get()
    assert battle.turns.get().prompt == card.prompt
    assert battle.prompt_source == "suggestion"
