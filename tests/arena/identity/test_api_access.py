"""API access without a key, and from pages of other hosts."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import AsyncClient, Client

from arena.identity import api_access, api_keys, voters
from arena.models import Battle, Voter

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"
MODELS = "/api/v1/models/"
NOBODYS = UUID(int=1)
JSON = "application/json"
ORIGIN = "Access-Control-Allow-Origin"
ASKED = {"Origin": "https://notebook.example", "Access-Control-Request-Method": "GET"}


@pytest.fixture
def keys_only(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_api_anonymous=False)


@pytest.mark.parametrize("path", [MODELS, CALL, "/api/v1/leaderboard/", "/api/v1/nothing/", f"{CALL}{NOBODYS}/events"])
def test_nobody_without_a_key_or_a_cookie_is_answered_where_keys_are_needed(client, keys_only, path):
    answer = client.get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "key_required"
    assert voters.VOTER_COOKIE not in answer.cookies
    assert client.get(path).status_code == 401


def test_nobody_starts_a_battle_where_keys_are_needed(client, keys_only, two_models):
    assert client.post(CALL, {"prompt": "?"}, content_type=JSON).status_code == 401
    assert not (Battle.objects.exists() or Voter.objects.exists())


def test_forged_cookie_is_nobody(client, keys_only):
    client.cookies[voters.VOTER_COOKIE] = f"{uuid4()}:forged"

    assert client.get(MODELS).status_code == 401


def test_our_own_pages_and_keys_go_on_where_keys_are_needed(client, keys_only, two_models):
    _, secret = api_keys.create_key("x", ["read"])
    assert client.get("/").status_code == 200

    assert client.post(CALL, {"prompt": "?"}, content_type=JSON).status_code == 201
    assert client.get(MODELS).status_code == 200
    assert Client().get(MODELS, headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_session_is_known_where_keys_are_needed(client, keys_only):
    client.force_login(User.objects.create_user("alice"))

    assert client.get(MODELS).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_streams_are_closed_to_nobody_too(keys_only):
    answer = await AsyncClient().get("/api/v1/leaderboard/events")

    assert answer.status_code == 401


def test_session_of_nobody_keeps_its_id_from_nobody(client):
    """Session fixation: a planted session gets another id at login, and gives no access."""
    planted = "a" * 32
    client.cookies["sessionid"] = planted
    User.objects.create_user("alice", password="a long way home 7")

    client.post("/accounts/login/", {"login": "alice", "password": "a long way home 7"})

    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/accounts/").status_code == 302
    assert client.get("/accounts/").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (MODELS, 200),
        (MODELS + "nobody/", 404),
        ("/api/v1/pools/", 200),
        ("/api/v1/categories/", 200),
        ("/api/v1/leaderboard/?at=x", 400),
        ("/api/v1/nothing/", 404),
    ],
)
def test_pages_of_any_host_may_read_what_is_public(client, path, status):
    answer = client.get(path, headers={"Origin": "https://notebook.example"})

    assert (answer.status_code, answer.headers[ORIGIN]) == (status, "*")
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "path", [CALL, f"{CALL}{NOBODYS}/", f"{CALL}{NOBODYS}/events", "/", "/leaderboard/", "/healthz"]
)
def test_pages_of_other_hosts_may_read_no_battle_and_no_page(client, path):
    assert ORIGIN not in client.get(path, headers={"Origin": "https://notebook.example"}).headers


def test_pages_of_other_hosts_may_read_nothing_in_somebodys_name(client):
    """Browsers need a host by name for that. The header is always the same, so caches may keep it for all."""
    _, secret = api_keys.create_key("x", ["read"])
    client.get("/")

    for answer in (client.get(MODELS), Client().get(MODELS, headers={"Authorization": f"Bearer {secret}"})):
        assert (answer.status_code, answer.headers[ORIGIN]) == (200, "*")
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_pages_of_other_hosts_may_write_nothing(client):
    assert ORIGIN not in client.post(MODELS).headers


def test_question_before_a_read_is_answered(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.options(MODELS, headers=ASKED)

    assert (answer.status_code, answer.content) == (204, b"")
    assert (answer.headers[ORIGIN], answer.headers["Access-Control-Allow-Methods"]) == ("*", "GET, HEAD")
    assert "Authorization" not in answer.headers["Access-Control-Allow-Headers"]
    assert voters.VOTER_COOKIE not in answer.cookies


def test_question_before_a_read_is_answered_where_one_must_log_in(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_login="required", arena_api_anonymous=False)

    assert Client().options(MODELS, headers=ASKED).status_code == 204


def test_question_before_a_call_on_battles_is_not_answered(client):
    assert ORIGIN not in client.options(CALL, headers=ASKED).headers


def test_key_that_cannot_be_looked_up_is_an_outage(rf, monkeypatch):
    def away(secret):
        raise OperationalError("away")

    monkeypatch.setattr(api_keys, "authenticate_key", away)
    request = rf.get(MODELS, headers={"Authorization": "Bearer arena_x"})

    answer = api_access.api_access_middleware(lambda request: pytest.fail("went on"))(request)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
