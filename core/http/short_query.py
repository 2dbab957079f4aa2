"""Short query strings for the URLs that htmx shows in the address bar."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.http import QueryDict


def shorten_query(query: QueryDict, multiple: Collection[str] = ()) -> str:
    """Return the query string without empty values, and with the last value of each field that has only one.

    A button with a preset comes after the input of the same name, so its value is the last one.

    multiple: the fields that can have several values.
    """
    parameters = []
    for name, values in query.lists():
        used = values if name in multiple else values[-1:]
        parameters += [(name, value) for value in used if value]
    return urlencode(parameters)
