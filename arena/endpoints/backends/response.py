"""One answer as it comes in: bytes in, parts out. No I/O."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from arena.endpoints.backends import provider_errors, sse
from arena.endpoints.backends.deadlines import MAX_BODY_BYTES, MAX_DOCUMENT_BYTES, MAX_TEXT_BYTES, TextBudget
from arena.endpoints.backends.protocol import (
    Action,
    BackendError,
    Delta,
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


class EventReader:
    """Understands the events of one answer in one wire format; each format has its own subclass."""

    complete = False  # the provider said that the answer is finished
    cut = False  # and that this was at a limit of length
    usage: tuple[Any, ...] | None = None  # Usage's counts as the provider gave them: input, output, maybe reasoning

    def read(self, event: dict[str, Any]) -> Iterable[TextPart]:
        """The pieces of one event. A KeyError, TypeError and the like mean that it is not of the format."""
        raise NotImplementedError

    def end(self) -> Iterable[TextPart]:
        """What was held back when the stream ended."""
        return ()


class AnswerDecoder:
    """The state of one stream. `feed` and `end` give what there is before they raise BackendError, whose action
    is the one for an answer that has not begun."""

    def __init__(self, reader: EventReader, budget: int = MAX_TEXT_BYTES, visible: int | None = None) -> None:
        self._reader = reader
        self._parser = sse.EventStreamParser()
        self._budget = TextBudget(budget)  # of thoughts and answer
        self._visible = TextBudget(visible) if visible else None  # of the answer alone
        self._received = 0
        self._document: list[bytes] | None = None
        self._text = TextCleaner()
        self._reasoning = TextCleaner()
        self.complete = False
        self.over = False  # nothing that still comes is read

    @property
    def begun(self) -> bool:
        return self._text.begun

    @property
    def cut(self) -> bool:
        """The answer reached its limit of length: it ends here, and the connection with it."""
        return self._budget.spent or bool(self._visible and self._visible.spent)

    def feed(self, chunk: bytes) -> Iterator[StreamPart]:
        if self.over:
            return
        if not self._received:
            chunk = chunk.removeprefix(BYTE_ORDER_MARK)
            self._look(chunk)
        self._received += len(chunk)
        if self._received > (MAX_BODY_BYTES if self._document is None else MAX_DOCUMENT_BYTES):
            raise malformed_error(f"more than {self._received - 1} bytes came")
        if self._document is None:
            yield from self._events(self._parse(chunk))
        else:
            self._document.append(chunk)

    def end(self) -> Iterator[StreamPart]:
        """The last parts. Raises BackendError when the answer is not complete, or empty."""
        if not self.over:
            yield from self._rest()
        yield from self._clean(self._reader.end())
        yield from self._say(Reasoning, self._reasoning.end())
        yield from self._say(Delta, self._text.end())
        if not self.complete:
            raise BackendError(Action.RETRY, "unavailable", "the stream ended before the answer did")
        if not self.begun:
            raise BackendError(Action.REPLACE, "empty", "the answer is empty")
        if self._reader.cut or self.cut:
            yield Truncation()
        yield from self._usage()

    def _look(self, chunk: bytes) -> None:
        """Tell events from a document by the first byte: content types are often wrong."""
        first = chunk.lstrip()[:1]
        if first == b"<":
            raise malformed_error(f"an HTML page: {chunk[:200]!r}")
        if first in (b"{", b"["):
            self._document = []

    def _parse(self, chunk: bytes) -> list[bytes]:
        try:
            return self._parser.feed(chunk)
        except ValueError as error:
            raise malformed_error(str(error)) from None

    def _rest(self) -> Iterator[StreamPart]:
        if self._document is None:
            yield from self._events(self._parser.end())
            return
        document = parse_json(b"".join(self._document))
        for event in document if isinstance(document, list) else [document]:
            yield from self._event(event)
        self.complete = True

    def _events(self, events: list[bytes]) -> Iterator[StreamPart]:
        for data in events:
            if data == DONE_MARKER:
                self.complete = self.over = True
            if self.over:
                return
            yield from self._event(parse_json(data))

    def _event(self, event: Any) -> Iterator[StreamPart]:
        if type(event) is not dict:
            raise malformed_error(f"an event is no object: {event!r:.200}")
        if event.get("error") or event.get("object") == "error":
            raise provider_errors.translate_event(event.get("error") or event, json.dumps(event, ensure_ascii=False))
        try:
            yield from self._clean(self._reader.read(event))
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise malformed_error(f"an event is not of the format ({error!r}): {event!r:.200}") from None
        self.complete = self.complete or self._reader.complete

    def _clean(self, pieces: Iterable[TextPart]) -> Iterator[StreamPart]:
        for piece in pieces:
            cleaner = self._text if type(piece) is Delta else self._reasoning
            yield from self._say(type(piece), cleaner.feed(piece.text))

    def _say(self, kind: type[TextPart], text: str) -> Iterator[StreamPart]:
        text = self._budget.take(text)
        if self._visible and kind is Delta:
            text = self._visible.take(text)
        if self.cut:
            self.complete = self.over = True
        if text:
            yield kind(text)

    def _usage(self) -> Iterator[Usage]:
        counts = self._reader.usage or ()
        valid = len(counts) in (2, 3) and all(type(count) is int and 0 <= count <= MAX_TOKEN_COUNT for count in counts)
        if valid:
            yield Usage(*counts)


def parse_json(data: bytes) -> Any:
    """JSON, read leniently: invalid UTF-8 and lone surrogates are left to the cleaning of the text."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(data.decode(errors="replace"))
        except (ValueError, RecursionError):
            raise malformed_error(f"no JSON ({error}): {data[:200]!r}") from None


def malformed_error(detail: str) -> BackendError:
    return BackendError(Action.REPLACE, "unavailable", f"not understood: {detail}")
