"""Quotas: who is charged for what, and the errors beyond a limit."""

import json
from uuid import UUID, uuid4

import pytest
from django.test import AsyncClient, Client

from arena.battles import lifecycle
from arena.identity import quotas, voters
from arena.models import Battle, Turn, Voter
from core.http import rate_limit
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED
from tests.arena.questions import CALL, ask, end_answers, statuses
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uncharged")]
CODE = "too_many_requests"


@pytest.mark.parametrize(
    ("address", "charged"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.7:50123", "192.0.2.7/32"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
    ],
)
def test_network_is_what_one_subscriber_has(address, charged):
    assert quotas.get_subscriber_network(address) == charged


def test_voter_starts_so_many_battles_and_no_more(client, two_models, allow):
    allow(each=3)
    client.get("/")

    assert statuses(client, 5) == [201, 201, 201, 429, 429]
    assert Battle.objects.count() == 3


def test_refusal_says_when_to_come_back(client, two_models, allow):
    allow(each=1)
    client.get("/")
    ask(client)

    answer = ask(client)

    assert answer.status_code == 429
    assert 3590 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.json() == {
        "error": {"code": CODE, "detail": "Hourly limit reached. Try again in 60 min."},
    }


def test_page_and_call_share_a_bucket(client, two_models, allow):
    allow(each=2)
    client.get("/")

    assert client.post("/", {"prompt": "Why?"}).status_code == 302
    assert statuses(client, 2) == [201, 429]


@pytest.mark.parametrize(("hops", "passed"), [(0, 2), (1, 2)])
def test_claimed_addresses_do_not_help(two_models, allow, hops, passed):
    allow(together=2, arena_proxy_hops=hops)
    claims = [f"198.51.100.{number}" + (", 203.0.113.9" if hops else "") for number in range(6)]

    answers = [ask(Client(), **{"X-Forwarded-For": claim}).status_code for claim in claims]

    assert answers.count(201) == passed


def test_claimed_addresses_would_help_if_they_were_believed(two_models, allow):
    """Counter-test: with one proxy too many in the settings, the claimed address is believed."""
    allow(together=2, arena_proxy_hops=2)
    claims = [f"198.51.100.{number}, 203.0.113.9" for number in range(6)]

    assert [ask(Client(), **{"X-Forwarded-For": claim}).status_code for claim in claims] == [201] * 6


def test_address_is_kept_as_a_keyed_hash_only(client, two_models, allow, valkey):
    allow(each=5, together=5)

    ask(client, address="192.0.2.7")

    keys = [key.decode() for key in valkey.keys("limit:*")]
    assert len([key for key in keys if key.startswith("limit:battle:")]) == 3
    assert "192.0.2" not in " ".join(keys)


@pytest.mark.parametrize(
    "body", [{"prompt": ""}, {"prompt": "x", "mode": "blind"}, {"prompt": "x", "models": ["nobody", "no one"]}]
)
def test_battle_that_is_not_made_is_not_charged(client, two_models, allow, body):
    allow(each=1, together=1)
    client.get("/")

    answers = [client.post(CALL, body, content_type="application/json").status_code for _ in range(3)]

    assert answers == [400] * 3
    assert statuses(client, 2) == [201, 429]


@pytest.mark.django_db(transaction=True)
def test_sixty_calls_at_once_at_limit_twenty_start_twenty_battles(two_models, allow):
    allow(together=20)

    answers = at_once(60, lambda number: ask(Client()).status_code)

    assert (answers.count(201), answers.count(429)) == (20, 40)
    assert Battle.objects.count() == 20


@pytest.fixture
def ready(me):
    """Battles of one voter that accept follow-up questions."""
    return [factories.battle(voter=me) for _ in range(8)]


def test_further_questions_have_five_times_as_many(client, ready, allow):
    allow(each=1, together=100)

    answers = [ask(client, path=f"{CALL}{battle.pk}/turns/") for battle in ready]

    assert [answer.status_code for answer in answers] == [201] * 5 + [429] * 3
    assert answers[-1].json()["error"]["code"] == CODE
    assert Turn.objects.filter(number=2).count() == 5


@pytest.mark.parametrize("path", [CALL + "{}/retry/", "/battles/{}/retry/"])
def test_tries_count_as_questions(client, me, allow, path):
    allow(each=1)
    failed = [factories.battle("void", a=FAILED, b=FINISHED, voter=me) for _ in range(7)]

    def try_again(battle):
        end_answers()
        return client.post(path.format(battle.pk)).status_code

    assert [try_again(battle) for battle in failed].count(429) == 2
    assert Battle.objects.filter(state="void").count() == 2


def test_question_that_is_refused_is_not_charged(client, me, allow):
    allow(each=1)
    open_one = factories.battle("answering", voter=me)
    for _ in range(6):
        answer = client.post(f"{CALL}{open_one.pk}/turns/", {"prompt": "?"}, content_type="application/json")
        assert answer.status_code == 409

    battle = factories.battle(voter=me)
    answer = client.post(f"{CALL}{battle.pk}/turns/", {"prompt": "?"}, content_type="application/json")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/api/v1/models/"), ("get", CALL), ("post", f"{CALL}{UUID(int=1)}/vote/")]
)
def test_calls_are_counted_by_reader_and_by_address(client, an_hour, allow, method, path):
    allow(each=60, together=300)
    an_hour(2, "read", "write")
    client.get("/")

    answers = [getattr(client, method)(path) for _ in range(4)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, True, True]
    assert answers[-1].json()["error"]["code"] == CODE
    assert int(answers[-1].headers["Retry-After"]) > 1000
    others = [getattr(Client(), method)(path).status_code == 429 for _ in range(20)]
    assert others.index(True) == 18


@pytest.mark.django_db(transaction=True)
async def test_whole_records_are_counted_too(an_hour, in_database, allow):
    allow(each=60)
    an_hour(2, "file")
    await in_database(common.pool)
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(uuid4()))

    answers = []
    for _ in range(4):
        answers.append(await client.get("/api/v1/votes.jsonl"))
        answers[-1].close()

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert json.loads(answers[-1].content)["error"]["code"] == CODE
    assert int(answers[-1].headers["Retry-After"]) > 1000


def test_nothing_fails_while_redis_is_away(client, two_models, allow, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(rate_limit, "get_redis_client", lambda: (_ for _ in ()).throw(ConnectionError("away")))
    allow(each=8)
    client.get("/")

    assert statuses(client, 5) == [201, 201, 429, 429, 429]
    assert client.get("/api/v1/models/").status_code == 200


def voted(client):
    """The path of a voted battle of the client that can be continued."""
    voter = Voter.objects.get_or_create(pk=voters.cookie_signer.unsign(client.cookies[voters.VOTER_COOKIE].value))[0]
    battle = factories.battle(voter=voter)
    lifecycle.cast_vote(battle, "a")
    return f"/battles/{battle.pk}/"


def test_going_on_costs_as_much_as_a_battle(client, two_models, allow):
    allow(each=3)
    client.get("/")
    address = voted(client)

    answers = [client.post(f"{address}continue/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert 1190 < int(answers[-1].headers["Retry-After"]) <= 1200
    assert "Hourly limit reached." in answers[-1].content.decode()
    assert Battle.objects.count() == 4
    assert statuses(client, 1) == [429]


ACTS = {
    "vote": {"winner": "a"}, "turns": {"prompt": "And?"}, "retry": {}, "stop": {}, "opinion": {}, "share": {},
    "continue": {},
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_acts_on_pages_are_calls_like_those_of_programs(client, two_models, an_hour, allow, act):
    allow(each=60)
    an_hour(2, "read", "write")
    client.get("/")
    address = voted(client)

    answers = [client.post(f"{address}{act}/", ACTS[act]) for _ in range(3)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert ask(client).status_code == 429


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", [f"{CALL}{{}}/events", "/api/v1/leaderboard/events"])
async def test_stream_that_is_closed_at_once_counts_too(an_hour, in_database, allow, path):
    allow(each=60)
    an_hour(2, "read", "write")
    battle = await in_database(factories.battle)
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))

    statuses = []
    for _ in range(4):
        answer = await client.get(path.format(battle.pk))
        statuses.append(answer.status_code)
        answer.close()

    assert statuses == [200, 200, 429, 429]
    assert answer.json()["error"]["code"] == CODE
