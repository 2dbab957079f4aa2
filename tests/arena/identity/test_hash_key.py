"""The key of keyed hashes."""

import pytest
from django.db import IntegrityError, OperationalError, connection

from arena.identity import hash_key, voters
from arena.models import HashKey


@pytest.fixture
def unread():
    """Unload the key, as in a process that has just started."""
    hash_key._key = None


def away(*arguments, **options):
    raise OperationalError("away")


@pytest.mark.django_db
def test_key_is_made_by_the_migrations_and_there_is_only_one():
    assert len(bytes(HashKey.objects.get().key)) == 32
    with pytest.raises(IntegrityError, match="hash_key_single_row"):
        HashKey.objects.create(id=2, key=b"another")


@pytest.mark.django_db
def test_key_is_read_once_a_process(unread, django_assert_num_queries):
    with django_assert_num_queries(1):
        hashes = {voters.keyed_hash("prompt", "Why?") for _ in range(3)}

    assert len(hashes) == 1
    assert hash_key.load_key() == bytes(HashKey.objects.get().key)


@pytest.mark.django_db
def test_process_that_has_the_key_hashes_on_while_the_database_is_away():
    with connection.execute_wrapper(away):
        assert len(voters.keyed_hash("limit", "192.0.2.7")) == 64


@pytest.mark.django_db
def test_process_without_the_key_says_that_the_database_is_away_and_asks_again_later(unread):
    with connection.execute_wrapper(away), pytest.raises(OperationalError):
        voters.keyed_hash("limit", "192.0.2.7")

    assert len(voters.keyed_hash("limit", "192.0.2.7")) == 64


def test_process_without_the_key_says_so_where_it_needs_the_key(unread, monkeypatch, client):
    monkeypatch.setattr(hash_key, "load_key", away)

    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/categories/").status_code == 503
