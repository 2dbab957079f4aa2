"""Authenticator app codes as a second factor."""

import re
import time
from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db
PASSWORD = "a long way home 7"
START = "/accounts/second-factor/"


@pytest.fixture(autouse=True)
def no_attempts():
    """Delete login attempts from other tests."""
    cache.clear()


@pytest.fixture
def operator():
    return User.objects.create_superuser("alice", password=PASSWORD)


@pytest.fixture
def required(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_operator_totp="required")


def log_in(client=None):
    client = client or Client()
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    return client


def code(secret, steps=0):
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 + steps))


def set_up(client):
    """Set up the app as a user does. Return its secret and the page with the recovery codes."""
    client.post("/accounts/confirm/", {"password": PASSWORD})
    page = client.get(f"{START}set-up/").content.decode()
    secret = re.search(r'aria-label="The key for the app">([A-Z2-7]{32})<', page)[1]
    answer = client.post(f"{START}set-up/", {"code": code(secret)}, follow=True)
    return secret, answer.content.decode()


def is_in(client):
    return client.get("/accounts/").status_code == 200


def test_password_alone_opens_the_account_until_the_app_is_set_up(operator):
    client = log_in()
    assert is_in(client)
    secret, _ = set_up(client)
    assert "Remove the authenticator app" in client.get("/accounts/").content.decode()

    thief = log_in()
    assert not is_in(thief)
    assert "Incorrect code." in thief.post(f"{START}code/", {"code": "000000"}).content.decode()
    assert not is_in(thief)

    mine = log_in()
    mine.post(f"{START}code/", {"code": code(secret, 1)})
    assert is_in(mine)


def test_code_is_good_once(operator):
    secret, _ = set_up(log_in())
    first, second = log_in(), log_in()
    typed = {"code": code(secret)}
    first.post(f"{START}code/", typed)
    second.post(f"{START}code/", typed)

    assert (is_in(first), is_in(second)) == (True, False)


def forget_expired(seconds):
    """Simulate the expiry of Redis keys after this many seconds."""
    redis = cache._cache.get_client(None, write=True)
    for key in redis.scan_iter(match=f"{cache.key_prefix}:*"):
        if 0 <= redis.ttl(key) <= seconds:
            redis.delete(key)


def test_code_stays_used_for_as_long_as_its_clock_accepts_it(operator, monkeypatch):
    start = int(time.time()) // 30 * 30
    monkeypatch.setattr(time, "time", lambda: start)
    secret, _ = set_up(log_in())
    typed = {"code": code(secret, 1)}  # from a phone whose clock is half a minute fast

    def is_accepted(seconds):
        monkeypatch.setattr(time, "time", lambda: start + seconds)
        forget_expired(seconds)
        client = log_in()
        client.post(f"{START}code/", typed)
        return is_in(client)

    assert [is_accepted(seconds) for seconds in (1, 32, 65)] == [True, False, False]


def test_codes_cannot_be_guessed(operator):
    secret, _ = set_up(log_in())
    thief = log_in()
    for number in range(5):
        thief.post(f"{START}code/", {"code": f"00000{number}"})
    thief.post(f"{START}code/", {"code": code(secret, 1)})

    assert not is_in(thief)


def test_recovery_codes_are_shown_and_each_opens_once(operator):
    _, page = set_up(log_in())
    codes = re.findall(r"<li><code>(\d{8})</code></li>", page)
    assert len(codes) == 10

    first, second = log_in(), log_in()
    for client in (first, second):
        client.post(f"{START}code/", {"code": codes[0]})
    assert (is_in(first), is_in(second)) == (True, False)


def test_pages_are_drawn_without_what_the_content_policy_forbids(operator):
    client = log_in()
    client.post("/accounts/confirm/", {"password": PASSWORD})
    answer = client.get(f"{START}set-up/")
    page = answer.content.decode()

    assert "<svg " in page
    assert not re.search(r"<\?xml|data:|<style|\sstyle=|<script(?![^>]*src=)", page)
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["set-up/", "recovery/new/"])
def test_pages_with_secrets_ask_for_the_password_again(operator, path):
    answer = log_in().get(f"{START}{path}")

    assert answer.headers["Location"].startswith("/accounts/confirm/?next=")


@pytest.mark.parametrize("path", ["", "set-up/", "remove/", "recovery/", "recovery/new/", "code/", "confirm/"])
def test_nobody_else_sees_them(path):
    assert Client().get(f"{START}{path}", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def test_operators_need_no_app_unless_it_is_required(operator):
    assert log_in().get("/admin/").status_code == 200


def test_operator_without_the_app_sets_it_up_before_anything_else(operator, required):
    client = log_in()
    for path in ("/admin/", "/admin/auth/user/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/confirm/")
    assert client.get("/").status_code == 200

    set_up(client)

    assert client.get("/admin/").status_code == 200


def test_operator_cannot_remove_what_is_required(operator, required):
    client = log_in()
    set_up(client)

    answer = client.post(f"{START}remove/")

    assert "You cannot deactivate two-factor authentication." in answer.content.decode()
    assert Authenticator.objects.count() == 2


def test_app_is_removed_with_its_recovery_codes(operator):
    client = log_in()
    set_up(client)
    client.post(f"{START}remove/")

    assert not Authenticator.objects.exists()
    assert is_in(log_in())


def test_members_are_not_asked_for_it(required):
    User.objects.create_user("alice", password=PASSWORD)

    assert is_in(log_in())


def test_command_removes_the_app_of_somebody_who_has_lost_it(operator, capsys):
    set_up(log_in())

    call_command("unlock", "alice", "--remove-second-factor")

    assert capsys.readouterr().out == (
        "1 account unlocked: alice. Authenticators removed, including recovery codes: 2.\n"
    )
    assert is_in(log_in())
