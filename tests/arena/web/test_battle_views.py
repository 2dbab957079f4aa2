"""Pages of battles."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from arena.answers.stream_events import Position
from arena.battles.suggestions import get_card_prompt
from arena.judging.language_id import preload_identifier
from arena.models import LIVE_POOL, Battle, Standing, Vote
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED, RUNNING

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
ALPHA = {"rating": 1012.4, "ci_low": 990.0, "ci_high": 1030.0, "rank": 1, "votes": 7}


def page(client, battle):
    answer = client.get(f"/battles/{battle.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_battle_page_of_anyone_else_is_not_there(client, me):
    battle = factories.battle()

    answer = client.get(f"/battles/{battle.pk}/")

    assert answer.status_code == 404
    assert "<h1>Page not found</h1>" in answer.content.decode()
    assert "this battle might be private to the browser that started it" in answer.content.decode()


def test_battle_page_tells_the_language_of_answers_in_which_it_is_certain(client, me):
    preload_identifier()
    german = FINISHED | {"text": "Der Himmel ist blau, weil die Luft blaues Licht stärker streut als rotes."}
    battle = factories.battle(a=german, b=FINISHED | {"text": "42"}, voter=me)

    html = page(client, battle)

    assert 'dir="auto" lang="de">' in html
    assert html.count(" lang=") == 2  # the page and one answer


def test_battle_page_shows_finished_answers_as_html_and_running_ones_as_text(client, me):
    text = "**bold** <script>alert(1)</script>"
    battle = factories.battle("answering", a=FINISHED | {"text": text}, b=RUNNING | {"text": text}, voter=me)

    html = page(client, battle)

    assert "<p><strong>bold</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>" in html
    assert "**bold** &lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"failure": "timeout"}, "The model took too long."),
        ({"failure": "unavailable"}, "The model could not be reached, stopped mid-answer,"),
        ({"failure": "unavailable", "stopped": True}, "You stopped it before it began."),
        ({"failure": "refused"}, "This model's provider refused"),
        ({"failure": "too_long"}, "too long for this model"),
    ],
)
@pytest.mark.parametrize(("mode", "told"), [("side_by_side", 1), ("anonymous", 0)])
def test_battle_page_says_why_a_named_model_failed(client, me, fields, words, mode, told):
    html = page(client, factories.battle("void", mode=mode, b=FAILED | fields, voter=me)).partition("<template")[0]

    told = told or int("stopped" in fields)  # the voter's own stop reveals nothing about the model
    assert (html.count(words), html.count("data-reason")) == (told, told)


@pytest.mark.parametrize(
    ("prompt", "folded"),
    [("x" * 320, False), ("x" * 321, True), ("a\nb\nc\nd\ne", False), ("a\nb\nc\nd\ne\nf", True)],
)
def test_battle_page_folds_a_long_question(client, me, prompt, folded):
    html = page(client, factories.battle(voter=me, prompt=prompt))

    assert ("Show the whole question" in html) is folded
    assert prompt in html


def test_battle_page_names_the_place_from_which_its_events_go_on(client, me):
    battle = factories.battle("answering", a=FINISHED, b=RUNNING | {"text": "Hello"}, voter=me)

    match = re.search(rf'data-events="/api/v1/battles/{battle.pk}/events\?from=([^"]+)"', page(client, battle))

    position = Position.parse(match[1])
    assert (position.a.characters, position.a.ended) == (len(FINISHED["text"]), 1)
    assert (position.b.characters, position.b.ended, position.step) == (5, 0, 0)


def test_battle_page_needs_the_same_number_of_queries_however_many_turns(client, me, django_assert_num_queries):
    battle = factories.battle(voter=me)
    with django_assert_num_queries(2):
        page(client, battle)
    for number in range(2, 12):
        factories.turn(battle, number, a=FINISHED, b=FINISHED)
    with django_assert_num_queries(2):
        page(client, battle)


@pytest.mark.parametrize(
    ("winner", "words"),
    [
        ("a", 'You chose <span class="disc" data-side="a">A</span> <bdi>Al &lt;b&gt;pha</bdi> <span'),
        ("b", 'You chose <span class="disc" data-side="b">B</span>'),
        ("tie", "You called it a tie."),
        ("both_bad", "You found both answers bad."),
    ],
)
def test_vote_shows_who_answered(client, me, winner, words):
    battle = factories.battle(
        voter=me, contestant_a=common.model("alpha", name="Al <b>pha"), contestant_b=common.model("beta")
    )
    Standing.objects.create(pool_id=LIVE_POOL, ratings={"alpha": ALPHA})

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": winner}, headers=HTMX)

    html = " ".join(answer.content.decode().split())
    assert answer.status_code == 200
    assert html.startswith("<section")
    assert words in html
    assert "Al &lt;b&gt;pha" in html
    assert "1,012" in html or "1012" in html
    assert "no rating yet" in html
    assert ("your choice" in html) == (winner in ("a", "b"))
    assert Vote.objects.get().winner == winner


@pytest.mark.parametrize(
    ("fields", "is_said"),
    [({}, False), ({"mode": Battle.Mode.SIDE_BY_SIDE}, True), ({"a": {**factories.FINISHED, "stopped": True}}, True)],
    ids=["anonymous", "named", "stopped"],
)
def test_vote_that_changes_no_rating_says_so(client, me, fields, is_said):
    battle = factories.battle(voter=me, **fields)

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"}, headers=HTMX)

    assert ("This vote does not change any rating." in answer.content.decode()) == is_said


def test_vote_shows_that_a_model_has_no_rank_yet(client, me):
    battle = factories.battle(voter=me, contestant_a=common.model("alpha"), contestant_b=common.model("beta"))
    newcomer = {"rating": 1700.0, "ci_low": 1400.0, "ci_high": None, "rank": None, "votes": 20}
    Standing.objects.create(pool_id=LIVE_POOL, ratings={"alpha": newcomer})

    html = client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"}, headers=HTMX).content.decode()

    assert "1,700" in html
    assert "not ranked yet" in html


def test_vote_without_javascript_leads_back_to_the_page(client, me):
    battle = factories.battle(voter=me)

    answer = client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"})

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/battles/{battle.pk}/#verdict")
    assert f'You chose <span class="disc" data-side="a">A</span> <bdi>{battle.contestant_a.name}</bdi>' in page(
        client, battle
    )


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
    assert battle.contestant_a.name not in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "winner", "status"),
    [("answering", "a", 409), ("void", "a", 409), ("expired", "tie", 409), ("ready", "c", 400), ("ready", None, 400)],
)
def test_vote_that_cannot_be_says_why_in_plain_text(client, me, state, winner, status):
    battle = factories.battle(state, voter=me)

    answer = client.post(f"/battles/{battle.pk}/vote/", {} if winner is None else {"winner": winner}, headers=HTMX)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert not Vote.objects.exists()


@pytest.mark.parametrize(("chosen", "scheme"), [("dark", "dark"), ("light", "light"), ("", ""), ("pink", "")])
def test_appearance_is_kept_in_a_cookie(client, chosen, scheme):
    answer = client.post("/appearance/", {"scheme": chosen, "next": "/leaderboard/"})

    path, _, focused = answer.headers["Location"].partition("#")
    assert (answer.status_code, path) == (302, "/leaderboard/")
    assert focused == {"dark": "to-light", "light": "to-dark"}.get(scheme, "")
    assert not focused or f'id="{focused}"' in client.get("/").content.decode()
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
    assert client.post("/appearance/", {"scheme": "dark", "next": away}).headers["Location"] == "/#to-light"


def test_what_has_changed_comes_alone_for_htmx(client, me):
    battle = factories.battle("void", a=FAILED, voter=me)

    html = client.get(f"/battles/{battle.pk}/", headers=HTMX).content.decode()

    assert html.lstrip().startswith('<section class="verdict"')
    assert "<html" not in html
    assert "You can't vote" in html


def test_page_never_says_ready_to_a_reader_whose_bar_is_closed(client, me):
    """The answers may finish between the query of the battle and that of its texts."""
    battle = factories.battle("answering", a=FINISHED, b=FINISHED, voter=me)

    match = re.search(r"events\?from=([^\"]+)", page(client, battle))

    position = Position.parse(match[1])
    assert (position.a.ended, position.b.ended, position.step) == (1, 1, 0)


def act(client, battle, action, headers=None, **fields):
    return client.post(f"/battles/{battle.pk}/{action}/", fields, headers=headers or {})


@pytest.mark.parametrize("action", ["turns", "retry", "stop", "opinion", "continue"])
def test_battle_of_anyone_else_cannot_be_acted_on(client, me, action):
    battle = factories.battle("voted")

    answer = act(client, battle, action, prompt="Mine?")

    assert answer.status_code == 404
    assert client.get(f"/battles/{battle.pk}/{action}/").status_code == 405


def test_further_question_brings_its_turn(client, me):
    battle = factories.battle(voter=me)

    html = act(client, battle, "turns", HTMX, prompt="And\r\nthen?").content.decode()

    assert battle.turns.latest("number").prompt == "And\nthen?"
    assert 'hx-swap-oob="beforeend:#turns"' in html
    assert 'id="turn-2-a"' in html and 'id="turn-1-a"' not in html
    assert 'data-state="answering"' in html


def test_further_question_that_is_none_comes_back_with_what_is_wrong(client, me):
    battle = factories.battle(voter=me)

    answer = act(client, battle, "turns", prompt="<b>" + "x" * 24_000)

    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'role="alert">This conversation would become too long.' in html
    assert "&lt;b&gt;xxx" in html
    plain = act(client, battle, "turns", HTMX, prompt=" ")
    assert (plain.status_code, plain.content) == (400, b"Write a question first.")
    assert battle.turns.count() == 1


def test_retry_brings_the_panes_that_wait_again(client, me):
    battle = factories.battle("void", a=FINISHED, b=FAILED, voter=me)

    html = act(client, battle, "retry", HTMX).content.decode()

    assert Battle.objects.get().state == "answering"
    assert 'id="turn-1-b-pane" data-side="b"' in html
    assert 'id="turn-1-a-pane"' not in html


def test_stop_says_nothing_by_itself(client, me):
    battle = factories.battle("answering", a=RUNNING, b=RUNNING, voter=me)

    answer = act(client, battle, "stop", HTMX)

    assert (answer.status_code, answer.content) == (204, b"")
    assert Battle.objects.get().stopped
    assert act(client, battle, "stop").headers["Location"] == f"/battles/{battle.pk}/#turn-1"


@pytest.mark.parametrize(
    ("action", "words"), [("stop", "there is nothing to stop."), ("retry", "there is nothing to retry.")]
)
def test_what_does_not_fit_is_said_on_the_page(client, me, action, words):
    battle = factories.battle(voter=me)

    answer = act(client, battle, action)

    assert answer.status_code == 409
    assert re.search(rf'role="alert">[^<]*{words}<', answer.content.decode())


def test_opinion_is_kept_and_shown_again(client, me):
    battle = factories.battle(voter=me)
    act(client, battle, "vote", winner="a")

    answer = act(client, battle, "opinion", HTMX, reasons_a=["useful", "correct"], reasons_b="wrong", comment="a\r\nb<")

    vote = Vote.objects.get()
    assert (answer.status_code, answer.content) == (200, b"Saved")
    assert (vote.reasons, vote.comment) == ({"a": ["useful", "correct"], "b": ["wrong"]}, "a\nb<")
    html = page(client, battle)
    assert len(re.findall(r'name="reasons_[ab]"[^>]* checked>', html)) == 3
    assert "a\nb&lt;</textarea>" in html
    assert act(client, battle, "opinion").status_code == 302
    assert Vote.objects.get().reasons == {}


def test_go_on_leads_to_a_battle_whose_box_is_open(client, me):
    battle = factories.battle(voter=me)
    act(client, battle, "vote", winner="a")

    answer = act(client, battle, "continue")

    new_battle = Battle.objects.exclude(pk=battle.pk).get()
    assert answer.headers["Location"] == f"/battles/{new_battle.pk}/?further#turn-1"
    html = client.get(answer.headers["Location"]).content.decode()
    assert "data-focus>" in html
    assert "autofocus" not in html  # browsers warn about it if the address has an anchor
    assert html.count(f"<bdi>{battle.contestant_a.name}</bdi>") == 2  # in the head of the talk and in that of the pane
    assert 'class="vote"' not in html  # nothing was asked here yet
    assert "Ask both models the next question." in html


PICKED = {"mode": "side_by_side", "model_a": "one", "model_b": "two"}


@pytest.mark.parametrize(("mode", "picked"), [("anonymous", {}), ("side_by_side", PICKED)])
def test_same_question_again_is_asked_in_the_same_way(client, me, mode, picked):
    battle = factories.battle(
        "skipped", mode=mode, voter=me, contestant_a=common.model("one"), contestant_b=common.model("two")
    )

    html = page(client, battle)

    form = re.search(r'<form method="post" action="/">.*?</form>', html, re.S)[0]
    hidden_fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    del hidden_fields["csrfmiddlewaretoken"]
    assert hidden_fields == {"prompt": "Why?"} | picked


def test_appearance_travels_over_https_alone_where_there_is_https(client, settings):
    settings.SECURE = True

    assert client.post("/appearance/", {"scheme": "dark"}).cookies["scheme"]["secure"]


def test_ratings_are_empty_before_the_vote_and_the_next_board(client, me):
    battle = factories.battle(voter=me, contestant_a=common.model("alpha"), contestant_b=common.model("beta"))
    standing = Standing.objects.create(pool_id=LIVE_POOL, ratings={"alpha": ALPHA})

    before = client.get(f"/battles/{battle.pk}/ratings/")
    act(client, battle, "vote", winner="a")
    waiting = client.get(f"/battles/{battle.pk}/ratings/")
    standing.ratings["alpha"] = ALPHA | {"rating": 1030.0}
    standing.updated_at = timezone.now() + timedelta(seconds=1)
    standing.save()
    after = client.get(f"/battles/{battle.pk}/ratings/")

    assert [(answer.status_code, answer.content) for answer in (before, waiting)] == [(204, b"")] * 2
    assert 'data-up><span class="visually-hidden">change</span> +18</strong> <strong>1,030</strong>' in " ".join(
        after.content.decode().split()
    )


@pytest.mark.parametrize(
    ("winner", "first_words"),
    [("a", ["useful", "wrong"]), ("b", ["wrong", "useful"]), ("tie", ["useful"] * 2), ("both_bad", ["wrong"] * 2)],
)
def test_reasons_begin_with_praise_for_the_winner_and_blame_for_the_loser(client, me, winner, first_words):
    battle = factories.battle(voter=me)
    act(client, battle, "vote", winner=winner)

    html = page(client, battle)

    chips = re.findall(r'name="reasons_([ab])" value="(\w+)"', html)
    assert [next(word for side, word in chips if side == letter) for letter in "ab"] == first_words
    assert len(chips) == 20


@pytest.mark.parametrize(("state", "source", "key"), [("skipped", "suggestion", 1), ("skipped", "typed", 0)])
def test_next_battle_offers_another_suggestion_of_the_same_category(client, me, state, source, key):
    battle = factories.battle(state, voter=me, prompt=get_card_prompt(1), prompt_source=source)

    [link] = re.findall(r'id="next" href="([^"]+)"', page(client, battle))

    assert link == (f"/?like={key}" if key else "/")
    assert client.get(link).status_code == 200
