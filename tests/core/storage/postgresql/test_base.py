"""Statements with more parameters than PostgreSQL can bind are split, and closed connections are replaced."""

import pytest
from django.db import connection

from catalog.models import LanguageModel
from core.storage.postgresql.base import MAX_PARAMETERS

pytestmark = pytest.mark.django_db


def test_bulk_create_splits_rows_with_too_many_values(django_assert_num_queries):
    columns = len(LanguageModel._meta.concrete_fields) - 1  # the database numbers the rows
    number = MAX_PARAMETERS // columns + 1

    with django_assert_num_queries(2):
        LanguageModel.objects.bulk_create(LanguageModel(slug=f"m{each}", name="M") for each in range(number))

    assert LanguageModel.objects.count() == number


def test_in_bulk_splits_keys(django_assert_num_queries):
    model = LanguageModel.objects.create(slug="one", name="One")

    with django_assert_num_queries(2):
        assert LanguageModel.objects.in_bulk([model.pk, *range(10**6, 10**6 + MAX_PARAMETERS)]) == {model.pk: model}


@pytest.fixture
def pooled():
    """Return a connection whose pool has one connection to the test database."""
    wrapper = connection.copy("pooled")
    wrapper.settings_dict["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1}
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def ask(wrapper, sql, *parameters):
    with wrapper.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def close_from_outside(pooled):
    process = ask(pooled, "SELECT pg_backend_pid()")
    pooled.close()
    assert ask(connection, "SELECT pg_terminate_backend(%s, 5000)", process)
    return process


def test_pool_replaces_a_connection_that_postgresql_has_closed(pooled):
    process = close_from_outside(pooled)

    assert ask(pooled, "SELECT pg_backend_pid()") != process
