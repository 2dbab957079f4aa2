"""Queries that Django builds and compiles only once. For one battle, this takes longer than running the query."""

import copy
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connection, connections
from django.db.models import Expression, Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

Instance = TypeVar("Instance", bound=Model)


class Placeholder(Expression):
    """Takes the place of the argument with this number while the query is compiled."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        return "%s", (self,)


class CompiledQuery(Generic[Instance]):
    """A query for model instances that is compiled when it first runs. Threads may share it.

    build: returns the query set. It is called once, with a placeholder for each argument, and may pass them only to
        filters.
    """

    def __init__(self, build: Callable[..., QuerySet[Instance]]) -> None:
        self._build = build

    @cached_property
    def _compiled(self) -> tuple[SQLCompiler, str, tuple[Any, ...]]:
        placeholders = map(Placeholder, range(self._build.__code__.co_argcount))
        compiler = self._build(*placeholders).query.get_compiler(connection.alias)
        sql, parameters = compiler.as_sql()
        return compiler, sql, tuple(parameters)

    def load(self, *arguments: Any) -> list[Instance]:
        """Return the instances for these arguments, which must have the types of the columns."""
        compiler, sql, parameters = self._compiled
        values = tuple(
            arguments[parameter.number] if isinstance(parameter, Placeholder) else parameter for parameter in parameters
        )
        # The copy has the selected columns, and it runs on the connection of this thread.
        bound = copy.copy(compiler)
        bound.connection = connections[connection.alias]
        bound.as_sql = lambda *_, **__: (sql, values)  # type: ignore[method-assign]  # only this copy
        query = SimpleNamespace(get_compiler=lambda using: bound)
        source: Any = SimpleNamespace(db=connection.alias, query=query, _known_related_objects={})
        return list(ModelIterable(source))
