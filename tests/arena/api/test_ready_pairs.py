"""The REST API of ready pairs."""

from uuid import UUID, uuid4

import pytest
from django.test import Client

from arena.battles import lifecycle, sharing
from arena.identity import api_keys
from arena.models import Battle, Vote
from arena.ready import shipped_pairs
from tests.arena import factories

pytestmark = pytest.mark.django_db
CALL = "/api/v1/ready/"


def judge(client, key, body=None, **headers):
    return client.post(f"{CALL}{key}/vote/", body or {"winner": "a"}, content_type="application/json", headers=headers)


def test_next_pair_has_no_names(client):
    pair = client.get(f"{CALL}next").json()
    shipped = shipped_pairs.load_pairs()[UUID(pair["id"])]
    texts = {side: answer.text for side, answer in shipped.answers.items()}
    assert pair == {"id": str(shipped.id), "prompt": shipped.prompt, "answers": texts}


def test_vote_answers_with_the_models(me, client):
    key, pair = next(iter(shipped_pairs.load_pairs().items()))
    answer = judge(client, key, {"winner": "tie", "reasons": {"a": ["correct"]}, "comment": "Both."})
    assert answer.status_code == 201
    body = answer.json()
    assert body["vote"].pop("created_at")
    assert body == {
        "id": str(key),
        "models": {side: answer.slug for side, answer in pair.answers.items()},
        "vote": {"winner": "tie", "reasons": {"a": ["correct"]}, "comment": "Both."},
        "voters": 1,
        "same": 1,
    }
    again = judge(client, key)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_voted")
    assert again.json()["error"]["vote"]["winner"] == "tie"


def test_vote_by_key_counts_in_the_pool_ready_and_needs_the_scope(client):
    keys = list(shipped_pairs.load_pairs())
    codes = []
    for key, scopes in zip(keys, (["read", "vote"], ["read", "battle"]), strict=False):
        secret = api_keys.create_key("robot", scopes)[1]
        codes.append(judge(Client(), key, Authorization=f"Bearer {secret}").status_code)
    assert codes == [201, 403]
    assert list(Vote.objects.values_list("pool__slug", "source")) == [("ready", "ready")]


def test_own_battle_and_unknown_pair_are_refused(me, client):
    battle = factories.battle(voter=me)
    lifecycle.cast_vote(battle, "b")
    sharing.share_battle(battle, ["here"])
    assert judge(client, battle.pk).json()["error"]["code"] == "own_battle"
    assert judge(client, uuid4()).status_code == 404


def test_no_pair_is_left_after_the_last(me, client):
    for key in shipped_pairs.load_pairs():
        judge(client, key)
    answer = client.get(f"{CALL}next")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_pairs")


def test_publishing_can_hide_the_names(me, client):
    battle = factories.battle(voter=me)
    lifecycle.cast_vote(battle, "b")
    address = f"/api/v1/battles/{battle.pk}/share/"
    for body, hidden in (({"shared": True, "hide_names": True}, True), ({"shared": True}, False)):
        assert client.post(address, body, content_type="application/json").json()["shared"] is True
        assert Battle.objects.get().hide_names is hidden
