"""The database backend of the setting `ENGINE`. Django looks for it in a module with this name."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base, features, operations

# The wire protocol counts the parameters of a statement in 16 bits. By default, Django writes the values into the text
# of the statement, so it has no limit for PostgreSQL; here PostgreSQL binds them, in order to prepare statements.
MAX_PARAMETERS = 2**16 - 1


class DatabaseFeatures(features.DatabaseFeatures):
    max_query_params = MAX_PARAMETERS


class DatabaseOperations(operations.DatabaseOperations):
    def bulk_batch_size(self, fields: Sequence[Any], objs: Sequence[Any]) -> int:
        """Return how many objects fit into one statement."""
        return MAX_PARAMETERS // max(1, len(fields))


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
