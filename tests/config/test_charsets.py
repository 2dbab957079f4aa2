"""Forms come in UTF-8, whatever a request says."""

from io import BytesIO

import pytest
from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIRequest

from config.charsets import middleware


def asked(charset, kind="text/html", method="GET"):
    headers = [(b"content-type", f"{kind}; charset={charset}".encode("latin-1"))]
    scope = {"type": "http", "method": method, "path": "/", "query_string": b"q=%C3%A9", "headers": headers}
    return ASGIRequest(scope, BytesIO())


@pytest.mark.parametrize("charset", ["hex", "undefined", "idna", "utf-16", "iso-8859-1", "klingon", "\u00e9", ""])
def test_address_is_read_as_utf_8_whatever_the_charset(charset):
    """Django does that for the web process; if it no longer did, it would be a 500 for some."""
    assert asked(charset).GET["q"] == "é"


@pytest.mark.parametrize(
    ("kind", "method", "charset", "refused"),
    [
        ("application/x-www-form-urlencoded", "POST", "iso-8859-1", True),
        ("multipart/form-data", "POST", "hex", True),
        ("multipart/form-data", "POST", "UTF-8", False),
        ("application/x-www-form-urlencoded", "GET", "iso-8859-1", False),
        ("application/json", "POST", "hex", False),
    ],
)
def test_form_of_another_charset_is_refused(kind, method, charset, refused):
    request = asked(charset, kind, method)

    if refused:
        with pytest.raises(BadRequest):
            middleware(lambda request: "answer")(request)
    else:
        assert middleware(lambda request: "answer")(request) == "answer"
