"""API keys on the account page."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from arena.identity import api_keys
from arena.models import ApiKey

pytestmark = pytest.mark.django_db
FORM = {"name": "Notebook", "scopes": ["read", "vote"], "days": "30"}


@pytest.fixture
def alice(client):
    user = User.objects.create_user("alice")
    client.force_login(user)
    return user


def page(client):
    return client.get("/accounts/").content.decode()


def make(client, **fields):
    return client.post("/accounts/", {**FORM, **fields})


def secrets(answer):
    return re.findall(r"arena_[\w-]{43}", answer.content.decode())


def test_key_is_made_and_shown_once(client, alice):
    answer = make(client)

    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    [secret] = secrets(answer)
    key = api_keys.authenticate_key(secret)
    assert (key.name, key.user, key.scopes) == ("Notebook", alice, ["read", "vote"])
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert not secrets(client.get("/accounts/"))
    assert key.prefix in page(client)


def test_key_without_days_has_no_end(client, alice):
    make(client, days=" ")

    assert ApiKey.objects.get().expires_at is None
    assert "does not expire" in page(client)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Enter a name"),
        ({"scopes": []}, "Choose at least one scope"),
        ({"days": "x"}, "A key is valid for 1 to 3650 days"),
        ({"days": "9" * 5000}, "A key is valid for 1 to 3650 days"),
        ({"days": "\u00b2"}, "A key is valid for 1 to 3650 days"),
    ],
)
def test_form_that_is_wrong_says_so_keeps_what_was_typed_and_makes_nothing(client, alice, wrong, sentence):
    answer = make(client, **wrong)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert f'value="{wrong.get("name", "Notebook")}"' in answer.content.decode()
    assert not ApiKey.objects.exists()
    assert not secrets(answer)


def test_form_that_is_sent_again_makes_no_second_key(client, alice):
    """Browsers send the form again when the page with the new key is reloaded."""
    make(client)

    again = make(client)

    assert again.status_code == 400
    assert "You already have a key with this name." in again.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("name", ["Notebook", " "])
def test_hourly_limit_is_shown_even_if_the_name_is_wrong(client, alice, allow, an_hour, name):
    allow(each=1)
    an_hour(1, "read", "write")
    make(client, days="x")

    answer = make(client, name=name)

    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert "Hourly limit reached." in answer.content.decode()
    assert ("Enter a name" in answer.content.decode()) == (name == " ")


@pytest.mark.parametrize(
    ("path", "heading", "has_password"),
    [("logout", "Log out", False), ("password/change", "Change password", True), ("login", "Log in", False)],
)
def test_form_is_named_by_the_heading_and_names_the_account_of_a_password(client, path, heading, has_password):
    if path != "login":
        client.force_login(User.objects.create_user("alice", password="quiet river 7"))
    page = client.get(f"/accounts/{path}/").content.decode()

    assert f'<h1 id="title">{heading}</h1>' in page
    assert page.count('<form method="post" aria-labelledby="title">') == 1
    assert page.count('value="alice" autocomplete="username" hidden') == has_password
    assert "Already have an account?" not in page


def test_name_of_a_key_is_text(client, alice):
    make(client, name="<b>bold</b>")

    assert "<b>bold" not in page(client)
    assert html.escape("<b>bold</b>") in page(client)


def test_list_says_what_became_of_each_key(client, alice):
    keys = [api_keys.create_key(name, ["read"], 9, alice)[0] for name in ("fresh", "used", "old", "gone")]
    now = timezone.now()
    ApiKey.objects.filter(pk=keys[1].pk).update(used_at=now)
    ApiKey.objects.filter(pk=keys[2].pk).update(expires_at=now - timedelta(days=1))
    api_keys.revoke_keys(ApiKey.objects.filter(name="gone"))

    page_text = " ".join(page(client).split())

    assert page_text.count("never used") == 3
    assert f"last used {now:%Y-%m-%d %H:%M} UTC" in page_text
    assert f"expired on {now - timedelta(days=1):%Y-%m-%d}" in page_text
    assert f"revoked on {now:%Y-%m-%d}" in page_text
    assert page_text.count("/revoke/") == 2


def test_revoked_key_opens_nothing(client, alice):
    [secret] = secrets(make(client))

    answer = client.post(f"/accounts/keys/{ApiKey.objects.get().pk}/revoke/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/#keys")
    assert Client().get("/api/v1/models/", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


@pytest.mark.parametrize("number", [None, 10**30, 0])
def test_key_of_somebody_else_is_neither_shown_nor_revoked(client, alice, number):
    other, _ = api_keys.create_key("of bob", ["read"], None, User.objects.create_user("bob"))
    of_nobody, _ = api_keys.create_key("of nobody", ["read"])

    for key in (other, of_nobody):
        client.post(f"/accounts/keys/{number if number is not None else key.pk}/revoke/")

    assert "of bob" not in page(client)
    assert "of nobody" not in page(client)
    assert not ApiKey.objects.exclude(revoked_at=None).exists()


@pytest.mark.parametrize("path", ["/accounts/", "/accounts/keys/1/revoke/"])
def test_nobody_makes_or_revokes_keys_without_an_account(client, path):
    answer = client.post(path, FORM)

    assert answer.headers["Location"].startswith("/accounts/login/")
    assert not ApiKey.objects.exists()


def test_page_needs_as_many_queries_for_twenty_keys_as_for_one(client, alice, django_assert_num_queries):
    for letters in ("a", "bcdefghijklmnopqrst"):
        for name in letters:
            api_keys.create_key(name, ["read"], None, alice)
        with django_assert_num_queries(4):  # the session, the account, the keys, the second factor
            client.get("/accounts/")


PASSWORD, OTHER_PASSWORD = "a long way home 7", "another way home 8"


@pytest.fixture
def with_password(client):
    user = User.objects.create_user("bob", password=PASSWORD)
    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    return user


def test_key_is_made_only_after_the_password_was_given_again(client, with_password):
    """Whoever has a browser for a minute must not leave with a key that has no end."""
    answer = make(client)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/confirm/")
    client.post(answer.headers["Location"], {"password": "wrong"})
    assert not ApiKey.objects.exists()

    confirmed = client.post(answer.headers["Location"], {"password": PASSWORD})
    assert (confirmed.status_code, len(secrets(confirmed))) == (201, 1)
    assert make(client, name="Second").status_code == 201


@pytest.mark.parametrize(("fields", "remaining"), [({"revoke_keys": "on"}, 0), ({}, 1)])
def test_new_password_revokes_keys_unless_one_declines(client, with_password, fields, remaining):
    key, _ = api_keys.create_key("Robot", ["read"], user=with_password)
    shown = client.get("/accounts/password/change/").content.decode()
    assert re.search(r'<input type="checkbox" name="revoke_keys"[^>]* checked', shown)

    passwords = {"oldpassword": PASSWORD, "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD}
    client.post("/accounts/password/change/", passwords | fields)
    assert User.objects.get(pk=with_password.pk).check_password(OTHER_PASSWORD)
    assert api_keys.list_valid_keys(with_password).count() == remaining
