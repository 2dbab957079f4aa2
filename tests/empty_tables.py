"""Deletes what a transactional test has committed.

Django would truncate every table, though most are empty, and then create all content types and permissions again. That
takes longer than many of these tests. It would also delete the rows that migrations create, which the tests of the next
file need.
"""

from functools import cache
from importlib import import_module

from django.apps import apps
from django.db import connection

from arena.models.pools import create_built_in_pools
from ratings.models import create_missing_counts

# Only migrations change these.
KEPT = {"django_content_type", "auth_permission"}
create_category = import_module("ratings.migrations.0002_category_and_storage").create_category
create_hash_key = import_module("arena.migrations.0002_vote_trigger_and_hash_key").create_hash_key


@cache
def list_tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [connection.ops.quote_name(name) for name in names if name not in KEPT]


def empty_tables(_case: object) -> None:
    """Truncate the tables that have rows, and create the rows of the migrations and of their receivers again."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'EXISTS (SELECT FROM {name})' for name in list_tables())}")  # noqa: S608  # our tables
        full = [name for name, has_rows in zip(list_tables(), cursor.fetchone(), strict=True) if has_rows]
        if full:
            cursor.execute(f"TRUNCATE {', '.join(full)} CASCADE")
    create_hash_key(apps, None)
    create_category(apps, None)
    create_built_in_pools(apps)
    create_missing_counts(apps)
