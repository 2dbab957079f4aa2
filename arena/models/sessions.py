"""Sessions in the database that know their account, so that deleting an account need not decode those of others."""

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from arena.models import Session


class SessionStore(DatabaseStore):
    """Django's own, with the account of each session in a column."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made = cast("Session", super().create_model_instance(data))
        made.user_id = data.get(SESSION_KEY)
        return made
