"""Sign-up by mode and invitation."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from arena.identity import invitations
from arena.models import Invitation
from tests.arena.questions import forget
from tests.races import at_once

pytestmark = pytest.mark.django_db
PASSWORD = "a long way home 7"
CLOSED = "sign up here without a valid invitation"


@pytest.fixture(autouse=True)
def no_attempts():
    """Reset all limits, so that no other test counts."""
    cache.clear()
    forget("limit:account:*")


@pytest.fixture
def access(settings):
    def set_to(login="optional", signup=""):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_login=login, arena_signup=signup)

    return set_to


def sign_up(name="alice", invitation="", client=None, **options):
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "invitation": invitation}
    return (client or Client()).post("/accounts/signup/", form, **options)


@pytest.mark.parametrize(
    ("login", "signup", "mode"),
    [
        ("optional", "", "open"),
        ("required", "", "invite"),
        ("required", "open", "open"),
        ("optional", "invite", "invite"),
        ("optional", "closed", "closed"),
        ("required", "closed", "closed"),
    ],
)
def test_stranger_makes_an_account_where_sign_up_is_open(access, login, signup, mode):
    access(login, signup)
    answer = sign_up()

    assert invitations.get_signup_mode() == mode
    assert User.objects.exists() == (mode == "open")
    assert (CLOSED in answer.content.decode()) == (mode != "open")
    links = Client().get("/accounts/login/").content.decode().count('href="/accounts/signup/"')
    assert links == (mode == "open")


def test_invitation_makes_one_account(access):
    access("required")
    secret = invitations.create_invitation(7)
    page = Client().get(f"/accounts/signup/?invitation={secret}").content.decode()
    assert re.search(f'<input type="hidden" name="invitation" value="{secret}">', page)

    assert sign_up("alice", secret).status_code == 302
    assert CLOSED in sign_up("bob", secret).content.decode()
    assert [user.username for user in User.objects.all()] == ["alice"]


def test_form_that_was_wrong_leaves_the_invitation(access):
    access("required")
    secret = invitations.create_invitation(7)
    answer = sign_up("al ice", secret)

    assert f'value="{secret}"' in answer.content.decode()
    assert sign_up("alice", secret).status_code == 302


@pytest.mark.parametrize("secret", ["", "x", "\x00", "é" * 1000])
def test_invitation_that_is_none_opens_nothing(access, secret):
    access("required")
    invitations.create_invitation(7)

    assert CLOSED in sign_up(invitation=secret).content.decode()
    assert not User.objects.exists()


def test_invitation_that_has_expired_opens_nothing_and_is_forgotten(access):
    access("required")
    secret = invitations.create_invitation(7)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert CLOSED in sign_up(invitation=secret).content.decode()
    invitations.create_invitation(7)
    assert Invitation.objects.count() == 1


def test_secret_of_an_invitation_is_not_stored():
    secret = invitations.create_invitation(7)

    assert secret not in str(Invitation.objects.values())


@pytest.mark.django_db(transaction=True)
def test_two_who_sign_up_at_once_by_one_link_make_one_account(access):
    access("required")
    secret = invitations.create_invitation(7)

    answers = at_once(4, lambda number: sign_up(f"person{number}", secret))

    assert sorted(answer.status_code == 302 for answer in answers) == [False] * 3 + [True]
    assert User.objects.count() == 1
    assert not Invitation.objects.exists()


def test_network_makes_five_accounts_an_hour_and_mistakes_cost_none(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=300)
    for number in range(3):
        sign_up("al ice", REMOTE_ADDR=f"2001:db8::{number}")
    answers = [sign_up(f"person{number}", REMOTE_ADDR=f"2001:db8::{number}") for number in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]


def test_line_of_ipv6_makes_no_account_for_each_of_its_networks(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=300)
    answers = [sign_up(f"person{number}", REMOTE_ADDR=f"2001:db8:0:{number:x}00::1") for number in range(21)]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    assert sign_up("neighbor", REMOTE_ADDR="2001:db8:1::1").status_code == 302
    assert 150 < int(answers[-1].headers["Retry-After"]) <= 180
    assert "Try again in 3 min." in answers[-1].content.decode()
    assert "Wait a minute" not in answers[-1].content.decode()
    assert sign_up("another", REMOTE_ADDR="2001:db8:1::1").status_code == 302


def test_people_who_are_invited_are_not_limited(access, settings):
    access("required")
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=300)
    answers = [sign_up(f"person{number}", invitations.create_invitation(1)) for number in range(7)]

    assert {answer.status_code for answer in answers} == {302}


def test_command_prints_a_link_that_works(access, capsys, settings):
    access("required")
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_public_url="https://arena.example.org")

    call_command("invite", "--days", "3")

    output = capsys.readouterr()
    assert output.err == "1 invitation, valid for 3 days. The link is shown only once:\n"
    path = output.out.strip().removeprefix("https://arena.example.org")
    assert "Sign up" in Client().get(path).content.decode()
    left = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=2) < left <= timedelta(days=3)


def test_command_prints_several_links_with_the_port_of_the_service(access, capsys, settings):
    access("required")
    settings.LOCAL_URL = "http://127.0.0.1:8123"

    call_command("invite", "--count", "3")

    output = capsys.readouterr()
    assert output.err == "3 invitations, valid for 7 days. The links are shown only once:\n"
    links = output.out.split()
    assert len({*links}) == Invitation.objects.count() == 3
    assert {link.partition("/accounts/signup/?")[0] for link in links} == {"http://127.0.0.1:8123"}
    for count in ("0", "1001", "x"):
        with pytest.raises(CommandError, match=r"^The number of links must be from 1 to 1000\.$"):
            call_command("invite", f"--count={count}")


@pytest.mark.parametrize("days", ["0", "-1", "366", "x", "9" * 5000])
def test_command_refuses_days_that_are_none(access, days):
    access("required")
    with pytest.raises(CommandError, match=r"^An invitation must be valid for 1 to 365 days\.$"):
        call_command("invite", f"--days={days}")


def test_command_says_that_sign_up_is_closed(access):
    access(signup="closed")
    with pytest.raises(CommandError, match=r"^Sign-up is closed. Set ARENA_SIGNUP=invite first\.$"):
        call_command("invite")
    assert not Invitation.objects.exists()
