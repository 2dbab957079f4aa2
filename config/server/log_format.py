"""A log format that limits the length of each record."""

import logging
from copy import copy
from typing import Any

MAX_REQUEST_LENGTH = 200  # characters; Django logs full paths, which can have 60,000
MAX_MESSAGE_LENGTH = 2_000
MAX_TRACEBACK_LENGTH = 8_000


class LineFormatter(logging.Formatter):
    """Formats a record as one line, followed by the end of its traceback.

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
        record.message = record.message[:max_length]
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging requires this name
        return super().formatException(ei)[-MAX_TRACEBACK_LENGTH:]
