"""Guessing of passwords is limited, and cannot lock out the owner of an account."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from arena.identity import login_locks, voters
from core.storage.redis_clients import get_redis_client

pytestmark = pytest.mark.django_db
PASSWORD = "a long way home 7"
HOME, STRANGER = "192.0.2.7", "198.51.100.9"
TRIES = 5


@pytest.fixture(autouse=True)
def alice():
    cache.clear()
    return User.objects.create_user("alice", password=PASSWORD)


def log_in(address, password=PASSWORD, name="alice", client=None):
    client = client or Client()
    answer = client.post("/accounts/login/", {"login": name, "password": password}, REMOTE_ADDR=address)
    return answer, client


def can_log_in(address, **who):
    return log_in(address, **who)[0].status_code == 302


def guess(times, address=STRANGER, name="alice"):
    return [log_in(address, f"wrong {number}", name)[0] for number in range(times)]


def test_owner_enters_while_a_stranger_guesses():
    guess(TRIES + 1)

    assert can_log_in(HOME)


@pytest.mark.parametrize("name", ["alice", "ALICE", "al\u0131ce"])
def test_guesses_of_one_client_end_after_five_however_the_name_is_written(name):
    guess(TRIES)

    assert not can_log_in(STRANGER, name=name)


def test_names_tried_from_one_network_of_ipv6_are_counted_together():
    answers = [log_in(f"2001:db8::{number:x}", "wrong", f"name{number}")[0] for number in range(1, 12)]

    assert ["Too many failed" in answer.content.decode() for answer in answers] == [False] * 10 + [True]


def test_ipv4_clients_are_told_apart_behind_a_socket_of_ipv6():
    for number in range(11):
        log_in("::ffff:198.51.100.9", "wrong", f"name{number}")

    assert can_log_in("::ffff:192.0.2.7")


def test_attempts_are_counted_without_a_readable_address():
    guess(TRIES)
    Client().post("/accounts/signup/", REMOTE_ADDR=STRANGER)

    counts = get_redis_client().keys("attempts:*")
    assert counts
    assert [key for key in counts if STRANGER.encode() in key] == []


def guess_from_many_networks(times):
    for number in range(times):
        log_in(f"198.18.{number // 5}.1", f"wrong {number}")


def test_guesses_from_many_networks_add_up_to_a_lock_that_a_known_browser_passes():
    _, known_browser = log_in(HOME)
    known_browser.post("/accounts/logout/")

    guess_from_many_networks(30)

    assert not can_log_in("203.0.113.1")
    assert not can_log_in(HOME)
    assert can_log_in(HOME, client=known_browser)


@pytest.mark.parametrize("cookie", ["", "x", "of another account", "of another purpose"])
def test_lock_is_passed_by_the_cookie_of_this_account_alone(cookie):
    User.objects.create_user("mallory", password=PASSWORD)
    _, other = log_in(STRANGER, name="mallory")
    values = {
        "of another account": other.cookies[login_locks.DEVICE_COOKIE].value,
        "of another purpose": voters.cookie_signer.sign(login_locks._hash_name_for_device("alice")),
    }
    guess_from_many_networks(30)
    client = Client()
    client.cookies[login_locks.DEVICE_COOKIE] = values.get(cookie, cookie)

    assert not can_log_in(HOME, client=client)


def test_known_browser_guesses_no_more_than_others():
    _, known_browser = log_in(HOME)
    known_browser.post("/accounts/logout/")
    for number in range(TRIES):
        log_in(HOME, f"wrong {number}", client=known_browser)

    assert not can_log_in(HOME, client=known_browser)


def test_browser_is_not_known_to_an_account_whose_name_looks_alike():
    User.objects.create_user("boss", password=PASSWORD)
    User.objects.create_user("bo\u00df", password=PASSWORD)
    _, own_browser = log_in(STRANGER, name="bo\u00df")
    own_browser.post("/accounts/logout/")
    for number in range(30):
        log_in(f"198.18.{number // 5}.1", f"wrong {number}", name="boss")

    assert not can_log_in(STRANGER, name="boss", client=own_browser)


def test_cookie_of_a_known_browser_names_nobody(settings):
    settings.SECURE = True
    answer, _ = log_in(HOME)

    cookie = answer.cookies["__Host-device"]
    assert "alice" not in cookie.value
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_unlock_lifts_both_locks(capsys):
    guess(TRIES)
    guess_from_many_networks(30)
    assert not can_log_in(STRANGER)

    call_command("unlock", "Alice")

    assert capsys.readouterr().out == "1 account unlocked: alice.\n"
    assert can_log_in(STRANGER)
    guess(TRIES)
    assert not can_log_in(STRANGER)


def test_unlock_of_nobody_says_so():
    with pytest.raises(CommandError, match=r"^There is no account named 'bob'\.$"):
        call_command("unlock", "bob")
