"""Reads the API keys of endpoints from environment variables.

An endpoint names its variable, which must match ARENA_KEY_NAMES. Otherwise, people who can edit endpoints could send
the service's own secrets to their own server.
"""

import logging
import os

from django.conf import settings

from arena.models import IS_ENABLED, Contestant, Endpoint

NO_KEY_PREFIX = "no key: "
logger = logging.getLogger(__name__)


def is_allowed_key_name(name: str) -> bool:
    """Return whether ARENA_KEY_NAMES allows this variable name."""
    is_allowed: bool = settings.ENVIRONMENT.allows_key_name(name)
    return is_allowed


def format_allowed_names() -> str:
    """Return the patterns of ARENA_KEY_NAMES, separated by commas."""
    return ", ".join(settings.ENVIRONMENT.arena_key_names)


def read_key(endpoint: Endpoint) -> str:
    """Return the endpoint's key, or "" if the endpoint names no variable or the variable is unset or not allowed."""
    name = endpoint.api_key_env
    if not name:
        return ""
    if not is_allowed_key_name(name):
        logger.warning("Endpoint %s has no key: ARENA_KEY_NAMES does not allow the variable %s", endpoint.pk, name)
        return ""
    return os.environ.get(name, "")


def describe_missing_keys() -> list[str]:
    """Return a line for each enabled contestant whose key's variable is unset or not allowed in this process."""
    contestants = Contestant.objects.filter(IS_ENABLED).exclude(endpoint__api_key_env="").select_related("endpoint")
    return [
        f"{NO_KEY_PREFIX}{slug}, because the variable {endpoint.api_key_env} is not set or not allowed"
        for slug, endpoint in ((each.slug, each.endpoint) for each in contestants.order_by("pk"))
        if endpoint and not read_key(endpoint)
    ]
