"""An incremental parser for server-sent events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

The parser reads only the `data` field, because the backends' wire formats do not use the others. It is on a hot path,
so it processes whole chunks rather than single bytes. It takes linear time for chunks of any size, because it joins the
pieces of a long line only once, at the end of the line.
"""

MAX_EVENT_BYTES = 1_000_000


class EventStreamParser:
    """Parses one event stream. Feed it the chunks in order."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._piece_bytes = 0
        self._after_cr = False
        self._data: list[bytes] = []
        self._data_bytes = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of each event that this chunk completes.

        Raises ValueError if a line or an event exceeds MAX_EVENT_BYTES.
        """
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
        """Return the data of the last event if the stream ended without an empty line, as some streams do."""
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
