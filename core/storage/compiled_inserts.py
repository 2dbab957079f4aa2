"""Inserts whose SQL is built only once.

Django builds and compiles the statement of each insert, which takes longer than sending it.
"""

from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

from core.storage.database import fetch_rows

Fields = tuple["Field[Any, Any]", ...]


def insert(*instances: Model) -> None:
    """Insert new instances of one model in one statement, without signals.

    PostgreSQL sets the generated key, and every field that has only a database default. All instances must have values
    for the same fields.
    """
    first = instances[0]
    fields = first._meta.concrete_fields
    returned_fields = tuple(field for field in fields if _is_set_by_database(first, field))
    stored_fields = tuple(field for field in fields if field not in returned_fields)
    begin, row, end = _build_statement(type(first), stored_fields, returned_fields)
    values = [
        field.get_db_prep_save(getattr(instance, field.attname), connection)
        for instance in instances
        for field in stored_fields
    ]
    rows = fetch_rows(begin + ", ".join([row] * len(instances)) + end, values)
    for instance, results in zip(instances, rows, strict=True):
        for field, value in zip(returned_fields, results, strict=False):
            setattr(instance, field.attname, value)
        state = instance._state  # noqa: SLF001  # Django has no public API for this
        state.adding = False
        state.db = connection.alias


def _is_set_by_database(instance: Model, field: "Field[Any, Any]") -> bool:
    value = getattr(instance, field.attname)
    return isinstance(value, DatabaseDefault) or (value is None and field.primary_key)


@lru_cache(maxsize=64)
def _build_statement(model: type[Model], stored_fields: Fields, returned_fields: Fields) -> tuple[str, str, str]:
    """Return the parts of the statement: before the rows, one row, and after the rows."""
    columns = ", ".join(f'"{field.column}"' for field in stored_fields)
    placeholders = (
        field.get_placeholder(None, None, connection) if hasattr(field, "get_placeholder") else "%s"
        for field in stored_fields
    )
    returning = ", ".join(f'"{field.column}"' for field in returned_fields) or "1"
    begin = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES '  # noqa: S608  # the model's own names
    return begin, f"({', '.join(placeholders)})", f" RETURNING {returning}"
