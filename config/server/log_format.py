"""A log format in which no text can imitate a record, and filters for what any client can cause in the log."""

import logging
import re
from copy import copy
from typing import Any

MAX_REQUEST_LENGTH = 200  # characters; Django logs full paths, which can have 60,000
MAX_MESSAGE_LENGTH = 2_000
MAX_TRACEBACK_LENGTH = 8_000
# Line breaks and the codes that move a terminal's cursor, which a provider's or a client's text could contain.
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# The module in which uvicorn warns of requests that it refuses or does not upgrade. Anyone can send any number of them.
# `config.server.uvicorn_protocol` imports the same module, so it cannot get another name unnoticed.
REQUEST_MODULE = "httptools_impl"


def is_about_server(record: logging.LogRecord) -> bool:
    """Return False for uvicorn's warnings about single requests."""
    return record.module != REQUEST_MODULE or record.levelno >= logging.ERROR


def is_unexpected(record: logging.LogRecord) -> bool:
    """Return False for Django's record of a readiness probe that was told to come back later."""
    request = getattr(record, "request", None)
    return not (request and request.path == "/readyz" and getattr(record, "status_code", None) == 503)


class LineFormatter(logging.Formatter):
    """Formats a record as one line, followed by the end of its traceback, whose lines are indented.

    Control characters are escaped.

    Requests that Django rejects as suspicious are logged without a traceback, because anyone can send any number of
    them.
    """

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith("django.security."):
            record = copy(record)
            record.exc_info = None
            record.exc_text = None
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging requires this name
        max_length = MAX_REQUEST_LENGTH if record.name.startswith("django.") else MAX_MESSAGE_LENGTH
        record.message = _escape_control_characters(record.message[:max_length])
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging requires this name
        lines = super().formatException(ei)[-MAX_TRACEBACK_LENGTH:].split("\n")
        return "\n".join(f"  {_escape_control_characters(line)}" for line in lines)


def _escape_control_characters(text: str) -> str:
    return CONTROL_CHARACTER.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
