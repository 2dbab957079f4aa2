"""Log records are short lines, whatever a request contains."""

import logging
import sys

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousOperation

from config.server.log_format import MAX_MESSAGE_LENGTH, MAX_REQUEST_LENGTH, MAX_TRACEBACK_LENGTH, LineFormatter

LONG = "a" * 60_000


def line(name, message, *arguments, error=None):
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, exc_info)
    return LineFormatter("%(name)s %(message)s").format(record)


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("django.request", MAX_REQUEST_LENGTH),
        ("django.security.csrf", MAX_REQUEST_LENGTH),
        ("arena.answers.stream_hub", MAX_MESSAGE_LENGTH),
    ],
)
def test_message_is_cut(name, longest):
    assert line(name, "Not Found: %s", LONG) == f"{name} Not Found: {'a' * (longest - len('Not Found: '))}"


def failure(depth=0):
    try:
        if depth:
            raise ValueError(LONG)
        sys.getrecursionlimit().missing  # noqa: B018  # which fails
    except Exception as error:
        return error


def test_traceback_keeps_its_end():
    written = line("arena", "It failed", error=failure())

    assert written.startswith("arena It failed\n  Traceback")
    assert written.endswith("AttributeError: 'int' object has no attribute 'missing'")


def test_traceback_of_an_error_with_a_long_text_is_cut():
    written = line("arena", "It failed", error=failure(depth=1))

    assert len(written) == len("arena It failed\n  ") + MAX_TRACEBACK_LENGTH


FORGED = "oops\n2026-12-02 10:00:00,000 1 CRITICAL django.security forged\r\x1b[31m\x9b2J\u2028\x85"


def test_text_of_a_provider_forges_no_line_and_no_color():
    written = line("arena", "A call failed: %s", FORGED)
    assert written == (
        r"arena A call failed: oops\n2026-12-02 10:00:00,000 1 CRITICAL django.security forged"
        r"\r\x1b[31m\x9b2J\u2028\x85"
    )


def test_error_message_in_a_traceback_looks_like_no_record():
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        first, *rest = line("arena", "It failed", error=error).split("\n")
    assert first == "arena It failed"
    assert all(part.startswith("  ") for part in rest)
    assert len("\n".join(rest).splitlines()) == len(rest)


def test_suspicious_request_is_one_line():
    error = SuspiciousOperation("Too many fields")

    assert line("django.security.TooManyFieldsSent", str(error), error=error) == (
        "django.security.TooManyFieldsSent Too many fields"
    )


def test_every_record_of_ours_is_written_so():
    assert {handler.get("formatter", "line") for handler in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == f"{LineFormatter.__module__}.{LineFormatter.__name__}"
