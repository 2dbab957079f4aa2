"""Request errors and their messages."""

import json

import pytest
from django.http import Http404
from django.test import Client
from rest_framework import exceptions

from core.http.api_errors import handle_exception
from core.http.errors import RequestError, field_error
from tests.arena import factories
from tests.service_urls import below

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (RequestError("not_ready", "Wait.", 409), 409, {"code": "not_ready", "detail": "Wait."}),
        (
            RequestError("voted", "No.", 409, vote={"winner": "a"}),
            409,
            {"code": "voted", "detail": "No.", "vote": {"winner": "a"}},
        ),
        (field_error("prompt", "Ask."), 400, {"code": "invalid", "detail": "Ask.", "fields": {"prompt": ["Ask."]}}),
        (Http404("Secret"), 404, {"code": "not_found", "detail": "This does not exist or belongs to someone else."}),
        (exceptions.NotAuthenticated("Who?"), 401, {"code": "not_authenticated", "detail": "Who?"}),
        (
            exceptions.ValidationError({"name": ["Too long."]}),
            400,
            {"code": "invalid", "detail": "name: Too long.", "fields": {"name": ["Too long."]}},
        ),
        (
            exceptions.ValidationError({"a": ["No.", "Never."], "b": ["Too long."]}),
            400,
            {
                "code": "invalid",
                "detail": "a: No. a: Never. b: Too long.",
                "fields": {"a": ["No.", "Never."], "b": ["Too long."]},
            },
        ),
        (
            exceptions.ValidationError(["x"]),
            400,
            {"code": "invalid", "detail": "Invalid request."},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_as_response_gives_every_error_the_same_shape(error, status, body):
    response = handle_exception(error, {})

    assert (response.status_code, response.data) == (status, {"error": body})


def test_as_response_says_when_to_come_back():
    response = handle_exception(RequestError("busy", "Later.", 503, retry_after=10), {})

    assert response.headers["Retry-After"] == "10"
    assert response.data == {"error": {"code": "busy", "detail": "Later."}}


def test_as_response_leaves_our_own_mistakes_to_those_who_log_them():
    assert handle_exception(KeyError("x"), {}) is None


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"prompt": "x"',
        b"{'prompt': 'x'}",
        b'{"prompt": NaN}',
        b'{"prompt": "\xff"}',
        b"[" * 100_000,
        b'{"prompt": ' + b"[" * 100_000,
        b'{"prompt": ' + b"9" * 5_000 + b"}",
        b"\x00",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_json_is_said_to_be_none(client, body):
    answer = client.post(CALL, body, content_type="application/json")

    assert answer.status_code == 400
    detail = answer.json()["error"]["detail"]
    assert detail == ("Write a question first." if not body else "The body is not valid JSON.")


@pytest.mark.parametrize(
    "charset", ["klingon", "base64", "hex", "zip", "bz2", "rot13", "undefined", "uu", "utf-16", "idna", "\u00e9", ""]
)
def test_a_body_in_any_encoding_is_never_a_fault_of_ours(client, charset):
    answer = client.generic("POST", CALL, b'{"prompt": ""}', content_type=f"application/json; charset={charset}")

    assert answer.status_code == 400
    assert answer.json()["error"]["detail"] in ("The body is not valid JSON.", "Write a question first.")


@pytest.mark.parametrize("body", [[], ["prompt"], "prompt", 7, None, True])
def test_a_body_that_is_no_object_is_refused(client, body):
    answer = client.post(CALL, json.dumps(body), content_type="application/json")

    assert answer.status_code == 400
    assert answer.json() == {"error": {"code": "invalid", "detail": "The body must be a JSON object."}}


def test_a_body_larger_than_allowed_is_refused(client, settings):
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    answer = client.post(CALL, {"prompt": "x", "more": "y" * most}, content_type="application/json")

    assert answer.status_code == 413
    assert answer.json() == {"error": {"code": "too_large", "detail": f"The body is larger than {most // 1000:,} kB."}}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("post", "/api/", 404, "not_found"),
        ("post", "/api/v1/", 405, "method_not_allowed"),
        ("get", "/api/v2/battles/", 404, "not_found"),
        ("get", "/api/v1/nothing/", 404, "not_found"),
        ("get", "/api/v1/battles/7/", 404, "not_found"),
        ("get", "/api/v1/battles/%00/", 404, "not_found"),
        ("get", "/api/v1/models/nobody/", 404, "not_found"),
        ("get", "/api/v1/models/%00/", 404, "not_found"),
        ("get", "/api/v1/models/%ff%fe/", 404, "not_found"),
        ("put", CALL, 405, "method_not_allowed"),
        ("delete", CALL, 405, "method_not_allowed"),
        ("patch", "/api/v1/models/", 405, "method_not_allowed"),
        ("post", CALL, 415, "unsupported_media_type"),
    ],
)
def test_errors_of_the_api_are_json_whatever_is_asked(client, method, path, status, code):
    answer = getattr(client, method)(path, **({"data": {"prompt": "x"}} if method == "post" else {}))

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")
    assert answer.json()["error"]["code"] == code
    assert isinstance(answer.json()["error"]["detail"], str)


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("/api/v1/nowhere/", "There is no such call. See /api/v1/ for a list of calls."),
        ("/api/v1/nowhere", "There is no such call. See /api/v1/ for a list of calls."),
        ("/api/v1/leaderboard", "There is no such call. Did you mean /api/v1/leaderboard/ with a slash at the end?"),
        ("/api/v1/battles/x", "There is no such call. See /api/v1/ for a list of calls."),
        ("/api/%00", "There is no such call. See /api/v1/ for a list of calls."),
    ],
)
def test_address_of_no_call_says_where_the_calls_are(client, address, detail):
    answer = client.get(address)
    assert (answer.status_code, answer.json()) == (404, {"error": {"code": "not_found", "detail": detail}})


@pytest.mark.parametrize("address", below("/api/"))
def test_whatever_is_sent_to_an_address_of_the_api_is_answered_in_json(address):
    """Requests have no cookie and no token. GET requests for pages return HTML."""
    for method in ("post", "put", "patch", "delete", "options", "head", "trace"):
        answer = getattr(Client(enforce_csrf_checks=True), method)(address)

        is_page = method == "head" and address in ("/api/docs/", "/api/")
        assert answer.status_code < 500
        assert is_page or answer.headers["Content-Type"].startswith(
            ("application/json", "application/x-ndjson", "text/event")
        )
        if answer.status_code >= 400 and method != "head":
            assert {"code", "detail"} <= set(answer.json()["error"])


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/csv", ""]
)
@pytest.mark.parametrize(
    "call", ["battles/", "battles/{}/turns/", "battles/{}/vote/", "battles/{}/share/", "submissions/"]
)
def test_body_of_another_type_is_refused_with_the_one_that_is_read(me, client, call, kind):
    battle = factories.battle(voter=me)
    parts = b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nWhy?\r\n--x--\r\n'

    answer = client.generic("POST", f"/api/v1/{call.format(battle.pk)}", parts, content_type=kind)

    assert answer.status_code == 415
    assert answer.json()["error"] == {
        "code": "unsupported_media_type",
        "detail": "The body must be JSON, with Content-Type: application/json.",
    }
