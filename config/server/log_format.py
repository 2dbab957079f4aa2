"""The format of log records: short, whatever a request or an error brings along."""

import logging
from copy import copy
from typing import Any

MAX_REQUEST_LENGTH = 200  # characters; Django logs a path as it came, and a path may have 60,000
MAX_MESSAGE_LENGTH = 2_000
MAX_TRACEBACK_LENGTH = 8_000


class LineFormatter(logging.Formatter):
    """A record as one line, and under it the end of its traceback.

    What Django refuses as suspicious has no traceback: strangers send it, as often as they like.
    """

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith("django.security."):
            record = copy(record)
            record.exc_info = record.exc_text = None
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is logging's
        longest = MAX_REQUEST_LENGTH if record.name.startswith("django.") else MAX_MESSAGE_LENGTH
        record.message = record.message[:longest]
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name is logging's
        return super().formatException(ei)[-MAX_TRACEBACK_LENGTH:]
