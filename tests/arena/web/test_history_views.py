"""Pages of the voter's own battles."""

import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.utils import timezone

from arena.battles import history
from arena.identity import voters
from arena.models import Battle, Vote, Voter
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FINISHED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_attempts")]
PASSWORD = "a long way home 7"
OPEN = ("answering", "ready", "void", "skipped", "expired")


@pytest.fixture
def alpha():
    return common.fighter(common.model("alpha", name="Al <b>pha"))


@pytest.fixture
def beta():
    return common.fighter(common.model("beta", name="Beta"))


@pytest.fixture
def fought(me, alpha, beta):
    def make(state="ready", **fields):
        return factories.battle(state, voter=me, contestant_a=alpha, contestant_b=beta, **fields)

    return make


def create_voted_battle(battle, winner):
    Battle.objects.filter(pk=battle.pk).update(state="voted")
    return common.vote(battle.contestant_a, battle.contestant_b, winner, battle=battle, voter=battle.voter_id)


def page(client, query=""):
    """The page without its random tokens, which can contain any short word."""
    answer = client.get(f"/battles/{query}")
    assert answer.status_code == 200
    html = re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", answer.content.decode())
    return " ".join(html.split())


@pytest.mark.parametrize(
    ("state", "words", "action"),
    [
        ("answering", "answers in progress", "Watch"),
        ("ready", "waiting for your vote", "Continue"),
        ("void", "failed", ""),
        ("skipped", "you skipped it", ""),
        ("expired", "closed without a vote", ""),
    ],
)
def test_open_battle_is_shown_in_words_and_without_names(client, fought, state, words, action):
    battle = fought(state, prompt="Which <metal>?")

    html = page(client)

    assert f'href="/battles/{battle.pk}/"' in html
    assert "Which &lt;metal&gt;?" in html
    assert words in html
    assert [label for label in ("Watch", "Continue") if f">{label}</a>" in html] == [action] * bool(action)
    assert 'class="my-models"' not in html
    assert not re.search("alpha|beta|<b>pha|&lt;b&gt;pha", html, re.IGNORECASE)


@pytest.mark.parametrize(
    ("winner", "words"),
    [
        ("a", "Al <b>pha beat Beta"),
        ("b", "Beta beat Al <b>pha"),
        ("tie", "Al <b>pha vs Beta tie"),
        ("both_bad", "Al <b>pha vs Beta both bad"),
    ],
)
def test_voted_battle_is_shown_with_names_and_the_vote(client, fought, winner, words):
    create_voted_battle(fought(), winner)

    html = page(client)

    [result] = re.findall('<p class="my-result">(.*?)</p>', html)
    assert " ".join(unescape(re.sub("<[^>]+>", "", result)).split()) == words
    assert html.count('class="my-models"') == 1


def test_failed_and_skipped_battles_are_behind_a_filter_while_there_are_others(client, fought):
    fought("void", prompt="Which metal?")
    assert "Which metal?" in page(client)
    fought("ready", prompt="Which river?")
    assert "Which metal?" not in page(client)
    assert "Which river?" not in page(client, "?show=closed")
    assert "Which metal?" in page(client, "?show=closed")
    assert "Which metal?" in page(client, "?q=metal")


def test_search_keeps_its_words_and_says_when_nothing_is_found(client, fought):
    fought(prompt="Which metal?")

    assert "Which metal?" in page(client, "?q=metal")
    html = page(client, "?q=%3Cb%3Ewood")
    assert 'value="&lt;b&gt;wood"' in html
    assert "None of your battles contains <q>&lt;b&gt;wood</q>" in html
    assert "Which metal?" not in html


def test_pages_follow_each_other_with_the_words_of_the_search(client, fought):
    for number in range(history.PAGE_SIZE + 1):
        fought(prompt=f"Metal {number}")

    first = page(client, "?q=metal")
    older = re.search(r'href="(\?[^"]*)" rel="next"', first)[1].replace("&amp;", "&")
    second = page(client, older)

    assert "Metal 20" in first
    assert second.count('class="my-question"') == 1
    assert ">Metal 0<" in second
    assert 'href="/battles/?q=metal"' in second


def test_page_needs_the_same_number_of_queries_for_one_battle_and_thirty(client, fought, django_assert_num_queries):
    create_voted_battle(fought(), "a")
    with django_assert_num_queries(4):  # the list, the voter's models on each side, the agreement
        page(client)
    for _ in range(29):
        create_voted_battle(fought(), "b")
    with django_assert_num_queries(4):
        page(client)


def test_deleted_battle_is_gone_from_the_page(client, fought):
    battle = fought(prompt="Which metal?")
    other_battle = fought(prompt="Which wood?")

    answer = client.post(f"/battles/{battle.pk}/delete/", {"q": "wh&"})

    assert answer.headers["Location"] == "/battles/?deleted=one&q=wh%26"
    html = page(client, "?deleted=one")
    assert "The battle has been deleted." in html
    assert "Which metal?" not in html
    assert list(Battle.objects.all()) == [other_battle]


def test_battle_of_somebody_else_cannot_be_deleted(client, me):
    battle = factories.battle()

    answer = client.post(f"/battles/{battle.pk}/delete/")

    assert (answer.status_code, "<h1>Page not found</h1>" in answer.content.decode()) == (404, True)
    assert Battle.objects.count() == 1


def test_deletion_of_everything_makes_the_browser_somebody_new(client, fought, me):
    vote = create_voted_battle(fought(), "a")
    client.get("/")

    answer = client.post("/battles/delete/")

    assert answer.headers["Location"] == "/battles/?deleted=all"
    assert voters.cookie_signer.unsign(answer.cookies[voters.VOTER_COOKIE].value) != str(me.pk)
    assert answer.cookies["csrftoken"].value == ""
    assert "All your data has been deleted." in page(client, "?deleted=all")
    assert (Battle.objects.count(), Voter.objects.count()) == (0, 0)
    assert Vote.objects.get(pk=vote.pk).voter not in (None, me.pk)


def test_deletion_of_everything_ends_the_session_of_an_account(client, two_models):
    client.force_login(User.objects.create_user("alice", password=PASSWORD))
    client.post("/", {"prompt": "Why?"})
    other = Client()
    other.force_login(User.objects.get())

    answer = client.post("/battles/delete/", {"password": PASSWORD})

    assert answer.cookies["sessionid"].value == ""
    assert (User.objects.count(), Voter.objects.count(), Battle.objects.count()) == (0, 0, 0)
    assert "Log in" in page(client)
    assert "Log in" in page(other)


@pytest.mark.parametrize("sent", [{}, {"password": ""}, {"password": "wrong"}])
def test_account_is_not_deleted_by_whoever_sits_at_its_browser(client, two_models, sent):
    client.force_login(User.objects.create_user("alice", password=PASSWORD))
    client.post("/", {"prompt": "Why?"})

    answer = client.post("/battles/delete/", sent)

    assert answer.status_code == 403
    assert "The password is wrong. Nothing was deleted. Try again." in answer.content.decode()
    assert (User.objects.count(), Battle.objects.count()) == (1, 1)
    assert "Log out" in client.get("/accounts/").content.decode()


def test_password_is_not_guessed_where_an_account_is_deleted(client):
    client.force_login(User.objects.create_user("alice", password=PASSWORD))
    answers = [client.post("/battles/delete/", {"password": f"wrong {number}"}) for number in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "300"


def test_last_operator_stays(client):
    client.force_login(User.objects.create_superuser("alice", password=PASSWORD))
    User.objects.create_superuser("bob", is_active=False)

    answer = client.post("/battles/delete/", {"password": PASSWORD})

    assert answer.status_code == 409
    text = answer.content.decode()
    assert ("Create another superuser first." in text, "<h1>Page not found</h1>" in text) == (True, False)
    assert User.objects.count() == 2


def test_account_is_named_in_the_navigation(client):
    assert "Log in" in page(client)
    client.force_login(User.objects.create_user("al<i>ce"))

    html = page(client)

    assert "<bdi>al&lt;i&gt;ce</bdi>" in html
    assert ">Log in</a>" not in html
    assert "al&lt;i&gt;ce" in client.get("/accounts/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [0, 1, history.EXPORT_BATCH_SIZE + 1])
async def test_export_is_a_file_of_all_my_battles(count, me, fought, in_database):
    for number in range(count):
        await in_database(lambda n=number: fought(prompt=f'Question "{n}"', a=FINISHED | {"text": "né\n"}))
    await in_database(factories.battle)
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(me.pk))

    answer = await client.get("/battles/export/")
    content = b"".join([part async for part in answer.streaming_content])

    assert answer.headers["Content-Disposition"] == 'attachment; filename="arena-my-battles.json"'
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/json", "no-store")
    battles = json.loads(content)["battles"]
    assert [battle["turns"][0]["prompt"] for battle in battles] == [f'Question "{n}"' for n in range(count)]
    assert {battle["models"] for battle in battles} <= {None}
    assert {battle["turns"][0]["answers"][0]["text"] for battle in battles} <= {"né\n"}


@pytest.mark.parametrize("state", OPEN)
def test_page_does_not_change_with_who_fights_in_an_open_battle(client, me, alpha, beta, state):
    battle = factories.battle(state, voter=me, contestant_a=alpha, contestant_b=beta)
    first_html = page(client)

    Battle.objects.filter(pk=battle.pk).update(contestant_a=beta, contestant_b=alpha)

    assert page(client) == first_html


@pytest.mark.parametrize(
    ("votes", "is_compared"),
    [(3, False), (10, True)],
)
def test_mirror_shows_what_the_voter_prefers(client, fought, votes, is_compared):
    for _ in range(votes):
        battle = fought(standing={"a": {"rating": 1100.0}, "b": {"rating": 1000.0}})
        create_voted_battle(battle, "a")

    html = page(client)

    assert f"<dt>Battles you have judged</dt><dd>{votes}</dd>" in html
    agreement = f'<dt>Your agreement with the ratings</dt><dd>100% <span class="hint">{votes} votes</span></dd>'
    assert (agreement in html) == is_compared
    assert ("Your agreement" in html) == is_compared
    favorite = f'<bdi>Al &lt;b&gt;pha</bdi> <span class="hint">won {votes} of {votes}</span>'
    assert (favorite in html) == is_compared
    assert f"<strong>{votes}</strong> won, 0 tied or both bad, 0 lost" in html
    assert f"<strong>0</strong> won, 0 tied or both bad, {votes} lost" in html
    assert re.findall(r'<rect width="(\d+)"', html) == [str(votes)] * 2


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        ("", ["Published?", "Tie?", "Open?"]),
        ("open", ["Open?"]),
        ("ties", ["Tie?"]),
        ("published", ["Published?"]),
        ("nothing", ["Published?", "Tie?", "Open?"]),
    ],
)
def test_filter_shows_one_kind_of_battles(client, fought, kind, questions):
    fought("ready", prompt="Open?")
    create_voted_battle(fought(prompt="Tie?"), "tie")
    create_voted_battle(fought(prompt="Published?", shared_at=timezone.now()), "a")

    html = page(client, f"?show={kind}")

    assert [question for question in ("Published?", "Tie?", "Open?") if f'dir="auto">{question}<' in html] == questions


def test_empty_list_offers_four_questions(client):
    assert page(client).count('href="/?suggestion=') == 4
