"""The database backend for the setting `ENGINE`. Django imports the module `base` of the package named there."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base, features, operations

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
