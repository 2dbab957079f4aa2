"""Server-sent events, parsed incrementally over bytes.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
The formats of our backends use only the `data` field. This is the hot path: it works on whole chunks without a loop
over bytes, in linear time for any chunking (an unfinished line is buffered in pieces until its end arrives).
"""

MAX_EVENT_BYTES = 1_000_000


class EventStreamParser:
    """The state of one event stream. `feed` takes its chunks in order and returns the events that they complete."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._piece_bytes = 0
        self._after_cr = False
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each complete event. Raises ValueError if a line or an event exceeds MAX_EVENT_BYTES."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._buffer(chunk)
            return []
        if self._pieces:
            chunk = b"".join([*self._pieces, chunk])
            self._pieces.clear()
        lines = chunk.split(b"\n")
        self._piece_bytes = 0
        self._buffer(lines.pop())
        return self._read_lines(lines)

    def end(self) -> list[bytes]:
        """The data of a last event that no empty line closes: some servers end this way."""
        return self.feed(b"\n\n")

    def _buffer(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._piece_bytes += len(piece)
            self._check_size(self._piece_bytes)

    def _read_lines(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                value = line[6:] if line.startswith(b" ", 5) else line[5:]
                self._data.append(value)
                self._data_bytes += len(value)
                self._check_size(self._data_bytes)
            elif not line and self._data:
                events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                self._data.clear()
                self._data_bytes = 0
        return events

    def _check_size(self, size: int) -> None:
        if size > MAX_EVENT_BYTES:
            raise ValueError(f"an event is longer than {MAX_EVENT_BYTES} bytes")
