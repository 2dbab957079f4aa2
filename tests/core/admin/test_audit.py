"""The log of changes contains every change in the admin, without secrets. Its entries are permanent."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save

from arena.models import Endpoint
from catalog.models import LanguageModel, Organization, Price
from core.admin import audit
from core.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db


def logged():
    return [(row.who, row.kind, row.what, row.before, row.after) for row in AuditEntry.objects.order_by("pk")]


def test_a_change_has_the_fields_that_changed_before_and_after():
    model = factories.model("x", name="Old")
    with audit.log_changes_as("operator"):
        model.name, model.release_date = "New", date(2026, 1, 2)
        model.save()
    [(who, kind, what, before, after)] = logged()
    assert (who, kind, what) == ("operator", "changed", "catalog.languagemodel")
    assert before == {"name": "Old", "release_date": None}
    assert after == {"name": "New", "release_date": "2026-01-02"}


def test_what_is_added_and_deleted_is_logged_whole():
    with audit.log_changes_as("operator"):
        maker = Organization.objects.create(slug="m", name="Maker")
        key = maker.pk
        maker.delete()
    added, deleted = logged()
    assert added[1:] == ("added", "catalog.organization", None, {"id": key, "slug": "m", "name": "Maker"})
    assert deleted[1:] == ("deleted", "catalog.organization", {"id": key, "slug": "m", "name": "Maker"}, None)


def test_a_save_without_a_change_is_none():
    model = factories.model("x")
    with audit.log_changes_as("operator"):
        model.save()
    assert logged() == []


def test_what_the_service_does_by_itself_is_not_logged():
    factories.endpoint()
    model = factories.model("x")
    with audit.log_changes_as("operator"):
        pass
    model.name = "New"
    model.save()
    assert logged() == []


def test_prices_of_many_are_all_logged():
    model = factories.model("x")
    with audit.log_changes_as("operator"):
        for day in (1, 2):
            Price.objects.create(
                model=model, input=Decimal(1), output=Decimal(2), source="list", as_of=date(2026, 1, day)
            )
        Price.objects.all().delete()
    assert [row[1] for row in logged()] == ["added", "added", "deleted", "deleted"]


def test_secrets_are_hidden():
    user = User.objects.create_user("alice", password="zsecret one")
    contestant = factories.fighter(parameters={"seed": 1})
    with audit.log_changes_as("operator"):
        user.set_password("zsecret two")
        user.save()
        contestant.parameters = {
            "max_tokens": 5,
            "api_key": "zsecret",
            "extra": [{"Authorization": "Bearer zsecret"}],
            "seed": 2,
        }
        contestant.save()
    of_user, of_contestant = logged()
    assert of_user[3:] == ({"password": "(hidden)"}, {"password": "(hidden)"})
    assert of_contestant[4] == {
        "parameters": {
            "max_tokens": 5,
            "api_key": "(hidden)",
            "extra": [{"Authorization": "(hidden)"}],
            "seed": 2,
        }
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_auditentry WHERE core_auditentry::text ~ 'zsecret|pbkdf2|argon'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("password", "zsecret", "(hidden)"),
        ("key_hash", "zsecret", "(hidden)"),
        ("api_key", "zsecret", "(hidden)"),
        ("encrypted", b"zsecret", "(hidden)"),
        ("packed", b"zsecret", "(hidden)"),
        ("api_key_env", "OPENAI_API_KEY", "OPENAI_API_KEY"),
        ("key", 7, 7),
        ("max_tokens", 64, 64),
    ],
)
def test_what_is_secret_is_seen_by_the_name_of_its_column(name, value, shown):
    assert audit._mask_secrets({name: value}) == {name: shown}


def test_groups_of_a_person_are_logged():
    user, group = User.objects.create_user("alice"), Group.objects.create(name="Editors")
    with audit.log_changes_as("operator"):
        user.groups.add(group)
        user.groups.remove(group)
    assert [row[4] for row in logged()] == [{"groups": {"added": ["Editors"]}}, {"groups": {"removed": ["Editors"]}}]


def test_everything_that_can_be_changed_in_the_admin_is_watched():
    watched = set(audit.list_watched_models())
    assert {LanguageModel, Price, Endpoint, User, Group, Organization} <= watched
    receivers = {str(key[0][0]) for key in post_save.receivers}
    assert {f"changes {model._meta.label}" for model in watched} <= receivers


@pytest.mark.parametrize(
    "statement",
    ["UPDATE core_auditentry SET who = 'nobody'", "DELETE FROM core_auditentry", "UPDATE core_auditentry SET id = 0"],
)
def test_log_is_only_added_to(statement):
    audit.record_change("operator", "tested", factories.model("x"))
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert [row[0] for row in logged()] == ["operator"]


@pytest.mark.parametrize(
    ("what", "said"), [("catalog.languagemodel", "language model"), ("arena.gone", "arena.gone"), ("x", "x")]
)
def test_log_says_in_words_what_was_changed(admin, what, said):
    change = AuditEntry.objects.create(who="bob", kind="changed", what=what, key="1", name="X")
    assert f'"field-thing">{said}<' in admin.get("/admin/core/auditentry/").content.decode()
    assert f'"readonly">{said}<' in admin.get(f"/admin/core/auditentry/{change.pk}/change/").content.decode()
