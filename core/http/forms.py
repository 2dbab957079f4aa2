"""Reading forms, and live forms: they store their values in the URL, and htmx updates the results while one types."""

from collections.abc import Collection
from typing import IO, Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.forms import BaseForm, Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.http.errors import RequestError


class Utf8UploadHandler(MemoryFileUploadHandler):
    """Rejects multipart forms that are not in UTF-8. Django already rejects such URL-encoded forms.

    The charset of a multipart form can name any Python codec, and Django tries even codecs that do not return text.
    """

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803  # Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if encoding and encoding.lower() != "utf-8":
            raise BadRequest("Forms must be encoded in UTF-8.")
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)


def clean_form(form: BaseForm) -> dict[str, Any]:
    """Return the cleaned data of a form. Raises RequestError (400) with all errors if the form is invalid."""
    if form.is_valid():
        return form.cleaned_data
    fields = {name: [str(message) for message in messages] for name, messages in form.errors.items()}
    detail = _("Some fields are invalid. Correct them and try again.")
    raise RequestError("invalid", detail, 400, fields=fields)


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
