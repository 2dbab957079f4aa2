"""Server-sent events, parsed incrementally over bytes.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
Only `data` matters to the formats spoken here. This is the hot path: whole chunks, no loop over bytes, and
linear time whatever the chunking (an unfinished line is kept in pieces until its end arrives).
"""

MAX_EVENT_BYTES = 1_000_000


class EventStreamParser:
    """Feed it chunks as they come; it returns the data of the events that they complete."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held = 0
        self._after_cr = False
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises ValueError when a line or an event grows beyond MAX_EVENT_BYTES."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._hold(chunk)
            return []
        if self._pieces:
            chunk = b"".join([*self._pieces, chunk])
            self._pieces.clear()
        lines = chunk.split(b"\n")
        self._held = 0
        self._hold(lines.pop())
        return self._events(lines)

    def end(self) -> list[bytes]:
        """The data of a last event that no empty line closed: some servers end that way."""
        return self.feed(b"\n\n")

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._held += len(piece)
            self._check(self._held)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                value = line[6:] if line.startswith(b" ", 5) else line[5:]
                self._data.append(value)
                self._data_bytes += len(value)
                self._check(self._data_bytes)
            elif not line and self._data:
                events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                self._data.clear()
                self._data_bytes = 0
        return events

    def _check(self, size: int) -> None:
        if size > MAX_EVENT_BYTES:
            raise ValueError(f"an event is longer than {MAX_EVENT_BYTES} bytes")
