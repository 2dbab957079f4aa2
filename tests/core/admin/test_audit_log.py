"""The admin page of the log of changes."""

import pytest

from core.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("what", "said"), [("catalog.languagemodel", "language model"), ("arena.gone", "arena.gone"), ("x", "x")]
)
def test_log_says_in_words_what_was_changed(admin, what, said):
    change = AuditEntry.objects.create(who="bob", kind="changed", what=what, key="1", name="X")
    assert f'"field-thing">{said}<' in admin.get("/admin/core/auditentry/").content.decode()
    assert f'"readonly">{said}<' in admin.get(f"/admin/core/auditentry/{change.pk}/change/").content.decode()
