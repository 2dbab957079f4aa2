"""URLs of boards, for pages and API calls."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from ratings.boards.snapshots import BoardKey

ParameterValue = str | datetime | list[str] | None


def build_board_parameters(board_key: BoardKey) -> dict[str, str]:
    """Return the query parameters for this board, excluding default values."""
    defaults = asdict(BoardKey())
    return {name: format_parameter(value) for name, value in asdict(board_key).items() if value != defaults[name]}


def build_board_url(name: str, board_key: BoardKey, **extra_parameters: ParameterValue) -> str:
    """Return the URL of a view for this board.

    name: the view's URL name.
    extra_parameters: additional query parameters. None values are omitted.
    """
    parameters: dict[str, str | list[str]] = {**build_board_parameters(board_key)}
    for parameter, value in extra_parameters.items():
        if value is not None:
            parameters[parameter] = value if isinstance(value, list) else format_parameter(value)
    return reverse(name) + build_query_string(parameters)


def build_query_string(parameters: Mapping[str, str | list[str]] | list[tuple[str, str]]) -> str:
    """Return the query string with a leading `?`, or "" if there are no parameters."""
    query = urlencode(parameters, doseq=True)
    return f"?{query}" if query else ""


def build_short_url_redirect(request: HttpRequest, build_query: Callable[[], str]) -> HttpResponseRedirect | None:
    """Return a redirect that removes empty form fields from the URL.

    Return None if there are no empty fields, or if htmx sent the request.

    build_query: a function that returns the short query string. It is slow compared with a cached page, so it is
        called only for a redirect.
    """
    values = [value for _, field_values in request.GET.lists() for value in field_values]
    if all(values) or request.headers.get("HX-Request"):
        return None
    return HttpResponseRedirect(request.path + build_query())


def format_parameter(value: object) -> str:
    """Return the value as text for a query string. Times are in ISO 8601, and booleans are lowercase."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
