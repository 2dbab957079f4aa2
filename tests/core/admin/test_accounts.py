"""Nobody becomes a superuser by the admin's pages for accounts."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

pytestmark = pytest.mark.django_db
ACCOUNTS = [f"{action}_{kind}" for action in ("view", "add", "change", "delete") for kind in ("user", "group")]


@pytest.fixture
def staffer():
    """Someone who may do everything with accounts and groups."""
    user = User.objects.create_user("staffer", password="old", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=ACCOUNTS))
    user.groups.add(Group.objects.create(name="helpers"))
    return user


@pytest.fixture
def client_of_staffer(staffer):
    client = Client()
    client.force_login(staffer)
    return client


def post_account(client, user, **changes):
    form = {"username": user.username, "date_joined_0": "2026-01-01", "date_joined_1": "00:00", "is_active": "on"}
    return client.post(f"/admin/auth/user/{user.pk}/change/", form | changes)


def read_rights(user):
    user = User.objects.get(pk=user.pk)
    return user.is_superuser, user.is_staff, user.get_all_permissions(), user.check_password("old")


@pytest.mark.parametrize("whose", ["own", "operator", "visitor"])
@pytest.mark.parametrize(
    "changes",
    [
        {"is_superuser": "on", "is_staff": "on"},
        {"is_staff": "on"},
        {"is_staff": "on", "user_permissions": "all"},
        {"is_staff": "on", "groups": "all"},
    ],
    ids=["superuser", "staff", "permissions", "groups"],
)
def test_no_form_gives_rights(client_of_staffer, staffer, whose, changes):
    group = Group.objects.create(name="operators")
    group.permissions.set(Permission.objects.all())
    everything = {"user_permissions": [row.pk for row in Permission.objects.all()], "groups": [group.pk]}
    user = {
        "own": lambda: staffer,
        "operator": lambda: User.objects.create_superuser("op", password="old"),
        "visitor": lambda: User.objects.create_user("visitor", password="old"),
    }[whose]()
    before = read_rights(user)
    post_account(client_of_staffer, user, **{k: everything[k] if v == "all" else v for k, v in changes.items()})
    assert read_rights(user) == before


@pytest.mark.parametrize("is_superuser", [True, False])
def test_no_operators_password_is_set_and_no_operator_deleted(client_of_staffer, is_superuser):
    operator = User.objects.create_user("op", password="old", is_staff=True, is_superuser=is_superuser)
    page = f"/admin/auth/user/{operator.pk}"
    passwords = {"password1": "a long way home 7", "password2": "a long way home 7", "usable_password": "true"}
    client_of_staffer.post(f"{page}/password/", passwords)
    client_of_staffer.post(f"{page}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [operator.pk], "post": "yes"}
    client_of_staffer.post("/admin/auth/user/", chosen)
    assert User.objects.get(pk=operator.pk).check_password("old")


def test_no_group_is_added_or_changed(client_of_staffer, staffer):
    own = staffer.groups.get()
    form = {"name": "helpers", "permissions": [row.pk for row in Permission.objects.all()]}
    for page in (f"{own.pk}/change/", "add/", f"{own.pk}/delete/"):
        client_of_staffer.post(f"/admin/auth/group/{page}", form | {"post": "yes"})
    assert [group.permissions.count() for group in Group.objects.all()] == [0]


def test_accounts_of_others_can_be_changed_and_superusers_change_everything(client_of_staffer, admin_client):
    visitor = User.objects.create_user("visitor")
    assert post_account(client_of_staffer, visitor, first_name="Ada").status_code == 302
    assert User.objects.get(pk=visitor.pk).first_name == "Ada"
    assert post_account(admin_client, visitor, is_staff="on").status_code == 302
    assert User.objects.get(pk=visitor.pk).is_staff
