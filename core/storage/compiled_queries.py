"""Queries that Django builds and compiles only once.

When one battle is loaded, building and compiling the query takes longer than running it.
"""

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
    """Marks the position of an argument in the compiled query. `index` is the argument's index, counting from 0."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        return "%s", (self,)


class CompiledQuery(Generic[Instance]):
    """A query for model instances. It is compiled when it first runs. Safe to share between threads.

    build: a function that returns the queryset. It is called once, with a `Placeholder` for each argument, and can use
        its arguments only as values in filters. The query must not depend on the time or on settings.
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
        """Run the query and return the instances.

        arguments: one for each argument of `build`, in the same order. Django does not convert them, so they must have
            the types of the columns.
        """
        compiler, sql, parameters = self._compiled
        values = tuple(
            arguments[parameter.index] if isinstance(parameter, Placeholder) else parameter for parameter in parameters
        )
        # The copy shares the selected columns, but it has its own values and uses this thread's connection.
        bound = copy.copy(compiler)
        bound.connection = connections[connection.alias]
        bound.as_sql = lambda *_, **__: (sql, values)  # type: ignore[method-assign]  # changes only the copy
        # These are the only attributes that `ModelIterable` reads from a queryset. Check them when Django is updated.
        query = SimpleNamespace(get_compiler=lambda using: bound)
        source: Any = SimpleNamespace(db=connection.alias, query=query, _known_related_objects={})
        return list(ModelIterable(source))
