"""The database backend for the setting `ENGINE`. Django imports the module `base` of the package named there."""

import select
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, features, operations
from psycopg import Connection
from psycopg_pool import ConnectionPool

# PostgreSQL's protocol stores the number of a statement's parameters in 16 bits. Django has no such limit, because by
# default it writes the values into the statement. Arena sends them as parameters, so that statements can be prepared.
MAX_PARAMETERS = 2**16 - 1


class DatabaseFeatures(features.DatabaseFeatures):
    max_query_params = MAX_PARAMETERS


class DatabaseOperations(operations.DatabaseOperations):
    def bulk_batch_size(self, fields: Sequence[Any], objs: Sequence[Any]) -> int:
        """Return the maximum number of objects in one statement, with one parameter per field of each object."""
        return MAX_PARAMETERS // max(1, len(fields))


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    @property
    def pool(self) -> ConnectionPool | None:
        """The pool of this alias. It is created like Django's, but its check does not wait for PostgreSQL.

        This uses private attributes of Django. Check them when Django is updated.
        """
        pools: dict[str, ConnectionPool] = self._connection_pools  # type: ignore[attr-defined]  # not in the stubs
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in (*pools, NO_DB_ALIAS):
            new_pool = ConnectionPool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,  # type: ignore[attr-defined]  # not in the stubs
                check=check_connection,
                **options,
            )
            pools.setdefault(self.alias, new_pool)  # another thread may have been faster
        pool: ConnectionPool | None = super().pool
        return pool


def check_connection(connection: Connection) -> None:
    """Raise OperationalError if PostgreSQL has closed an unused connection.

    Asking PostgreSQL would take longer than most statements. The socket of a connection that it has closed is readable,
    so a poll shows whether a real check is needed.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)
