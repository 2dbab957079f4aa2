"""Cleans a model's text before it is shown, and separates reasoning from the answer."""

from arena.endpoints.backends.protocol import Delta, Reasoning, TextPart

# Tags around reasoning that some servers send as text at the beginning of the answer. DeepSeek R1, Qwen, Gemma, and
# Magistral use them.
THINKING_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "[THINK]": "[/THINK]",
}

MAX_OPENING_LENGTH = 100  # characters, including whitespace before the tag


def clean_text(text: str) -> str:
    """Return the text with NUL removed, surrogate pairs joined, and lone surrogates replaced.

    The result can be encoded in UTF-8 and JSON, and stored in PostgreSQL.
    """
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class TextCleaner:
    """Cleans text that arrives in pieces.

    A surrogate at the end of a piece is buffered until its other half arrives. Whitespace at the beginning of the text
    is dropped, because it could identify a model and because a blank text must not count as an answer.
    """

    def __init__(self) -> None:
        self._surrogate_half = ""
        self.has_begun = False

    def feed(self, piece: str) -> str:
        """Return the cleaned piece, excluding a surrogate that waits for its other half."""
        if self._surrogate_half:
            piece = self._surrogate_half + piece
            self._surrogate_half = ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            self._surrogate_half = piece[-1]
            piece = piece[:-1]
        piece = clean_text(piece)
        return piece if self.has_begun else self._begin(piece)

    def end(self) -> str:
        """Return a replacement character if a surrogate still waits for its other half, or else an empty string."""
        last = clean_text(self._surrogate_half)
        self._surrogate_half = ""
        return last if self.has_begun else self._begin(last)

    def _begin(self, piece: str) -> str:
        piece = piece.lstrip()
        self.has_begun = bool(piece)
        return piece


class ThoughtSplitter:
    """Separates a leading `<think>…</think>` from the answer, even if the tags are split across pieces.

    Backends need this class when a server sends reasoning as tagged text instead of in a separate field or part.

    `_read_next` is the method that handles the next piece.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._closing_tag = ""
        self._read_next = self._read_opening

    def feed(self, piece: str) -> list[TextPart]:
        """Return the parts that this piece completes."""
        return self._read_next(piece)

    def end(self) -> list[TextPart]:
        """Return the text that is still buffered. It is reasoning if the closing tag is missing."""
        rest = self._buffer
        self._buffer = ""
        if not rest:
            return []
        return [Reasoning(rest) if self._closing_tag else Delta(rest)]

    def _read_opening(self, piece: str) -> list[TextPart]:
        self._buffer += piece
        start = self._buffer.lstrip()
        for tag, closing_tag in THINKING_TAGS.items():
            if start.startswith(tag):
                self._buffer = ""
                self._closing_tag = closing_tag
                self._read_next = self._read_reasoning
                return self._read_reasoning(start[len(tag) :])
        if len(self._buffer) < MAX_OPENING_LENGTH and any(tag.startswith(start) for tag in THINKING_TAGS):
            return []
        self._read_next = self._read_answer
        return self._read_answer(self._take_from_buffer(len(self._buffer)))

    def _read_reasoning(self, piece: str) -> list[TextPart]:
        self._buffer += piece
        reasoning, tag, rest = self._buffer.partition(self._closing_tag)
        if not tag:
            reasoning = self._take_from_buffer(len(self._buffer) - self._measure_partial_tag())
            return _build_reasoning(reasoning)
        self._buffer = ""
        self._closing_tag = ""
        self._read_next = self._skip_whitespace
        return _build_reasoning(reasoning) + self._skip_whitespace(rest)

    def _skip_whitespace(self, piece: str) -> list[TextPart]:
        """Drop the whitespace between the reasoning and the answer."""
        piece = piece.lstrip()
        if not piece:
            return []
        self._read_next = self._read_answer
        return self._read_answer(piece)

    def _read_answer(self, piece: str) -> list[TextPart]:
        return [Delta(piece)] if piece else []

    def _take_from_buffer(self, size: int) -> str:
        piece = self._buffer[:size]
        self._buffer = self._buffer[size:]
        return piece

    def _measure_partial_tag(self) -> int:
        """Return how many characters at the end of the buffer could be the start of the closing tag."""
        longest = min(len(self._closing_tag) - 1, len(self._buffer))
        for length in range(longest, 0, -1):
            if self._buffer.endswith(self._closing_tag[:length]):
                return length
        return 0


def _build_reasoning(piece: str) -> list[TextPart]:
    return [Reasoning(piece)] if piece else []
