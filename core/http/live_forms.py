"""Forms in URLs, whose results htmx updates while the user types."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render


def render_live_form(
    request: HttpRequest, template: str, context: dict[str, Any], form: Form, query: str
) -> HttpResponse:
    """Return the page of a form. For htmx, `query` replaces the query string of the address bar.

    It is replaced rather than pushed, so that "Back" leaves the form instead of undoing each number typed into it. If
    the form has errors, the status is 400. For htmx, it is 200, because htmx would otherwise keep the previous result.
    """
    is_refused = form.errors and "HX-Request" not in request.headers
    response = render(request, template, context, status=400 if is_refused else 200)
    response["HX-Replace-Url"] = f"{request.path}?{query}"
    return response


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
