"""API keys in the admin: the list of all keys, and their revocation."""

import pytest
from django.contrib.auth.models import Permission, User

from arena.identity import api_keys
from arena.models import ApiKey
from core.http.errors import RequestError
from core.models import AuditEntry
from tests.operators import PASSWORD

pytestmark = pytest.mark.django_db
KEYS = "/admin/arena/apikey/"


def revoke(client, *keys):
    return client.post(KEYS, {"action": "revoke", "_selected_action": [key.pk for key in keys]}, follow=True)


def test_list_has_keys_of_accounts_and_of_the_command_and_never_what_opens(admin):
    _, secret = api_keys.create_key("nightly", ["read", "vote"])
    of_alice, other = api_keys.create_key("notebook", ["read"], 9, User.objects.create_user("alice"))
    pages = [admin.get(address).content.decode() for address in (KEYS, f"{KEYS}{of_alice.pk}/change/")]
    for word in ("nightly", "none (created from the command line)", "notebook", "alice", "read, vote", secret[:12]):
        assert word in pages[0]
    for page in pages:
        assert not [word for word in (secret, other, of_alice.digest, str(of_alice.voter_id)) if word in page]


def test_revoked_keys_open_nothing_and_that_is_logged_once(admin):
    keys = [api_keys.create_key(name, ["read"]) for name in ("nightly", "weekly", "stays")]
    (one, _), (other, secret), (_, stays) = keys
    assert "2 keys revoked." in revoke(admin, one, other).content.decode()
    assert "0 keys revoked." in revoke(admin, one).content.decode()
    with pytest.raises(RequestError, match="revoked"):
        api_keys.authenticate_key(secret)
    assert api_keys.authenticate_key(stays)
    log = AuditEntry.objects.order_by("pk").values_list("who", "kind", "what", "name")
    assert sorted(log) == sorted(("operator", "revoked", "arena.apikey", str(key)) for key in (one, other))


def test_whoever_may_only_look_revokes_nothing(client):
    staff = User.objects.create_user("bob", password=PASSWORD, is_staff=True)
    staff.user_permissions.add(Permission.objects.get(content_type__app_label="arena", codename="view_apikey"))
    client.force_login(staff)
    key, _ = api_keys.create_key("nightly", ["read"])
    revoke(client, key)
    assert ApiKey.objects.get().revoked_at is None
