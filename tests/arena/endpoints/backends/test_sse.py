import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.endpoints.backends.sse import MAX_EVENT_BYTES, EventStreamParser


def parse(*chunks: bytes) -> list[bytes]:
    parser = EventStreamParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.end()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
        (b"data:one\n\n", [b"one"]),
        (b"data:  one \n\n", [b" one "]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
        (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
        (b": a comment\n\n:\n\ndata: one\n\n", [b"one"]),
        (b"event: delta\nid: 7\nretry: 10\ndata: one\n\n", [b"one"]),
        (b"event: ping\n\ndata: one\n\n", [b"one"]),
        (b"data\ndatabase: x\n\n", []),
        (b"data: [DONE]", [b"[DONE]"]),
        (b"data: [DONE]\n", [b"[DONE]"]),
        (b"\n\n\n", []),
        (b"", []),
        (b"data:\n\n", [b""]),
    ],
)
def test_parser_gives_the_data_of_each_event(stream, events):
    assert parse(stream) == events


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@given(cuts=st.sets(st.integers(1, 80)))
def test_parser_does_not_care_how_the_stream_is_cut(newline, cuts):
    stream = "data: naïve 🙂\n\n: ping\n\nevent: x\ndata: a\ndata: b\n\ndata: end\n\n".encode()
    stream = stream.replace(b"\n", newline)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert parse(*chunks) == ["naïve 🙂".encode(), b"a\nb", b"end"]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * (MAX_EVENT_BYTES + 1) + b"\n\n"],
        [b"x" * 1000] * (MAX_EVENT_BYTES // 1000 + 1),
        [b"data: " + b"x" * 1000 + b"\n"] * (MAX_EVENT_BYTES // 1000 + 1),
    ],
)
def test_parser_refuses_endless_lines_and_events(chunks):
    with pytest.raises(ValueError, match="longer than"):
        parse(*chunks)


@pytest.mark.slow
def test_parser_takes_linear_time_for_a_line_of_single_bytes():
    parser = EventStreamParser()
    start = time.process_time()
    for _ in range(400_000):
        parser.feed(b"x")
    assert time.process_time() - start < 2  # quadratic: minutes
