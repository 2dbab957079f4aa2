"""Requests that cannot be read get an error page with the content security policy."""

from io import BytesIO
from itertools import product
from uuid import UUID

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from config import urls
from core.http import error_pages

pytestmark = pytest.mark.django_db
PLAIN, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nWhy\xe9?\r\n--x--\r\n'
FORMS = {
    "latin": (f"{PLAIN}; charset=iso-8859-1", b"prompt=x"),
    "utf-7": (f"{PLAIN}; charset=utf-7", b"prompt=x"),
    "no charset of texts": (f"{PLAIN}; charset=hex", b"prompt=x"),
    "too many fields": (PLAIN, b"a=1&" * 1_001),
    "no boundary": ("multipart/form-data", PART),
    "parts, no charset of texts": (f"{PARTS}; charset=hex", PART),
    "parts, undefined": (f"{PARTS}; charset=undefined", PART),
    "parts, idna": (f"{PARTS}; charset=idna", PART),
}
ADDRESSES = (
    "/", "/appearance/", "/accounts/login/", "/accounts/signup/", "/battles/delete/", "/benchmarks/submit/",
    f"/battles/{UUID(int=7)}/vote/", "/admin/login/",
)  # fmt: skip


@pytest.fixture
def stranger():
    """A client that has both cookies and sends the token."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.get("/")
    client.defaults["HTTP_X_CSRFTOKEN"] = client.cookies["csrftoken"].value
    return client


def is_page(answer, words):
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    html = answer.content.decode()
    assert html.lstrip().lower().startswith("<!doctype html>")
    assert words in html


@pytest.mark.parametrize(
    ("address", "form"),
    [*product(ADDRESSES[:1], FORMS), *product(ADDRESSES[1:], ("latin", "too many fields", "parts, undefined"))],
)
def test_form_that_cannot_be_read_is_said_to_be_so(stranger, address, form):
    kind, body = FORMS[form]

    answer = stranger.generic("POST", address, body, content_type=kind)

    assert answer.status_code == 400
    is_page(answer, "couldn't read that request")


@pytest.mark.parametrize("form", FORMS)
def test_form_that_cannot_be_read_at_an_address_that_is_none(stranger, form):
    kind, body = FORMS[form]

    answer = stranger.generic("POST", "/nothing/", body, content_type=kind)

    assert answer.status_code == 404  # the form is not read
    is_page(answer, "<h1>Page not found</h1>")


def build_request(charset):
    headers = [(b"content-type", f"text/html; charset={charset}".encode("latin-1"))]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"q=%C3%A9", "headers": headers}
    return ASGIRequest(scope, BytesIO())


@pytest.mark.parametrize("charset", ["hex", "undefined", "idna", "utf-16", "iso-8859-1", "klingon", "\u00e9", ""])
def test_address_is_read_as_utf_8_whatever_the_charset(charset):
    """Django ensures this. Otherwise, some requests would cause a 500."""
    assert build_request(charset).GET["q"] == "é"


@pytest.mark.parametrize(
    ("kind", "method", "charset", "refused"),
    [
        (PLAIN, "POST", "iso-8859-1", True),
        (PARTS, "POST", "hex", True),
        (PARTS, "POST", "UTF-8", False),
        (PLAIN, "GET", "iso-8859-1", False),
        ("application/json", "POST", "hex", False),
    ],
)
@pytest.mark.django_db(transaction=True)
async def test_form_of_another_charset_is_refused(kind, method, charset, refused):
    """Uses the asynchronous handler of the web process."""
    client = AsyncClient(enforce_csrf_checks=True)
    await client.get("/api/docs/")  # a page without queries
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}

    said = f"{kind}; charset={charset}"
    answer = await client.generic(method, "/appearance/", PART, content_type=said, headers=token)

    assert (answer.status_code == 400) is refused
    if refused:
        is_page(answer, "couldn't read that request")


def test_foreign_host_is_told_in_a_page(client):
    answer = client.get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    is_page(answer, "couldn't read that request")


def broken(request):
    raise ZeroDivisionError


class Urls:
    handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
    urlpatterns = [path("broken/", broken), *urls.urlpatterns]


@pytest.mark.parametrize("form", FORMS)
def test_page_of_our_own_mistakes_reads_nothing_of_the_request(rf, form):
    kind, body = FORMS[form]

    answer = error_pages.handle_server_error(rf.generic("POST", "/", body, content_type=kind))

    assert answer.status_code == 500
    assert "wrong on our side" in answer.content.decode()


def test_page_of_our_own_mistakes_carries_the_policy(stranger):
    with override_settings(ROOT_URLCONF=Urls):
        answer = stranger.post("/broken/")

    assert answer.status_code == 500
    is_page(answer, "wrong on our side")
