"""Many cookies, addresses or long texts give no more than one."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from arena.identity import api_keys, quotas, voters
from arena.models import Answer, Battle, battle_lengths
from tests import factories as common
from tests.arena import factories
from tests.arena.questions import CALL, ask, end_answers, made

pytestmark = pytest.mark.django_db
LONG = "x" * 24_000


@pytest.mark.parametrize("hour", [quotas.build_battle_buckets, quotas.build_turn_buckets])
def test_cookie_address_and_networks_have_sixty_at_once(rf, allow, hour):
    """An address has 360 battles in the first hour. Without the burst limit it had 600."""
    allow(each=60, together=300)
    request = rf.get("/", REMOTE_ADDR="2001:db8::1")
    request.voter_id = None

    buckets = hour(request)

    times = 1 if hour is quotas.build_battle_buckets else quotas.TURNS_PER_BATTLE
    assert [bucket.capacity for bucket in buckets] == [60] * 4
    assert [bucket.per_hour for bucket in buckets] == [60 * times, 300 * times, 600 * times, 1200 * times]


@pytest.mark.parametrize(
    ("addresses", "passed"),
    [
        ([f"2001:db8:1:{number:x}::1" for number in range(20)], 4),  # one /56, the network of a home
        ([f"2001:db8:1:{number:x}00::1" for number in range(20)], 8),  # one /48, the network of a tunnel
        ([f"192.0.2.{number}" for number in range(20)], 8),  # one /24
        ([f"2001:db8:{number:x}::1" for number in range(20)], 20),
        ([f"192.0.{number}.2" for number in range(20)], 20),
    ],
)
def test_many_addresses_of_one_network_have_two_and_four_times_as_many_as_one(two_models, allow, addresses, passed):
    allow(together=2)

    assert made(ask(Client(), address=address) for address in addresses) == passed


def test_new_cookie_for_every_battle_never_helps(client, two_models, allow):
    """Old cookies do not help either: every cookie is charged to its address."""
    allow(each=3, together=4)
    browsers = [Client() for _ in range(4)]

    assert made(ask(browser) for browser in browsers) == 4
    common.voter().__class__.objects.update(created_at="2020-01-01T00:00:00Z")
    assert made(ask(browser) for browser in browsers) == 0
    assert made([ask(client)]) == 0


def test_question_of_24_000_characters_costs_as_much_as_three(client, two_models, allow):
    allow(each=6)
    client.get("/")

    assert made(ask(client, LONG) for _ in range(4)) == 2
    assert made([ask(client)]) == 0


def post(client, prompt="Why?"):
    end_answers()
    return client.post("/", {"prompt": prompt}).status_code


def test_page_charges_by_size_too(client, two_models, allow):
    allow(each=6)
    client.get("/")

    answers = [post(client, LONG) for _ in range(4)]

    assert answers == [302, 302, 429, 429]


@pytest.fixture
def talks(me):
    """Battles with long conversations: 24,000 characters of questions, 32,000 with the longer answer."""
    long, short = ({"state": "finished", "text": "y" * length, "attempt": 1} for length in (8000, 100))
    battles = [factories.battle(voter=me, prompt=LONG, a=short, b=long, conversation_limit=100_000) for _ in range(8)]
    assert battle_lengths.measure_battle_length(battles[0]) == 32_000
    return battles


def test_turn_is_charged_for_the_whole_conversation(client, talks, allow):
    """Otherwise 20 turns of 32,000 characters would send 640,000 to both models at the price of 20 words."""
    allow(each=2)  # 10 charges for turns

    answers = [ask(client, "And?", path=f"{CALL}{battle.pk}/turns/") for battle in talks]

    assert made(answers) == 2
    assert answers[-1].json()["error"]["code"] == "too_many_requests"
    assert client.post(f"/battles/{talks[2].pk}/turns/", {"prompt": "And?"}).status_code == 429


def test_try_is_charged_for_the_whole_conversation(client, talks, allow):
    allow(each=2)
    Answer.objects.filter(side="a").update(state="failed", failure="timeout")
    Battle.objects.update(state="void")

    answers = [client.post(f"{CALL}{battle.pk}/retry/").status_code for battle in talks[:4]]

    assert answers == [200, 200, 429, 429]


def test_charge_that_no_bucket_holds_takes_a_full_one(client, two_models, allow):
    allow(each=1)
    client.get("/")

    assert made(ask(client, LONG) for _ in range(2)) == 1


def test_refused_text_is_given_back_whole(client, two_models, allow):
    allow(each=8)
    client.get("/")
    assert ask(client, LONG + "x").status_code == 400
    assert ask(client, LONG).status_code == 201
    body = {"prompt": LONG, "models": ["nobody", "no one"]}
    assert client.post(CALL, body, content_type="application/json").status_code == 400

    assert made(ask(client, LONG) for _ in range(2)) == 1


def test_key_is_charged_alone(two_models, allow):
    allow(each=3, together=2)
    secrets = [api_keys.create_key("a", ["battle"])[1] for _ in range(2)]

    assert [made(ask(Client(), Authorization=f"Bearer {secret}") for _ in range(4)) for secret in secrets] == [3, 3]


@pytest.mark.parametrize("by", ["page", "call"])
def test_member_of_an_arena_that_requires_a_login_is_charged_alone(two_models, allow, by):
    allow(each=3, together=2, arena_login="required")
    created_counts = []
    for name in ("alice", "bob"):
        client = Client()
        client.force_login(User.objects.create_user(name))
        answers = [post(client) if by == "page" else ask(client).status_code for _ in range(4)]
        created_counts.append(len([status for status in answers if status != 429]))

    assert created_counts == [3, 3]


def test_account_of_an_open_arena_is_charged_to_its_address(two_models, allow):
    """Anybody can create one."""
    allow(each=3, together=2)
    answers = []
    for number in range(4):
        client = Client()
        client.force_login(User.objects.create_user(f"sybil {number}"))
        answers.append(post(client))

    assert answers == [302, 302, 429, 429]


@pytest.mark.parametrize("act", ["delete/", "{}/delete/"])
def test_deletions_are_charged(client, me, an_hour, allow, act):
    allow(each=60)
    an_hour("CALLS_PER_HOUR", 2)
    path = "/battles/" + act.format(factories.battle(voter=me).pk)

    def delete():
        client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(me.pk))
        return client.post(path)

    answers = [delete().status_code for _ in range(2)]
    refused = delete()

    assert 429 not in answers
    assert refused.status_code == 429
    assert "Hourly limit reached." in refused.content.decode()
    assert "Retry-After" in refused.headers


def test_revoking_keys_is_charged(client, an_hour, allow):
    allow(each=60)
    an_hour("CALLS_PER_HOUR", 1)
    client.force_login(User.objects.create_user("alice"))

    answers = [client.post("/accounts/keys/1/revoke/").status_code for _ in range(2)]

    assert answers == [302, 429]


@pytest.mark.django_db(transaction=True)
async def test_file_of_own_battles_is_charged(an_hour, allow):
    """Each export loads all battles of a voter, a thousand texts at a time."""
    allow(each=60)
    an_hour("FILES_PER_HOUR", 2)
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(uuid4()))

    answers = [await client.get("/battles/export/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" in answers[-1].headers
