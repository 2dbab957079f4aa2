"""The API keys of endpoints.

An endpoint names an environment variable, and only one that ARENA_KEY_NAMES allows: people who may edit endpoints must
not be able to send the service's secrets to their own server.
"""

import logging
import os

from django.conf import settings

from arena.models import Endpoint

logger = logging.getLogger(__name__)


def is_allowed_key_name(name: str) -> bool:
    """Whether ARENA_KEY_NAMES allows a variable of this name."""
    is_allowed: bool = settings.ENVIRONMENT.allows_key_name(name)
    return is_allowed


def format_allowed_names() -> str:
    """The patterns of ARENA_KEY_NAMES, for a sentence."""
    return ", ".join(settings.ENVIRONMENT.arena_key_names)


def read_key(endpoint: Endpoint) -> str:
    """The key; empty if the endpoint names no variable, or one that is not set or not allowed."""
    name = endpoint.api_key_env
    if not name:
        return ""
    if not is_allowed_key_name(name):
        logger.warning("endpoint %s has no key: ARENA_KEY_NAMES does not allow the variable %s", endpoint.pk, name)
        return ""
    return os.environ.get(name, "")
