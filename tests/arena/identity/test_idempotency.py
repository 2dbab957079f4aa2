"""Requests with an `Idempotency-Key` run once, even if repeats are concurrent."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from arena import tasks
from arena.battles import deletion
from arena.identity import idempotency
from arena.models import Battle, StoredResponse, Turn, Vote
from tests.arena import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"
JSON = "application/json"


def send(client, path, body, key="once", **headers):
    return client.post(path, json.dumps(body), content_type=JSON, headers={"Idempotency-Key": key, **headers})


def start(client, prompt="Why?", key="once", **body):
    return send(client, CALL, {"prompt": prompt, **body}, key)


@pytest.fixture
def known(client):
    client.get("/")
    return client


def test_same_request_gets_the_same_answer_and_one_battle(known, two_models):
    first = start(known)
    Battle.objects.update(state="ready")  # the battle has changed meanwhile

    again = start(known)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == JSON
    assert Battle.objects.count() == 1


@pytest.mark.parametrize("body", [{"prompt": "Why not?"}, {"prompt": "Why?", "mode": "anonymous"}])
def test_other_request_with_the_same_key_is_refused(known, two_models, body):
    start(known)

    answer = send(known, CALL, body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_key")
    assert Battle.objects.count() == 1


def test_keys_of_different_voters_are_different(two_models):
    clients = [Client() for _ in range(2)]
    for voter_client in clients:
        voter_client.get("/")

    ids = {start(voter_client).json()["id"] for voter_client in clients}

    assert len(ids) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\u00e9\u00a0"])
def test_key_that_is_none_is_refused(known, two_models, key):
    answer = start(known, key=key)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    assert not Battle.objects.exists()


def test_refusal_is_not_kept(known, two_models):
    assert start(known, prompt="").status_code == 400
    assert not StoredResponse.objects.exists()

    assert start(known).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_start_one_battle(two_models):
    first = Client()
    first.get("/")

    def run(number):
        client = Client()
        client.cookies = first.cookies
        return start(client)

    answers = at_once(20, run)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (Battle.objects.count(), Turn.objects.count(), StoredResponse.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_start_twenty_battles_where_nobody_waits(two_models, monkeypatch):
    """Counter-test: without the lock, requests fail or start a battle unless a response is stored already."""
    monkeypatch.setattr(idempotency, "acquire_lock", lambda *who: None)
    first = Client()
    first.get("/")

    def run(number):
        client = Client(raise_request_exception=False)
        client.cookies = first.cookies
        return start(client).status_code

    assert set(at_once(20, run)) != {201}


def test_vote_is_told_again(client, me):
    path = f"{CALL}{factories.battle(voter=me).pk}/vote/"

    answers = [send(client, path, {"winner": "a"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert send(client, path, {"winner": "b"}).status_code == 422
    assert send(client, path, {"winner": "a"}, key="another").status_code == 409
    assert Vote.objects.count() == 1


def test_question_is_asked_once(client, me):
    path = f"{CALL}{factories.battle(voter=me).pk}/turns/"

    answers = [send(client, path, {"prompt": "And?"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Turn.objects.count() == 2


def test_same_body_on_another_battle_is_another_request(client, me):
    paths = [f"{CALL}{factories.battle(voter=me).pk}/vote/" for _ in range(2)]

    assert [send(client, path, {"winner": "a"}).status_code for path in paths] == [201, 422]


def test_after_a_day_the_key_is_free(known, two_models):
    start(known)
    StoredResponse.objects.update(created_at=F("created_at") - idempotency.KEY_RETENTION)

    assert start(known).status_code == 201
    assert Battle.objects.count() == 2
    assert StoredResponse.objects.get().created_at > timezone.now() - timedelta(hours=1)


def test_task_forgets_what_is_a_day_old(known, two_models):
    for key in ("old", "new"):
        start(known, key=key)
    StoredResponse.objects.filter(battle=Battle.objects.earliest("created_at")).update(
        created_at=F("created_at") - idempotency.KEY_RETENTION
    )

    tasks.delete_expired_records()

    assert StoredResponse.objects.get().battle == Battle.objects.latest("created_at")


def test_what_was_told_goes_with_its_battle(client, me, two_models):
    start(client, prompt="a canary of a question")

    deletion.delete_battle(me.pk, Battle.objects.get().pk)

    assert not StoredResponse.objects.exists()


def test_key_of_the_client_is_not_stored(known, two_models):
    start(known, key="canary-of-a-key")

    with connection.cursor() as cursor:
        cursor.execute("SELECT arena_storedresponse::text FROM arena_storedresponse")
        assert "canary-of-a-key" not in cursor.fetchone()[0]
