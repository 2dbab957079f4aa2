"""Before the vote, no response of the server reveals which model is in which pane. The data here could leak."""

import re

import pytest
from django.test import AsyncClient, Client

from arena.api import views
from arena.identity import voters
from arena.models import LIVE_POOL, Answer, Battle, Contestant, Endpoint, Standing, Vote
from arena.web import battle_views
from catalog.models import LanguageModel, License, Organization
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FINISHED, RUNNING

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {"a": 734_000_017, "b": 734_000_018}
HTMX = {"HX-Request": "true"}
OPEN = ("answering", "ready", "void", "skipped", "expired")


def create_contestant(side):
    """A model whose every name and key occurs nowhere else."""
    maker = Organization.objects.create(pk=KEYS[side] + 100, slug=f"zebramaker-{side}", name=f"Zebramaker {side}")
    terms = License.objects.create(pk=KEYS[side] + 200, slug=f"zebraterms-{side}", name=f"Zebraterms {side}")
    model = LanguageModel.objects.create(
        pk=KEYS[side], slug=f"zebraslug-{side}", name=f"Zebraname {side}", organization=maker, license=terms
    )
    contestant = Contestant.objects.create(
        pk=KEYS[side] + 400, slug=model.slug, name=model.name, model=model, plain=True
    )
    common.endpoint(
        model,
        pk=KEYS[side] + 300,
        kind="openai",
        base_url=f"https://zebrahost-{side}.example/v1",
        upstream_id=f"zebraupstream-{side}",
        api_key_env=f"ZEBRAKEY_{side}",
        parameters={"zebraparameter": side},
        headers={"X-Zebraheader": f"zebraheader {side}"},
        conversation_field="zebraconversation",
    )
    return contestant


def find_marks(sent):
    """Names and keys of the contestants in some bytes."""
    words = re.findall(
        r"zebra(?:maker|terms|slug|name|host|upstream|key|parameter|header|conversation)\w*", sent.decode().lower()
    )
    return set(words) | {number for number in re.findall(r"\d+", sent.decode()) if number.startswith("734000")}


def encode_headers(answer):
    cookies = "".join(cookie.OutputString() for cookie in answer.cookies.values())
    return (str(dict(answer.headers)) + cookies).encode()


@pytest.fixture
def battle():
    """A battle of two contestants, each of whose rows has something that could leak."""
    battle = factories.battle(
        "answering",
        contestant_a=create_contestant("a"),
        contestant_b=create_contestant("b"),
        replaced=[{"side": "a", "contestant": KEYS["b"] + 400, "propensity": 0.5, "reason": "zebraname"}],
        a=FINISHED | {"reasoning": "I am Zebraname a", "input_tokens": 734_000_001, "output_tokens": 734_000_002},
        b={"state": "failed", "failure": "refused", "text": "", "reasoning": "Zebraname b"},
    )
    rating = {"rating": 734_000_003.0, "rank": 1, "votes": 734_000_004}
    Standing.objects.create(pool_id=LIVE_POOL, ratings={f"zebraslug-{side}": rating for side in "ab"})
    battle.standing = {"a": rating, "b": rating}
    battle.save(update_fields=["standing"])
    return battle


@pytest.fixture
def browser(battle):
    client = Client()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))
    return client


def load_everything_about(client, battle):
    """Headers and bodies of all responses that a voter can get about a battle."""
    call = f"/api/v1/battles/{battle.pk}/"
    answers = [
        client.get("/api/v1/battles/"),
        client.get(call),
        client.options(call),
        client.get(f"/battles/{battle.pk}/"),
        client.get(f"/battles/{battle.pk}/", headers=HTMX),
        client.post(f"/battles/{battle.pk}/turns/", {"prompt": ""}, headers=HTMX),
        client.post(f"/battles/{battle.pk}/opinion/", {"reasons_a": "useful"}),
        client.post(f"{call}vote/", {"winner": "nobody"}, content_type="application/json"),
        client.post(f"{call}turns/", {"prompt": ""}, content_type="application/json"),
    ]
    if battle.state != "ready":
        answers += [
            client.post(f"{call}vote/", {"winner": "a"}, content_type="application/json"),
            client.post(f"{call}turns/", {"prompt": "x"}, content_type="application/json"),
            client.post(f"/battles/{battle.pk}/vote/", {"winner": "a"}),
            client.post(f"/battles/{battle.pk}/continue/"),
        ]
    return b"".join(encode_headers(answer) + answer.content for answer in answers)


@pytest.mark.parametrize("state", OPEN)
def test_no_answer_about_an_open_battle_names_its_models(browser, battle, state):
    battle.state = state
    Battle.objects.update(state=state)

    sent = load_everything_about(browser, battle)

    assert find_marks(sent) == set()
    assert b"refused" not in sent
    assert len(sent) > 5_000


def test_no_answer_to_a_question_names_the_models_that_were_drawn():
    for side in "ab":
        create_contestant(side)
    client = Client()

    answer = client.post("/api/v1/battles/", {"prompt": "Why?"}, content_type="application/json")
    page = client.post("/", {"prompt": "Why?"}, follow=True)

    assert Battle.objects.count() == 2
    assert find_marks(encode_headers(answer) + answer.content) == set()
    assert find_marks(encode_headers(page) + page.content) == set()


@pytest.mark.parametrize("state", ["ready", "void", "skipped", "expired"])
async def test_no_event_of_an_open_battle_names_its_models(web, battle, state, in_database):
    await in_database(lambda: Battle.objects.update(state=state))
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))

    answer = await client.get(f"/api/v1/battles/{battle.pk}/events")
    sent = await anext(content := aiter(answer.streaming_content))
    await content.aclose()

    assert find_marks(encode_headers(answer) + sent) == set()
    assert b"refused" not in sent
    assert b'"reason":"unavailable"' in sent


def test_the_same_look_finds_the_names_once_the_battle_is_voted(browser, battle):
    Battle.objects.update(state="voted")
    Vote.objects.create(
        battle=battle, pool_id=LIVE_POOL, contestant_a=battle.contestant_a, contestant_b=battle.contestant_b, winner="a"
    )
    battle.state = "voted"

    marks = find_marks(load_everything_about(browser, battle))

    assert marks >= {"zebraname", "zebraslug", "zebramaker", "zebraterms", "734000003", "734000004"}


def test_the_same_look_finds_the_names_where_the_masking_is_off(battle):
    """The views would show the names if they took an open battle for a voted one."""
    battle.state = "voted"

    data = str(views.build_battle_data(battle))
    assert find_marks(data.encode()) >= {"zebraname", "zebraslug", "zebramaker", "zebraterms"}
    assert "refused" in data
    assert find_marks(str(battle_views.build_battle_context(battle)["reveal"]).encode()) >= {"zebraname", "zebraslug"}


def load_catalog(client):
    """Bodies of all pages and calls about models, without their random parts."""
    common.board()
    paths = ["/", "/leaderboard/", "/models/zebraslug-a/", "/api/v1/models/", "/api/v1/models/zebraslug-a/"]
    paths += ["/api/v1/leaderboard/", "/choose/?task=coding", "/choose/decision/?task=coding", "/api/v1/shortlist/"]
    answers = [client.get(path) for path in paths]
    random_parts = (
        rb'csrfmiddlewaretoken" value="\w+|<section class="suggestions".*?</section>|<section class="duel".*?</section>'
    )
    return [re.sub(random_parts, b"", answer.content, flags=re.DOTALL) for answer in answers]


def test_catalogue_does_not_change_with_battles_that_are_open():
    models = [create_contestant(side) for side in "ab"]
    client = Client()
    before = load_catalog(client)
    for _ in range(3):
        factories.battle("answering", contestant_a=models[0], contestant_b=models[1], a=RUNNING, b=RUNNING)
        factories.battle("ready", contestant_a=models[1], contestant_b=models[0])

    assert load_catalog(client) == before


DOES_NOT_ANSWER = {"failed_probes": 2}
SWITCHED_OFF = {"enabled": False}


@pytest.mark.parametrize(("change", "told"), [(DOES_NOT_ANSWER, False), (SWITCHED_OFF, True)])
def test_catalogue_does_not_tell_which_side_of_an_open_battle_failed(change, told):
    """The circuit breaker takes out the model that has just failed. The second case shows that a change is visible."""
    models = [create_contestant(side) for side in "ab"]
    failed = {"state": "failed", "failure": "timeout"}
    factories.battle("ready", contestant_a=models[0], contestant_b=models[1], a=failed)
    before = load_catalog(Client())

    kind, rows = (Contestant, {"pk": models[0].pk}) if "enabled" in change else (Endpoint, {"contestants": models[0]})
    kind.objects.filter(**rows).update(**change)

    assert (load_catalog(Client()) != before) == told


@pytest.mark.parametrize("mode", ["anonymous", "side_by_side"])
def test_answers_look_the_same_on_both_sides(browser, battle, mode):
    Answer.objects.update(state="finished", failure="", text="The same.", reasoning="The same.")
    Battle.objects.update(state="ready", mode=mode, among=None if mode == "anonymous" else [1, 2])

    a, b = browser.get(f"/api/v1/battles/{battle.pk}/").json()["turns"][0]["answers"]
    html = browser.get(f"/battles/{battle.pk}/").content.decode()
    panes = re.findall(r"<article.*?</article>", html, re.DOTALL)

    assert a | {"side": "b"} == b
    assert len({re.sub(r"(?<![a-zA-Z])[abAB](?![a-zA-Z])", "side", pane) for pane in panes}) == 1
    assert len(panes) == 2


def test_static_files_are_named_alike_for_every_battle(browser, battle):
    other = factories.battle("ready", voter=battle.voter)

    links, other_links = (
        re.findall(r'(?:src|href)="([^"]+)"', browser.get(f"/battles/{key}/").content.decode())
        for key in (battle.pk, other.pk)
    )

    assert links == other_links
