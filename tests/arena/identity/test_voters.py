"""Voters: cookies, sessions, CSRF checks and client addresses."""

import time
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer, TimestampSigner, b62_encode
from django.db import OperationalError
from django.test import Client, RequestFactory

from arena.identity import hash_key, network_hashes, voters
from arena.models import Battle, Voter
from tests import factories as common
from tests.arena import factories
from tests.service_urls import FILLED, addresses

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"


@pytest.fixture
def strict():
    """A client with CSRF checks like a browser."""
    return Client(enforce_csrf_checks=True)


def set_voter_cookie(client, voter_id):
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(voter_id))
    return client


def sign_aged_cookie(voter_id, days):
    """The value of a cookie signed `days` days ago."""

    class Earlier(TimestampSigner):
        def timestamp(self):
            return b62_encode(int(time.time()) - days * 24 * 3600)

    return Earlier(salt="arena.voter").sign(str(voter_id))


def get_cookie_voter_id(client):
    return UUID(voters.cookie_signer.unsign(client.cookies[voters.VOTER_COOKIE].value))


def ask(client, **headers):
    return client.post(CALL, {"prompt": "Why?"}, content_type="application/json", headers=headers)


def test_first_contact_gets_a_voter_and_a_token_and_no_row(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/nothing/")

    cookie = answer.cookies[voters.VOTER_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 365 * 24 * 3600
    assert not cookie["secure"]
    assert get_cookie_voter_id(client).version == 4
    assert "csrftoken" in answer.cookies
    assert not Voter.objects.exists()


def test_cookies_are_secure_behind_https(client, settings):
    settings.SECURE = True

    cookie = client.get("/nothing/").cookies["__Host-voter"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_cookie_that_another_host_of_the_domain_has_planted_is_nobody(client, settings):
    """Such a cookie cannot have the prefix, which browsers accept only from this host."""
    settings.SECURE = True
    battle = factories.battle()

    answer = set_voter_cookie(client, battle.voter_id).get(f"/battles/{battle.pk}/")

    assert answer.status_code == 404
    assert "__Host-voter" in answer.cookies


@pytest.mark.parametrize(("days", "renewed"), [(0, False), (29, False), (31, True), (364, True)])
def test_cookie_of_a_voter_who_keeps_coming_is_renewed(client, days, renewed):
    battle = factories.battle()
    client.cookies[voters.VOTER_COOKIE] = sign_aged_cookie(battle.voter_id, days)

    answer = client.get(f"/battles/{battle.pk}/")

    assert answer.status_code == 200
    assert (voters.VOTER_COOKIE in answer.cookies) == renewed
    assert get_cookie_voter_id(client) == battle.voter_id
    assert voters.VOTER_COOKIE not in client.get("/").cookies


def test_cookie_that_has_expired_is_nobody(client):
    battle = factories.battle()
    client.cookies[voters.VOTER_COOKIE] = sign_aged_cookie(battle.voter_id, 366)

    assert client.get(f"/battles/{battle.pk}/").status_code == 404
    assert get_cookie_voter_id(client) != battle.voter_id


@pytest.mark.parametrize("path", ["/healthz", CALL])
def test_old_cookie_is_not_renewed_by_probes_and_reading_calls(client, path):
    client.cookies[voters.VOTER_COOKIE] = sign_aged_cookie(uuid4(), 100)

    assert not client.get(path).cookies


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        str(uuid4()),
        f"{uuid4()}:signature",
        TimestampSigner(salt="arena.voter", key="another key").sign(str(uuid4())),
        TimestampSigner(salt="another.salt").sign(str(uuid4())),
        Signer(salt="arena.voter").sign(str(uuid4())),
        voters.cookie_signer.sign("no-uuid"),
        voters.cookie_signer.sign(""),
        voters.cookie_signer.sign(str(uuid4())) + "x",
        "\u00e9" * 50,
        "a" * 4000,
    ],
    ids=[
        "empty", "short", "unsigned", "no signature", "other key", "other salt", "no time", "no UUID", "nothing",
        "one letter more", "letters", "long",
    ],
)  # fmt: skip
def test_forged_cookie_means_a_new_voter(client, forged):
    battle = factories.battle()
    client.cookies[voters.VOTER_COOKIE] = forged

    answer = client.get(f"/battles/{battle.pk}/")

    assert answer.status_code == 404
    assert get_cookie_voter_id(client) != battle.voter_id
    assert answer.cookies[voters.VOTER_COOKIE].value != forged


def test_voter_is_stored_with_the_first_battle_and_without_a_trace_of_the_client(client, two_models):
    answer = client.post(
        CALL, {"prompt": "Why?"}, content_type="application/json", REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Browser/1"
    )

    assert answer.status_code == 201
    voter = Voter.objects.get()
    assert voter.pk == get_cookie_voter_id(client) == Battle.objects.get().voter_id
    assert Voter.objects.values().get() == {"id": voter.pk, "user_id": None, "created_at": voter.created_at}


def test_battle_from_page_and_api_has_a_hash_of_its_network(client, two_models):
    page = client.post("/", {"prompt": "Why?"}, REMOTE_ADDR="192.0.2.7")
    call = client.post(CALL, {"prompt": "Why?"}, content_type="application/json", REMOTE_ADDR="192.0.2.9")

    assert (page.status_code, call.status_code) == (302, 201)
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    assert set(Battle.objects.values_list("network", flat=True)) == {network_hashes.compute_current_hash(request)}


def test_keyed_hash_differs_by_purpose_and_by_installation():
    hashes = {voters.keyed_hash("address", "x"), voters.keyed_hash("agent", "x"), voters.keyed_hash("address", "y")}
    hash_key._key = b"another"
    hashes.add(voters.keyed_hash("address", "x"))

    assert len(hashes) == 4


def test_call_with_the_token_of_its_cookie_passes(strict, two_models):
    strict.get("/")
    token = strict.cookies["csrftoken"].value

    assert ask(strict, X_CSRFToken=token).status_code == 201


@pytest.mark.parametrize("token", [None, "", "x", "a" * 32, "a" * 64])
def test_call_of_a_voter_without_the_token_is_refused_and_changes_nothing(strict, two_models, token):
    strict.get("/")

    answer = ask(strict, **({} if token is None else {"X-CSRFToken": token}))

    assert answer.status_code == 403
    assert answer.json() == {
        "error": {"code": "csrf", "detail": "The X-CSRFToken header must equal the csrftoken cookie."}
    }
    assert not Battle.objects.exists()
    assert not Voter.objects.exists()


def test_call_from_another_origin_is_refused_even_with_the_token(strict, two_models):
    strict.get("/")
    token = strict.cookies["csrftoken"].value

    answer = ask(strict, **{"X-CSRFToken": token, "Origin": "https://evil.example"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    assert not Battle.objects.exists()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
@pytest.mark.parametrize(
    "path", [CALL, "/", "/appearance/", "/battles/delete/", "/accounts/login/", "/admin/", "/admin/login/", "/nothing/"]
)
def test_page_of_another_site_makes_nobody_somebody_new(strict, two_models, path, origin):
    """The browser omits our cookies, and would store those of the response."""
    answer = strict.post(path, {"prompt": "Why?"}, content_type="application/json", headers={"Origin": origin})

    assert answer.status_code in (403, 404)
    assert not answer.cookies
    assert not Battle.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://testserver"}])
def test_first_contact_may_write_from_a_page_of_ours_or_none(strict, two_models, headers):
    answer = strict.post(CALL, {"prompt": "Why?"}, content_type="application/json", headers=headers)

    assert answer.status_code == 201
    assert set(answer.cookies) == {voters.VOTER_COOKIE, "csrftoken"}


@pytest.mark.parametrize("who", ["voter", "forged voter", "account"])
def test_call_without_the_token_cookie_is_refused(strict, two_models, who):
    if who == "account":
        strict.force_login(User.objects.create_user("alice"))
    else:
        strict.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(uuid4())) if who == "voter" else "forged"

    answers = ask(strict), ask(strict, **{"X-CSRFToken": "a" * 32})

    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {(403, "csrf")}
    assert not Battle.objects.exists()


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_nothing_takes_a_post_without_the_token(strict, kind):
    battle = factories.battle()
    set_voter_cookie(strict, battle.voter_id)

    for address in addresses():
        answer = strict.post(address.replace(FILLED["uuid"], str(battle.pk)), b"{}", content_type=kind)
        refusals = {403, 405, 404} if address == "/api/" else {403, 405}
        assert answer.status_code in refusals, address

    assert Battle.objects.get().state == "ready"


@pytest.mark.parametrize("path", ["", "{}/"])
def test_reading_calls_need_no_token(strict, path):
    battle = factories.battle()
    set_voter_cookie(strict, battle.voter_id)

    assert strict.get(CALL + path.format(battle.pk)).status_code == 200


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7, 192.0.2.1", "198.51.100.7"),
        (2, "198.51.100.7", "127.0.0.1"),
        (1, "", ""),
    ],
)
def test_address_is_what_our_own_proxies_saw(rf, settings, hops, forwarded, expected):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_proxy_hops=hops)

    assert voters.get_client_address(rf.get("/", HTTP_X_FORWARDED_FOR=forwarded)) == expected


@pytest.fixture
def member(client):
    """The voter of the account with which the client is logged in."""
    user = User.objects.create_user("alice")
    client.force_login(user)
    return Voter.objects.get(user=user)


def test_session_makes_its_account_the_voter_whatever_the_cookie_says(client, member):
    account_battle, cookie_battle = factories.battle(voter=member), factories.battle()
    set_voter_cookie(client, cookie_battle.voter_id)

    assert client.get(f"/battles/{account_battle.pk}/").status_code == 200
    assert client.get(f"/battles/{cookie_battle.pk}/").status_code == 404


@pytest.mark.parametrize("session", ["", "x", "a" * 32, "\u00e9" * 20])
def test_session_that_is_none_leaves_the_voter_of_the_cookie(client, member, session):
    account_battle, cookie_battle = factories.battle(voter=member), factories.battle()
    set_voter_cookie(client, cookie_battle.voter_id).cookies["sessionid"] = session

    assert client.get(f"/battles/{account_battle.pk}/").status_code == 404
    assert client.get(f"/battles/{cookie_battle.pk}/").status_code == 200


def test_session_is_looked_up_once_a_request(client, member, django_assert_num_queries):
    # The session, the account, the battles, those that failed because there are no others, what the voter has judged,
    # and suggestions.
    with django_assert_num_queries(8):
        client.get("/battles/")


@pytest.mark.parametrize(("path", "words"), [("/battles/", "<h1>"), (CALL, '"unavailable"')])
def test_session_that_cannot_be_looked_up_is_an_outage(client, member, path, words):
    class Away:
        is_authenticated = property(lambda _: (_ for _ in ()).throw(OperationalError("away")))

    def view(request):
        raise AssertionError

    request = client.request(PATH_INFO=path).wsgi_request
    request.user = Away()

    answer = voters.voter_middleware(view)(request)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert words in answer.content.decode()


@pytest.mark.parametrize("deleted", [False, True])
def test_votes_of_a_voter_are_found_with_and_without_their_battles(deleted):
    two_models = common.models(2)
    battle = factories.battle()
    vote = common.vote(*two_models, voter=battle.voter_id, battle=battle, prompt_hash="a" * 32 if deleted else "")
    common.vote(*two_models, voter=uuid4(), prompt_hash="a" * 32)
    if deleted:
        battle.delete()

    assert list(voters.list_voter_votes(battle.voter_id)) == [vote]
