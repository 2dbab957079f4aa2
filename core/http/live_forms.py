"""Forms that store their values in the URL. htmx updates the results while the user types."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def render_live_form(
    request: HttpRequest, template: str, context: dict[str, Any], form: Form, query: str
) -> HttpResponse:
    """Return the page with the form. For htmx, `query` replaces the query string in the address bar.

    No history entry is added, so that "Back" leaves the form instead of undoing one number at a time. If the form has
    errors, the status is 400. For htmx, it is still 200, because htmx ignores responses with status 400.
    """
    is_rejected = form.errors and "HX-Request" not in request.headers
    response = render(request, template, context, status=400 if is_rejected else 200)
    response["HX-Replace-Url"] = f"{request.path}?{query}"
    return response


def shorten_query(query: QueryDict, multiple: Collection[str] = ()) -> str:
    """Return the query string without empty values, and with only the last value of each single-value field.

    The last value is the right one because a preset button comes after the input with the same name.

    multiple: the names of the fields that can have several values.
    """
    parameters = []
    for name, values in query.lists():
        used_values = values if name in multiple else values[-1:]
        parameters += [(name, value) for value in used_values if value]
    return urlencode(parameters)
