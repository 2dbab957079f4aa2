"""The index page of the admin and its navigation."""

import re

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission, User

from core.admin.site import MAX_LATEST_CHANGES, MODEL_GROUPS
from core.models import AuditEntry

pytestmark = pytest.mark.django_db


def titles(page):
    return re.findall(r'<span class="section">([^<]+)<', page)


def test_everything_has_its_place(admin):
    placed = [name for _, names in MODEL_GROUPS for name in names]
    assert sorted(placed) == sorted(model.__name__ for model in django_admin.site._registry)
    assert titles(admin.get("/admin/").content.decode()) == [str(title) for title, _ in MODEL_GROUPS]


def test_latest_changes_are_on_the_first_page_for_whoever_may_read_them(admin, client):
    assert "No changes yet." in admin.get("/admin/").content.decode()
    for number in range(MAX_LATEST_CHANGES + 1):
        AuditEntry.objects.create(who="bob", kind="changed", what="x", key="1", name=f"<thing {number}>")
    page = admin.get("/admin/").content.decode()
    assert f"&lt;thing {MAX_LATEST_CHANGES}&gt;" in page
    assert "&lt;thing 0&gt;" not in page
    staff = User.objects.create_user("eve", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_vote"))
    client.force_login(staff)
    page = client.get("/admin/").content.decode()
    assert titles(page) == ["Activity"]
    assert "Latest changes" not in page


def test_whoever_may_see_nothing_is_told_so(client):
    client.force_login(User.objects.create_user("eve", is_staff=True))
    assert "You do not have permission to view anything here." in client.get("/admin/").content.decode()
