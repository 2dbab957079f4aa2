"""The pages of battles."""

import re

import pytest
from django.test import Client

from arena.events import Position
from arena.models import Battle, Standing, Vote
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED, RUNNING

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def page(client, battle):
    answer = client.get(f"/battles/{battle.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_home_says_how_many_models_are_in_the_draw(client, two_models):
    common.endpoint(enabled=False)

    assert "2 models are in the draw" in client.get("/").content.decode()


def test_home_says_when_there_are_too_few(client):
    assert "Fewer than two models are available" in client.get("/").content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_home_is_read_and_asked_and_nothing_else(client, two_models, method):
    answer = getattr(client, method)("/")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_question_starts_a_battle_and_leads_to_its_page(client, two_models):
    answer = client.post("/", {"prompt": "One\r\ntwo?"})

    battle = Battle.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/battles/{battle.pk}/")
    assert battle.turns.get().prompt == "One\ntwo?"
    assert "One\ntwo?" in page(client, battle)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("", "Write a question first."),
        (" \r\n", "Write a question first."),
        ("a\x00<b", "The question holds characters that are no text."),
        ("<b>" + "x" * 32_000, "The question is longer than 32,000 characters."),
    ],
    ids=["empty", "blank", "NUL", "too long"],
)
def test_bad_question_comes_back_with_what_is_wrong(client, two_models, prompt, sentence):
    answer = client.post("/", {"prompt": prompt})

    html = answer.content.decode()
    assert answer.status_code == 400
    assert f'role="alert">{sentence}<' in html
    assert "<b" not in re.search(r"<textarea.*?</textarea>", html, re.S)[0][9:]
    assert not Battle.objects.exists()


def test_question_without_a_field_is_an_empty_one(client, two_models):
    assert client.post("/", {}).status_code == 400


def test_question_comes_back_while_too_few_models_are_up(client):
    answer = client.post("/", {"prompt": "Why me?"})

    assert answer.status_code == 503
    assert "Fewer than two models are up." in answer.content.decode()
    assert "Why me?" in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "part", "status"),
    [("get", "", 200), ("head", "", 200), ("post", "", 405), ("get", "vote/", 405), ("post", "vote/", 400)],
)
def test_battle_page_is_never_stored(client, me, method, part, status):
    battle = factories.battle(voter=me)

    answer = getattr(client, method)(f"/battles/{battle.pk}/{part}")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")


def test_battle_page_of_anyone_else_is_not_there(client, me):
    battle = factories.battle()

    answer = client.get(f"/battles/{battle.pk}/")

    assert answer.status_code == 404
    assert "There is nothing here." in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "a", "shown"),
    [
        ("answering", RUNNING, 'data-state="answering"'),
        ("ready", FINISHED, "Which is better?"),
        ("void", FAILED, "This battle could not be finished."),
        ("skipped", FINISHED, "You skipped this battle."),
        ("expired", FINISHED, "This battle is closed."),
    ],
)
def test_battle_page_shows_each_state(client, me, state, a, shown):
    html = page(client, factories.battle(state, a=a, voter=me))

    assert shown in html
    assert ("<form" in html and "disabled>" in html.split('id="verdict"')[1]) is (state == "answering")


def test_battle_page_shows_finished_answers_as_html_and_running_ones_as_text(client, me):
    text = "**bold** <script>alert(1)</script>"
    battle = factories.battle("answering", a=FINISHED | {"text": text}, b=RUNNING | {"text": text}, voter=me)

    html = page(client, battle)

    assert "<p><strong>bold</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>" in html
    assert "**bold** &lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html


def test_battle_page_escapes_the_question(client, me):
    battle = factories.battle(voter=me)
    battle.turns.update(prompt="<img src=x onerror=alert(1)>")

    assert "&lt;img src=x onerror=alert(1)&gt;" in page(client, battle)


@pytest.mark.parametrize("failure", ["timeout", "refused", "too_long"])
def test_battle_page_says_of_a_failed_side_only_that_it_failed(client, me, failure):
    html = page(client, factories.battle("void", b=FAILED | {"failure": failure}, voter=me))

    assert "This side could not answer." in html
    assert failure not in html


def test_battle_page_names_the_place_from_which_its_events_go_on(client, me):
    battle = factories.battle("answering", a=FINISHED, b=RUNNING | {"text": "Hello"}, voter=me)

    found = re.search(rf'data-events="/api/v1/battles/{battle.pk}/events\?from=([^"]+)"', page(client, battle))

    position = Position.parse(found[1])
    assert (position.a.characters, position.a.ended) == (len(FINISHED["text"]), 1)
    assert (position.b.characters, position.b.ended, position.step) == (5, 0, 0)


def test_battle_page_needs_the_same_number_of_queries_however_many_turns(client, me, django_assert_num_queries):
    battle = factories.battle(voter=me)
    with django_assert_num_queries(4):
        page(client, battle)
    for number in range(2, 12):
        factories.turn(battle, number, a=FINISHED, b=FINISHED)
    with django_assert_num_queries(4):
        page(client, battle)


@pytest.mark.parametrize(
    ("winner", "words"),
    [
        ("a", "You found A better."),
        ("b", "You found B better."),
        ("tie", "You called it a tie."),
        ("both_bad", "You found both bad."),
    ],
)
def test_vote_shows_who_answered(client, me, winner, words):
    battle = factories.battle(voter=me, model_a=common.model("alpha", name="Al <b>pha"), model_b=common.model("beta"))
    Standing.objects.create(
        pool="live", ratings={"alpha": {"rating": 1012.4, "ci_low": 990.0, "ci_high": 1030.0, "rank": 1, "votes": 7}}
    )

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": winner}, headers=HTMX)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.lstrip().startswith("<section")
    assert words in html
    assert "Al &lt;b&gt;pha" in html
    assert "1,012" in html or "1012" in html
    assert "Not rated before this vote" in html
    assert html.count("your choice") == (winner in ("a", "b"))
    assert Vote.objects.get().winner == winner


def test_vote_without_javascript_leads_back_to_the_page(client, me):
    battle = factories.battle(voter=me)

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"})

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/battles/{battle.pk}/")
    assert "You found A better." in page(client, battle)


def test_vote_again_shows_the_stored_one(client, me):
    battle = factories.battle(voter=me)
    client.post(f"/battles/{battle.pk}/vote/", {"winner": "tie"})

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"}, headers=HTMX)

    assert "You called it a tie." in answer.content.decode()
    assert Vote.objects.get().winner == "tie"


def test_vote_skip_closes_the_battle_without_names(client, me):
    battle = factories.battle(voter=me)

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": "skip"}, headers=HTMX)

    assert "You skipped this battle." in answer.content.decode()
    assert battle.model_a.name not in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "winner", "status"),
    [("answering", "a", 409), ("void", "a", 409), ("expired", "tie", 409), ("ready", "c", 400), ("ready", None, 400)],
)
def test_vote_that_cannot_be_says_why_in_plain_text(client, me, state, winner, status):
    battle = factories.battle(state, voter=me)

    answer = client.post(f"/battles/{battle.pk}/vote/", {} if winner is None else {"winner": winner}, headers=HTMX)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert not Vote.objects.exists()


def test_vote_on_anyone_elses_battle_is_not_found(client, me):
    battle = factories.battle()

    assert client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"}).status_code == 404
    assert not Vote.objects.exists()


def test_vote_cannot_be_got(client, me):
    battle = factories.battle(voter=me)

    assert client.get(f"/battles/{battle.pk}/vote/?winner=a").status_code == 405
    assert Battle.objects.get().state == "ready"


@pytest.mark.parametrize(("chosen", "scheme"), [("dark", "dark"), ("light", "light"), ("", ""), ("pink", "")])
def test_appearance_is_kept_in_a_cookie(client, chosen, scheme):
    answer = client.post("/appearance/", {"scheme": chosen, "next": "/leaderboard/"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/leaderboard/")
    assert answer.cookies["scheme"].value == scheme
    assert answer.cookies["scheme"]["samesite"] == ("Lax" if scheme else "")
    expected = f'data-scheme="{scheme}"' if scheme else "data-scheme"
    assert (expected in client.get("/").content.decode()) is bool(scheme)


def test_appearance_of_a_forged_cookie_is_that_of_the_system(client):
    client.cookies["scheme"] = '"><script>'

    html = client.get("/").content.decode()

    assert "data-scheme" not in html
    assert '"><script>' not in html


@pytest.mark.parametrize(
    "away",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_appearance_never_leads_away(client, away):
    assert client.post("/appearance/", {"scheme": "dark", "next": away}).headers["Location"] == "/"


def test_pages_carry_the_strict_policy(client, me):
    battle = factories.battle(voter=me)

    for path in ("/", f"/battles/{battle.pk}/", "/battles/nothing/", "/nothing/"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_without_a_token_say_so_in_a_page():
    answer = Client(enforce_csrf_checks=True).post("/", {"prompt": "x"})

    assert answer.status_code == 403
    assert b"<!doctype html>" in answer.content
