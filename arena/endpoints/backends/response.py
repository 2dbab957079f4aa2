"""Decodes the bytes of a response into the parts of an answer. It does no I/O."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson

from arena.endpoints.backends import provider_errors, sse
from arena.endpoints.backends.deadlines import (
    MAX_BODY_BYTES,
    MAX_BYTES_BEFORE_TEXT,
    MAX_BYTES_PER_TEXT_BYTE,
    MAX_DOCUMENT_BYTES,
    MAX_TEXT_BYTES,
    TextBudget,
)
from arena.endpoints.backends.protocol import (
    Action,
    BackendError,
    Delta,
    EventReader,
    Reasoning,
    StreamPart,
    TextPart,
    Truncation,
    Usage,
)
from arena.endpoints.backends.text_cleaning import TextCleaner

MAX_TOKEN_COUNT = 2**31 - 1
DONE_MARKER = b"[DONE]"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class AnswerDecoder:
    """Decodes one response, which is an event stream or a JSON document.

    If `feed` or `end` raises BackendError or ValueError, it first yields all complete parts. The error's action assumes
    that the answer has not begun.

    max_bytes: maximum bytes of reasoning and answer together
    max_answer_bytes: maximum bytes of the answer alone
    """

    def __init__(
        self, reader: EventReader, max_bytes: int = MAX_TEXT_BYTES, max_answer_bytes: int = MAX_TEXT_BYTES
    ) -> None:
        self._reader = reader
        self._parser = sse.EventStreamParser()
        self._total_budget = TextBudget(max_bytes)
        self._answer_budget = TextBudget(max_answer_bytes)
        self._received_bytes = 0
        self._document: list[bytes] | None = None
        self._answer_cleaner = TextCleaner()
        self._reasoning_cleaner = TextCleaner()
        self._ignores_rest = False
        self.is_complete = False

    @property
    def has_begun(self) -> bool:
        return self._answer_cleaner.has_begun

    @property
    def is_truncated(self) -> bool:
        """True if the answer has reached Arena's length limit. The caller then closes the connection."""
        return self._total_budget.is_spent or self._answer_budget.is_spent

    def feed(self, chunk: bytes) -> Iterator[TextPart]:
        """Yield the parts that this chunk completes. Consecutive pieces of one kind are one part."""
        parts: list[TextPart] = []
        try:
            self._read_chunk(chunk, parts)
        finally:
            yield from _join_text(parts)

    def end(self) -> Iterator[StreamPart]:
        """Yield the last parts. Raises BackendError if the answer is incomplete or empty."""
        parts: list[TextPart] = []
        try:
            self._read_rest(parts)
        finally:
            yield from parts
        if not self.is_complete:
            raise BackendError(Action.RETRY, "unavailable", "the stream ended before the answer did")
        if not self.has_begun:
            raise BackendError(Action.REPLACE, "empty", "the answer is empty")
        if self._reader.is_truncated or self.is_truncated:
            yield Truncation()
        counts = self._reader.usage or ()
        if len(counts) in (2, 3) and all(type(count) is int and 0 <= count <= MAX_TOKEN_COUNT for count in counts):
            yield Usage(*counts)

    # The methods below append to a list of parts, which takes less time per token than nested generators.

    def _read_chunk(self, chunk: bytes, parts: list[TextPart]) -> None:
        if self._ignores_rest:
            return
        if not self._received_bytes:
            # A JSON document or an HTML page is detected by its first byte, because content types are often wrong.
            chunk = chunk.removeprefix(BYTE_ORDER_MARK)
            first_byte = chunk.lstrip()[:1]
            if first_byte == b"<":
                raise malformed_error(f"an HTML page: {chunk[:200]!r}")
            self._document = [] if first_byte in (b"{", b"[") else None
        self._received_bytes += len(chunk)
        if self._document is None:
            allowed = MAX_BYTES_BEFORE_TEXT + MAX_BYTES_PER_TEXT_BYTE * self._total_budget.taken
            self._check_size(min(MAX_BODY_BYTES, allowed))
            self._read_events(self._parser.feed(chunk), parts)
        else:
            self._check_size(MAX_DOCUMENT_BYTES)
            self._document.append(chunk)

    def _check_size(self, max_bytes: int) -> None:
        if self._received_bytes > max_bytes:
            raise malformed_error(f"received more than {max_bytes} bytes for {self._total_budget.taken} bytes of text")

    def _read_rest(self, parts: list[TextPart]) -> None:
        if self._document is not None:
            document = parse_json(b"".join(self._document))
            for event in document if isinstance(document, list) else [document]:
                self._read_event(event, parts)
            self.is_complete = True
        elif not self._ignores_rest:
            self._read_events(self._parser.end(), parts)
        for piece in self._reader.end():
            self._clean(piece, parts)
        self._append_text(Reasoning(""), self._reasoning_cleaner.end(), parts)
        self._append_text(Delta(""), self._answer_cleaner.end(), parts)

    def _read_events(self, events: list[bytes], parts: list[TextPart]) -> None:
        for data in events:
            if data == DONE_MARKER:
                self._finish()
            if self._ignores_rest:
                return
            self._read_event(parse_json(data), parts)

    def _read_event(self, event: Any, parts: list[TextPart]) -> None:
        if type(event) is not dict:
            raise malformed_error(f"an event is not a JSON object: {event!r:.200}")
        if event.get("error") or event.get("object") == "error":
            raise provider_errors.build_event_error(event.get("error") or event, json.dumps(event, ensure_ascii=False))
        try:
            for piece in self._reader.read(event):
                self._clean(piece, parts)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise malformed_error(f"an event has an unexpected format ({error!r}): {event!r:.200}") from None
        self.is_complete = self.is_complete or self._reader.is_complete

    def _clean(self, piece: TextPart, parts: list[TextPart]) -> None:
        cleaner = self._answer_cleaner if type(piece) is Delta else self._reasoning_cleaner
        self._append_text(piece, cleaner.feed(piece.text), parts)

    def _append_text(self, piece: TextPart, text: str, parts: list[TextPart]) -> None:
        """Append the text that fits in the budgets. `piece` determines its kind, and is reused if possible."""
        text = self._total_budget.take(text)
        if type(piece) is Delta:
            text = self._answer_budget.take(text)
        if self.is_truncated:
            self._finish()
        if text:
            parts.append(piece if text == piece.text else type(piece)(text))

    def _finish(self) -> None:
        self.is_complete = True
        self._ignores_rest = True


def _join_text(parts: list[TextPart]) -> Iterable[TextPart]:
    """Join consecutive pieces of text, because each part takes CPU time on its way to the reader."""
    if len(parts) < 2:
        return parts
    return [kind("".join(map(attrgetter("text"), group))) for kind, group in groupby(parts, type)]


def parse_json(data: bytes) -> Any:
    """Parse JSON, even with invalid UTF-8 or lone surrogates, which the text cleaner handles later."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(data.decode(errors="replace"))
        except (ValueError, RecursionError):
            raise malformed_error(f"invalid JSON ({error}): {data[:200]!r}") from None


def malformed_error(detail: str) -> BackendError:
    return BackendError(Action.REPLACE, "unavailable", f"malformed response: {detail}")
