"""API keys: creation, authentication and revocation, and their scopes for every call of the API."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import AsyncClient, Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from arena.battles import deletion
from arena.identity import api_keys
from arena.models import ApiKey, Battle, Vote, Voter
from core.http.errors import RequestError
from tests.arena import factories
from tests.races import at_once

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"
JSON = "application/json"
numbers = count(1)


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def create_key(*scopes, **fields):
    return api_keys.create_key(f"test {next(numbers)}", scopes or api_keys.SCOPES, **fields)


def ask(client, secret, prompt="Why?", **body):
    return client.post(CALL, json.dumps({"prompt": prompt, **body}), content_type=JSON, headers=bearer(secret))


def vote(client, secret, battle):
    return client.post(f"{CALL}{battle}/vote/", {"winner": "a"}, content_type=JSON, headers=bearer(secret))


def test_make_keeps_a_hash_and_a_beginning():
    key, secret = create_key("vote", "read", "read", days=30)

    assert secret.startswith("arena_")
    assert len(secret) == 49
    assert (key.digest, key.prefix) == (api_keys.hash_secret(secret), secret[:12])
    assert key.scopes == ["read", "vote"]
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert secret not in str(ApiKey.objects.values().get())


def test_keys_differ_and_have_voters_of_their_own():
    keys = [create_key() for _ in range(5)]

    assert len({secret for _, secret in keys}) == len({key.voter_id for key, _ in keys}) == 5


@pytest.mark.parametrize(
    ("field", "name", "scopes", "days"),
    [
        ("name", "", ["read"], None),
        ("name", "  ", ["read"], None),
        ("name", "x" * 101, ["read"], None),
        ("name", "a\x00b", ["read"], None),
        ("name", "a\nb", ["read"], None),
        ("name", "a\ud800b", ["read"], None),
        ("scopes", "a", [], None),
        ("scopes", "a", ["read", "admin"], None),
        ("days", "a", ["read"], 0),
        ("days", "a", ["read"], -1),
        ("days", "a", ["read"], 3651),
        ("days", "a", ["read"], 10**30),
    ],
)
def test_make_refuses_what_is_no_key(field, name, scopes, days):
    with pytest.raises(RequestError) as caught:
        api_keys.create_key(name, scopes, days)

    assert list(caught.value.extra["fields"]) == [field]
    assert not ApiKey.objects.exists()
    assert not Voter.objects.exists()


def test_account_has_so_many_keys_in_use_and_no_more(monkeypatch):
    monkeypatch.setattr(api_keys, "MAX_KEYS_PER_ACCOUNT", 2)
    user = User.objects.create_user("alice")
    first, _ = create_key(user=user)
    create_key(user=user)

    with pytest.raises(RequestError, match="You already have 2 keys"):
        create_key(user=user)

    api_keys.revoke_keys(ApiKey.objects.filter(pk=first.pk))
    assert create_key(user=user)
    assert create_key(user=User.objects.create_user("bob"))


@pytest.mark.django_db(transaction=True)
def test_account_that_makes_many_keys_at_once_has_no_more_than_allowed(monkeypatch):
    monkeypatch.setattr(api_keys, "MAX_KEYS_PER_ACCOUNT", 3)
    user = User.objects.create_user("alice")

    at_once(10, lambda number: create_key(user=user))

    assert ApiKey.objects.count() == 3


def test_command_prints_the_key_once(capsys):
    call_command("create_api_key", "nightly", "--scope", "read", "battle", "--scope", "vote", "--days", "7")

    output = capsys.readouterr()
    [secret] = output.out.split()
    assert api_keys.authenticate_key(secret).scopes == ["read", "battle", "vote"]
    assert "1 key: nightly, read, battle, vote, valid until " in output.err
    assert secret not in output.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("", "--scope", "read"), "Enter a name"),
        (("x", "--scope", "read", "--days", "0"), "A key is valid for 1 to 3650 days"),
        (("x",), "Choose at least one scope: read, battle, vote, or evaluate."),
    ],
)
def test_command_refuses_bad_words_in_one_line_and_makes_nothing(words, said):
    with pytest.raises(CommandError, match=said) as refused:
        call_command("create_api_key", *words)

    assert "\n" not in str(refused.value)
    assert not ApiKey.objects.exists()


def test_call_with_a_key_needs_no_cookie_and_no_token_and_gets_none(two_models):
    client = Client(enforce_csrf_checks=True)
    key, secret = create_key()

    answer = ask(client, secret)

    assert answer.status_code == 201
    assert not answer.cookies
    assert Battle.objects.get().voter_id == key.voter_id
    assert not Voter.objects.exclude(pk=key.voter_id).exists()


def test_key_is_who_calls_whatever_cookies_come_along(client, two_models, me):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    strict.force_login(User.objects.create_user("alice"))
    key, secret = create_key()

    assert ask(strict, secret).status_code == 201
    assert Battle.objects.get().voter_id == key.voter_id


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_scheme_is_read_as_http_has_it(client, scheme):
    _, secret = create_key()

    assert client.get("/api/v1/models/", headers={"Authorization": f"{scheme} {secret}"}).status_code == 200


def test_authorization_of_a_proxy_is_no_key(two_models):
    strict = Client(enforce_csrf_checks=True)
    strict.get("/")

    answer = strict.post(CALL, {"prompt": "?"}, content_type=JSON, headers={"Authorization": "Basic YTpi"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    assert strict.get(CALL, headers={"Authorization": "Basic YTpi"}).status_code == 200


@pytest.mark.parametrize("scheme", ["", "Token ", "ApiKey ", "Bearer:", "Basic "])
def test_key_under_another_scheme_is_refused_and_no_battle_of_people(client, two_models, scheme):
    _, secret = create_key()
    headers = {"Authorization": scheme + secret}

    answers = [
        client.get(CALL, headers=headers),
        client.post(CALL, {"prompt": "?"}, content_type=JSON, headers=headers),
    ]

    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {(401, "bad_key")}
    assert not Battle.objects.exists()


@pytest.fixture
def spoilt():
    """Invalid keys by reason."""
    _, secret = create_key()
    expired, of_expired = create_key(days=1)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    user = User.objects.create_user("alice")
    revoked, of_revoked = create_key(user=user)
    api_keys.revoke_keys(ApiKey.objects.filter(pk=revoked.pk))
    _, of_closed = create_key(user=User.objects.create_user("bob", is_active=False))
    return {
        "unknown": "arena_" + "x" * 43,
        "none": "",
        "short": secret[:-1],
        "longer": secret + "x",
        "only the beginning": secret[:12],
        "the hash": api_keys.hash_secret(secret),
        "latin": "\u00e9" * 20,
        "huge": "a" * 6000,
        "expired": of_expired,
        "revoked": of_revoked,
        "of a closed account": of_closed,
    }


@pytest.mark.parametrize("path", ["/api/v1/models/", CALL, "/api/v1/nothing/"])
def test_key_that_is_not_good_opens_nothing_not_even_what_is_open(client, spoilt, path):
    for why, secret in spoilt.items():
        answer = client.get(path, headers={"Authorization": f"Bearer {secret}".encode().decode("latin-1")})

        assert answer.status_code == 401, why
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json() == {"error": {"code": "bad_key", "detail": api_keys.INVALID_KEY_DETAIL}}
        assert not answer.cookies


def test_key_that_is_not_good_starts_nothing(client, two_models, spoilt):
    assert {ask(client, secret).status_code for secret in spoilt.values() if secret.isascii()} == {401}
    assert not Battle.objects.exists()


def test_pages_know_no_keys(client):
    _, secret = create_key()

    answer = client.get("/", headers=bearer(secret))

    assert answer.status_code == 200
    assert "voter" in answer.cookies


def test_use_is_noted_once_a_minute(client, django_assert_num_queries):
    key, secret = create_key()
    assert key.used_at is None

    def used_at():
        client.get("/api/v1/nothing/", headers=bearer(secret))
        return ApiKey.objects.get(pk=key.pk).used_at

    first = used_at()
    assert timezone.now() - first < timedelta(seconds=30)
    assert used_at() == first
    with django_assert_num_queries(1):
        client.get("/api/v1/nothing/", headers=bearer(secret))
    ApiKey.objects.update(used_at=first - timedelta(minutes=1))
    assert used_at() > first


def list_routes(patterns=None, before=""):
    """Path and allowed methods by URL name of everything below /api/, from the URL configuration."""
    routes = {}
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            routes |= list_routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/"):
            methods = getattr(getattr(pattern.callback, "cls", None), "http_method_names", ("get",))
            view = getattr(pattern.callback, "cls", None)
            routes[pattern.name] = (f"/{route}", {name for name in methods if view is None or hasattr(view, name)})
    return routes


# The scope that each call requires. A new URL without a line here fails the test below.
NEEDED = {
    "api": {"get": "read"},
    "api-calls": {"get": "read"},
    "battle-list": {"get": "read", "post": "battle"},
    "battle-detail": {"get": "read"},
    "battle-events": {"get": "read"},
    "battle-cast-vote": {"post": "vote"},
    "battle-turns": {"post": "battle"},
    "battle-stop": {"post": "battle"},
    "battle-retry": {"post": "battle"},
    "battle-sharing": {"post": "battle"},
    "ready-next": {"get": "read"},
    "ready-vote": {"post": "vote"},
    "submission-list": {"get": "read", "post": "battle"},
    "submission-detail": {"get": "read"},
    "model-list": {"get": "read"},
    "model-detail": {"get": "read"},
    "model-battles": {"get": "read"},
    "leaderboard-json": {"get": "read"},
    "leaderboard-events": {"get": "read"},
    "leaderboard-pairwise": {"get": "read"},
    "leaderboard-history": {"get": "read"},
    "leaderboard-method": {"get": "read"},
    "leaderboard-moved": {"get": "read"},
    "pool-list": {"get": "read"},
    "leaderboard-certificate": {"get": "read"},
    "leaderboard-frontier": {"get": "read"},
    "category-list": {"get": "read"},
    "vote-list": {"get": "read"},
    "vote-file": {"get": "read"},
    "benchmark-list": {"get": "read"},
    "benchmark-detail": {"get": "read"},
    "disagreement-json": {"get": "read"},
    "shortlist-json": {"get": "read"},
    "cost-json": {"get": "read"},
    "scaling-json": {"get": "read"},
    "api-schema": {"get": "read"},
    "api-docs": {"get": "read"},
}
MATRIX = [
    (name, method, scope, scope == needed)
    for name, methods in NEEDED.items()
    for method, needed in methods.items()
    for scope in api_keys.SCOPES
]


def test_matrix_has_every_address_and_method_of_the_api():
    calls = {
        name: {method for method in methods if method not in ("options", "head")}
        for name, (_, methods) in list_routes().items()
        if name
    }
    assert calls == {name: set(methods) for name, methods in NEEDED.items()}


@pytest.mark.parametrize(("name", "method", "scope", "allowed"), MATRIX)
def test_scope_opens_what_it_is_for_and_nothing_else(client, name, method, scope, allowed):
    _, secret = create_key(scope)
    path = (
        list_routes()[name][0]
        .replace("<uuid:battle_id>", str(uuid4()))
        .replace("<uuid:key>", str(uuid4()))
        .replace("<uuid:pair_id>", str(uuid4()))
        .replace("<str:slug>", "nobody")
    )

    body = {"content_type": JSON} if method == "post" else {}

    answer = getattr(client, method)(path, headers=bearer(secret), **body)

    if allowed:
        assert answer.status_code in (200, 302, 400, 404, 503)
    else:
        needed = NEEDED[name][method]
        error = {"code": "scope", "detail": f"This API key lacks the scope {needed}."}
        assert (answer.status_code, answer.json()) == (403, {"error": error})


@pytest.mark.django_db(transaction=True)
async def test_streams_take_keys_too(web, in_database):
    key, secret = await in_database(create_key, "read")
    battle = await in_database(lambda: factories.battle("void", voter=key.voter))
    client = AsyncClient()

    own_events = await client.get(f"{CALL}{battle.pk}/events", headers=bearer(secret))
    board = await client.get("/api/v1/leaderboard/events", headers=bearer(secret))
    unknown = await client.get("/api/v1/leaderboard/events", headers=bearer("arena_x"))

    assert (own_events.status_code, board.status_code, unknown.status_code) == (200, 200, 401)
    assert not own_events.cookies
    assert b"event: void" in await anext(aiter(own_events.streaming_content))
    own_events.close()
    board.close()


def test_battle_of_a_key_counts_on_the_board_of_programs(client, two_models):
    _, secret = create_key()

    battle = ask(client, secret).json()

    assert battle["pool"] == "api"
    Battle.objects.update(state="ready")
    assert vote(client, secret, battle["id"]).status_code == 201
    cast = Vote.objects.get()
    assert (cast.pool.slug, cast.source, cast.voter_kind) == ("api", "api", "key")


def test_battle_of_a_key_among_named_models_is_not_rated(client, two_models):
    _, secret = create_key()

    battle = ask(client, secret, models=[model.slug for model in two_models]).json()

    assert battle["pool"] is None
    Battle.objects.update(state="ready")
    vote(client, secret, battle["id"])
    cast = Vote.objects.get()
    assert (cast.pool.slug, cast.source, cast.counted, cast.reason) == ("api", "api", False, "named_models")


def test_keys_and_browsers_own_nothing_of_each_other(client, two_models, me):
    _, first = create_key()
    _, second = create_key()
    of_first = ask(client, first).json()["id"]
    of_cookie = factories.battle(voter=me).pk

    assert client.get(f"{CALL}{of_first}/", headers=bearer(second)).status_code == 404
    assert client.get(f"{CALL}{of_first}/").status_code == 404
    assert client.get(f"{CALL}{of_cookie}/", headers=bearer(first)).status_code == 404
    assert vote(client, second, of_first).status_code == 404
    assert client.get(f"{CALL}{of_first}/", headers=bearer(first)).status_code == 200


def test_members_only_is_for_keys_too(client, settings, two_models):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_login="required")
    _, secret = create_key()

    assert Client().get("/api/v1/models/").status_code == 401
    assert Client().get("/api/v1/models/", headers=bearer("arena_x")).status_code == 401
    assert Client().get("/api/v1/models/", headers=bearer(secret)).status_code == 200
    assert ask(Client(), secret).status_code == 201
    assert Client().get("/", headers=bearer(secret)).status_code == 302


def test_account_takes_its_keys_and_what_was_done_with_them_along(client, two_models):
    user = User.objects.create_user("alice")
    owner = Voter.objects.create(user=user)
    key, secret = create_key(user=user)
    battle = ask(client, secret).json()["id"]
    Battle.objects.update(state="ready")
    vote(client, secret, battle)

    deletion.delete_voter_data(owner.pk)

    assert not (ApiKey.objects.exists() or Battle.objects.exists() or Voter.objects.exists() or User.objects.exists())
    assert Vote.objects.get().voter not in (key.voter_id, owner.pk)
    assert client.get(CALL, headers=bearer(secret)).status_code == 401


def dump_database():
    """All rows of the database, as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT "{table}"::text FROM "{table}"')  # noqa: S608
            yield from (row[0] for row in cursor.fetchall())


def test_key_is_neither_in_the_database_nor_in_redis_nor_in_the_log(client, two_models, valkey, caplog, capsys):
    client.force_login(User.objects.create_user("alice"))
    page = client.post("/accounts/", {"name": "canary", "scopes": ["read", "battle"], "days": "9"}).content.decode()
    secret = page.partition('aria-label="The new key">')[2].partition("<")[0]
    _, of_nobody = create_key("read")
    for sent_secret in (secret, of_nobody, secret + "x"):
        ask(client, sent_secret, prompt=7)
        ask(client, sent_secret)
        client.get(f"/api/v1/nothing/?key={sent_secret[:6]}", headers=bearer(sent_secret))
        client.get("/accounts/", headers=bearer(sent_secret))
    database_text = "\n".join(dump_database())
    redis_bytes = b"".join(valkey.dump(key) or b"" for key in valkey.keys("*"))

    for canary in (secret[12:], of_nobody[12:]):
        assert canary not in database_text + caplog.text + "".join(capsys.readouterr())
        assert canary.encode() not in redis_bytes
    assert secret[:12] in database_text
