"""The contact for vulnerability reports."""

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import now

pytestmark = pytest.mark.django_db
PATH = "/.well-known/security.txt"


def test_names_the_contact_and_a_day_to_come(client, settings, django_assert_num_queries):
    settings.SECURITY_CONTACT = "mailto:me@arena.example"
    with django_assert_num_queries(0):
        answer = client.get(PATH)

    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert fields["Contact"] == "mailto:me@arena.example"
    assert now() + timedelta(days=170) < datetime.fromisoformat(fields["Expires"]) < now() + timedelta(days=365)
    assert not answer.cookies


def test_is_not_there_where_nobody_is_named(client):
    assert client.get(PATH).status_code == 404
