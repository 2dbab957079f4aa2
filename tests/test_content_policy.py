"""Checks that every HTML page of every URL has the strict content security policy, regardless of its status."""

import re

import pytest
from django.test import Client

from arena.identity import voters
from ratings.pipeline import board_refresh
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED
from tests.service_urls import addresses, below

pytestmark = pytest.mark.django_db
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
HEADERS = {"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
OF_OPERATORS = below("/admin/")
OF_READERS = [*sorted({*addresses()} - {*OF_OPERATORS} - {"/api/v1/leaderboard/events"}), "/nothing/"]


def check(answer):
    """Check the response and return True if it is a page."""
    if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.status_code in (301, 302):
        return False
    directives = (part.split(None, 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert {name: value.strip() for name, value in directives} == STRICT
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert {"camera=()", "microphone=()", "geolocation=()"} <= {*answer.headers["Permissions-Policy"].split(", ")}
    if "csrfmiddlewaretoken" in answer.content.decode():
        assert re.search("private|no-store", answer.headers["Cache-Control"])
    return True


@pytest.mark.parametrize("address", OF_READERS)
def test_pages_carry_the_strict_policy(address):
    """Includes requests from new visitors, and forms without a token, in another charset, or for missing objects."""
    for client in (Client(), Client(enforce_csrf_checks=True)):
        check(client.get(address))
        check(client.post(address))
        check(client.put(address))
        check(client.generic("POST", address, b"a=1", content_type="application/x-www-form-urlencoded; charset=utf-7"))


def test_pages_of_operators_carry_the_strict_policy(admin_client):
    pages = [address for address in OF_OPERATORS if check(admin_client.get(address))]

    assert len(pages) > 20


@pytest.mark.parametrize("state", ["answering", "ready", "voted", "skipped", "void", "expired"])
def test_pages_of_battles_carry_the_strict_policy(client, state):
    voter = common.voter()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(voter.pk))
    made = {"voted": {"a": FAILED}, "void": {"a": FAILED}}.get(state, {})
    battle = factories.battle("ready" if state == "voted" else state, voter=voter, **made)
    acts = {"vote": {"winner": "a"}, "turns": {}, "retry": {}, "stop": {}, "opinion": {}, "share": {}, "continue": {}}

    for act, fields in acts.items():
        check(client.post(f"/battles/{battle.pk}/{act}/", fields))
        assert check(client.get(f"/battles/{battle.pk}/"))
        check(client.get(f"/battles/{battle.pk}/", headers={"HX-Request": "true"}))


@pytest.mark.parametrize("status", [200, 400, 404])
def test_pages_of_what_there_is_carry_the_strict_policy(client, status):
    common.cast(common.model("x"), common.model("y"))
    board_refresh.refresh()
    address = {200: "/models/x/", 400: "/leaderboard/?at=x", 404: "/leaderboard/?pool=nowhere"}[status]

    answer = client.get(address)

    assert (answer.status_code, check(answer)) == (status, True)


def test_page_for_a_foreign_host_carries_the_strict_policy(client):
    assert check(client.get("/", headers={"Host": "evil.example"}))


def test_a_page_without_the_policy_would_be_found(client, settings):
    """Proves that the check above can fail."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "csp" not in name]
    with pytest.raises(KeyError):
        check(client.get("/nothing/"))


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/leaderboard/"])
def test_page_with_a_token_is_for_no_shared_cache(client, address):
    answer = client.get(address)

    assert "csrfmiddlewaretoken" in answer.content.decode()
    assert "private" in answer.headers["Cache-Control"]


def test_what_is_the_same_for_everybody_may_be_stored_for_everybody(client):
    assert "private" not in client.get("/api/v1/").headers.get("Cache-Control", "")
