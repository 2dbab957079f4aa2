"""Lists all of the service's URLs from its URL configuration, so that tests cover new URLs automatically."""

import re
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RoutePattern

from config import urls

FILLED = {"uuid": str(UUID(int=7)), "str": "x", "slug": "x", "int": "7", "path": "7"}


def addresses(patterns: Iterable[URLPattern | URLResolver] = urls.urlpatterns, before: str = "/") -> Iterator[str]:
    """Yield the URLs with a nonexistent value for each parameter, except those with regular expressions."""
    for each in patterns:
        if not isinstance(each.pattern, RoutePattern):
            continue
        address = before + re.sub(r"<(?:(\w+):)?\w+>", lambda match: FILLED[match[1] or "str"], str(each.pattern))
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, address)
        else:
            yield address


def below(*starts: str) -> list[str]:
    return [address for address in addresses() if address.startswith(starts)]
