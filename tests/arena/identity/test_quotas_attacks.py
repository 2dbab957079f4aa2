"""Many cookies, addresses or long texts give no more than one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import AsyncClient, Client

from arena.identity import api_keys, voters
from arena.models import Answer, ApiKey, Battle, battle_lengths
from tests import factories as common
from tests.arena import factories
from tests.arena.questions import CALL, ask, end_answers, made

pytestmark = pytest.mark.django_db
LONG = "x" * 24_000


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
    an_hour(2, "read", "write")
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
    an_hour(1, "read", "write")
    client.force_login(User.objects.create_user("alice"))

    answers = [client.post("/accounts/keys/1/revoke/").status_code for _ in range(2)]

    assert answers == [302, 429]


@pytest.mark.django_db(transaction=True)
async def test_file_of_own_battles_is_charged(an_hour, allow):
    """Each export loads all battles of a voter, a thousand texts at a time."""
    allow(each=60)
    an_hour(2, "file")
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(uuid4()))

    answers = [await client.get("/battles/export/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" in answers[-1].headers


def rotate_keys(user, address="192.0.2.7", times=3):
    """Ask six times with each of so many keys of one account, and revoke it. Return the number of battles."""
    count = 0
    for number in range(times):
        key, secret = api_keys.create_key(f"key {number}", ["battle"], user=user)
        count += made(ask(Client(), address=address, Authorization=f"Bearer {secret}") for _ in range(6))
        api_keys.revoke_keys(ApiKey.objects.filter(pk=key.pk))
    return count


def test_new_keys_give_an_account_no_more_battles(two_models, allow):
    """With a key for every sixty battles, one account started 12 battles a second without a limit."""
    allow(each=4, together=1000)
    alice, bob = map(User.objects.create_user, ("alice", "bob"))

    assert [rotate_keys(alice), rotate_keys(alice, "198.51.100.1"), rotate_keys(bob)] == [4, 0, 4]


def test_keys_of_accounts_that_anybody_can_create_are_charged_to_their_address(two_models, allow):
    allow(each=4, together=6)
    users = [User.objects.create_user(f"sybil {number}") for number in range(4)]

    assert [rotate_keys(user, times=1) for user in users] == [4, 2, 0, 0]


def test_keys_of_accounts_are_charged_to_the_account_only_where_a_login_is_required(two_models, allow):
    allow(each=4, together=2, arena_login="required")
    alice, bob = map(User.objects.create_user, ("alice", "bob"))

    assert [rotate_keys(alice), rotate_keys(bob)] == [4, 4]


def test_keys_of_one_account_share_follow_up_questions(two_models, allow):
    allow(each=1, together=1000)
    alice = User.objects.create_user("alice")
    counts = []
    for number in range(2):
        key, secret = api_keys.create_key(f"key {number}", ["battle"], user=alice)
        battles = [factories.battle(voter=key.voter) for _ in range(6)]
        answers = [
            ask(Client(), path=f"{CALL}{battle.pk}/turns/", Authorization=f"Bearer {secret}") for battle in battles
        ]
        counts.append(made(answers))

    assert counts == [5, 0]


@pytest.mark.parametrize("login", ["optional", "required"])
def test_keys_of_one_account_have_four_battles_in_progress_together(two_models, allow, login):
    """96 battles were in progress at one address."""
    allow(each=600, together=3000, arena_login=login)
    alice = User.objects.create_user("alice")
    secrets = [api_keys.create_key(f"key {number}", ["battle"], user=alice)[1] for number in range(3)]
    body = {"prompt": "Why?"}

    answers = [
        Client().post(CALL, body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"})
        for secret in secrets
        for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [201] * 4 + [429] * 5
    assert answers[-1].json()["error"]["code"] == "too_many_running"


def test_account_creates_twenty_keys_a_day_even_if_it_revokes_them(client):
    """Each key is a voter of the pool of the API."""
    alice = User.objects.create_user("alice")
    for number in range(20):
        key, _ = api_keys.create_key(f"key {number}", ["read"], user=alice)
        api_keys.revoke_keys(ApiKey.objects.filter(pk=key.pk))
    client.force_login(alice)

    refused = client.post("/accounts/", {"name": "one more", "scopes": "read"})

    assert refused.status_code == 429
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
    assert "You have created 20 keys within a day, which is the maximum." in refused.content.decode()
    ApiKey.objects.filter(name="key 0").update(created_at=Now() - timedelta(days=1))
    assert client.post("/accounts/", {"name": "one more", "scopes": "read"}).status_code == 201


@pytest.mark.parametrize(
    "claims",
    [
        [f"203.0.113.9:{port}" for port in range(50_123, 50_129)],
        [f"[2001:db8::9]:{port}" for port in range(50_123, 50_129)],
        ["[2001:db8::9]", "2001:db8::9", "[2001:db8::9]:80", "2001:db8::a", "[2001:db8::b%eth0]", "2001:db8::c"],
        [f"junk {number}" for number in range(6)],
        ["unknown", "_hidden", "1.2.3", "1.2.3.4.5:80", "[::1", "2001:db8::9:x"],
    ],
)
def test_ports_brackets_and_junk_in_forwarded_addresses_do_not_help(two_models, allow, claims):
    allow(together=2, arena_proxy_hops=1)

    assert made(ask(Client(), **{"X-Forwarded-For": claim}) for claim in claims) == 2
