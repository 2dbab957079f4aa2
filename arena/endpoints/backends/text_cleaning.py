"""What a model's text goes through before anyone else sees it: cleaning, and thoughts set apart."""

from arena.endpoints.backends.protocol import Delta, Reasoning, TextPart

# Reasoning that a server passes through as text, always at the beginning of the answer: DeepSeek R1, Qwen and
# their kin; Gemma; Magistral.
THINKING_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "[THINK]": "[/THINK]",
}

MAX_OPENING_LENGTH = 100  # characters, blank ones before the tag among them


def clean_text(text: str) -> str:
    """Text that PostgreSQL, UTF-8 and JSON can hold: no NUL, surrogate pairs joined, lone halves replaced."""
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
    """Cleans one text that comes in pieces.

    A surrogate half at the end of a piece waits for its other half, and blank space at the very beginning
    waits for something visible, so that a blank answer never begins.
    """

    def __init__(self) -> None:
        self._half = ""
        self.begun = False

    def feed(self, piece: str) -> str:
        if self._half:
            piece, self._half = self._half + piece, ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        piece = clean_text(piece)
        return piece if self.begun else self._begin(piece)

    def end(self) -> str:
        rest, self._half = clean_text(self._half), ""
        return rest if self.begun else self._begin(rest)

    def _begin(self, piece: str) -> str:
        """Blanks before the first word are dropped: a model could be known by them."""
        piece = piece.lstrip()
        self.begun = bool(piece)
        return piece


class ThoughtSplitter:
    """Sets a leading `<think>…</think>` apart from the answer, also when a tag is split over pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._close = ""
        self._state = self._opening

    def feed(self, piece: str) -> list[TextPart]:
        return self._state(piece)

    def end(self) -> list[TextPart]:
        held, self._held = self._held, ""
        if not held:
            return []
        return [Reasoning(held) if self._close else Delta(held)]

    def _opening(self, piece: str) -> list[TextPart]:
        self._held += piece
        start = self._held.lstrip()
        for tag, close in THINKING_TAGS.items():
            if start.startswith(tag):
                self._held, self._close, self._state = "", close, self._thinking
                return self._thinking(start[len(tag) :])
        if len(self._held) < MAX_OPENING_LENGTH and any(tag.startswith(start) for tag in THINKING_TAGS):
            return []
        self._state = self._answering
        return self._answering(self._release(len(self._held)))

    def _thinking(self, piece: str) -> list[TextPart]:
        self._held += piece
        before, tag, after = self._held.partition(self._close)
        if not tag:
            return self._reasoning(self._release(len(self._held) - self._overlap()))
        self._held, self._close, self._state = "", "", self._breathing
        return self._reasoning(before) + self._breathing(after)

    def _breathing(self, piece: str) -> list[TextPart]:
        """The blank lines between thought and answer belong to neither."""
        piece = piece.lstrip()
        if not piece:
            return []
        self._state = self._answering
        return self._answering(piece)

    def _answering(self, piece: str) -> list[TextPart]:
        return [Delta(piece)] if piece else []

    def _reasoning(self, piece: str) -> list[TextPart]:
        return [Reasoning(piece)] if piece else []

    def _release(self, size: int) -> str:
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def _overlap(self) -> int:
        """How many characters at the end may be the beginning of the closing tag."""
        longest = min(len(self._close) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(self._close[:n])), 0)
