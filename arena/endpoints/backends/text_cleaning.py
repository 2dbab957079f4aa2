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
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._closing_tag = ""
        self._is_answer = False

    def feed(self, piece: str) -> list[TextPart]:
        """Return the parts that this piece completes. `TextCleaner` drops the whitespace before the answer."""
        if self._is_answer:
            return [Delta(piece)] if piece else []
        self._buffer += piece
        if not self._closing_tag:
            self._read_opening()
        if self._closing_tag:
            return self._read_reasoning()
        return self.end() if self._is_answer else []

    def end(self) -> list[TextPart]:
        """Return the text that is still buffered. It is reasoning if the closing tag is missing."""
        rest = self._buffer
        self._buffer = ""
        if not rest:
            return []
        return [Reasoning(rest) if self._closing_tag else Delta(rest)]

    def _read_opening(self) -> None:
        start = self._buffer.lstrip()
        for tag, closing_tag in THINKING_TAGS.items():
            if start.startswith(tag):
                self._buffer = start[len(tag) :]
                self._closing_tag = closing_tag
        may_open = len(self._buffer) < MAX_OPENING_LENGTH and any(tag.startswith(start) for tag in THINKING_TAGS)
        self._is_answer = not self._closing_tag and not may_open

    def _read_reasoning(self) -> list[TextPart]:
        reasoning, tag, rest = self._buffer.partition(self._closing_tag)
        parts: list[TextPart] = []
        if tag:
            self._closing_tag = ""
            self._is_answer = True
        else:  # the end of the buffer could be the start of the closing tag
            lengths = range(1, len(self._closing_tag))
            partial_tag = max((size for size in lengths if reasoning.endswith(self._closing_tag[:size])), default=0)
            rest = reasoning[len(reasoning) - partial_tag :]
            reasoning = reasoning.removesuffix(rest)
        self._buffer = rest
        if reasoning:
            parts.append(Reasoning(reasoning))
        return parts + self.end() if tag else parts
