import json
import re

import orjson
import pytest

from arena.endpoints.backends.deadlines import MAX_BYTES_BEFORE_TEXT, MAX_DOCUMENT_BYTES
from arena.endpoints.backends.openai import OpenAIReader
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Reasoning, Truncation, Usage
from arena.endpoints.backends.response import AnswerDecoder, parse_json


def create_decoder(**options) -> AnswerDecoder:
    return AnswerDecoder(OpenAIReader(), **options)


def chunk(text: str = "", finish: str | None = None, **fields) -> bytes:
    event = {"choices": [{"delta": {"content": text}, "finish_reason": finish}], **fields}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


END = chunk(finish="stop") + b"data: [DONE]\n\n"


def decode_error(*chunks: bytes) -> BackendError:
    decoder = create_decoder()
    with pytest.raises(BackendError) as caught:
        for piece in chunks:
            list(decoder.feed(piece))
        list(decoder.end())
    return caught.value


def test_answer_gives_parts_as_they_come_and_joins_those_that_come_together():
    decoder = create_decoder()
    assert [*decoder.feed(chunk("One"))] == [Delta("One")]
    assert not decoder.is_complete
    assert [*decoder.feed(chunk(" two") + chunk(" three"))] == [Delta(" two three")]
    assert [*decoder.feed(chunk(error=None, usage={"prompt_tokens": 3, "completion_tokens": 5}) + END)] == []
    assert decoder.is_complete
    assert [*decoder.feed(chunk("after the end")), *decoder.feed(b"data: {garbage\n\n")] == []
    assert [*decoder.end()] == [Usage(3, 5)]


def test_answer_joins_no_reasoning_with_the_answer():
    deltas = [{"reasoning": "Let me"}, {"reasoning": " think."}, {"content": "One"}, {"content": " two"}]
    events = b"".join(b"data: %b\n\n" % orjson.dumps({"choices": [{"delta": delta}]}) for delta in deltas)
    assert [*create_decoder().feed(events)] == [Reasoning("Let me think."), Delta("One two")]


def test_answer_tells_that_it_was_cut_before_the_counts():
    decoder = create_decoder()
    list(decoder.feed(chunk("One", usage={"prompt_tokens": 1, "completion_tokens": 1}) + chunk(finish="length")))
    assert [*decoder.end()] == [Truncation(), Usage(1, 1)]


@pytest.mark.parametrize("counts", [(None, 5), (3, None), (-1, 5), (3, 2**31), (3.5, 5), ("3", 5), (True, 5)])
def test_answer_leaves_out_counts_that_make_no_sense(counts):
    decoder = create_decoder()
    list(decoder.feed(chunk("One", usage={"prompt_tokens": counts[0], "completion_tokens": counts[1]}) + END))
    assert [*decoder.end()] == []


def test_answer_is_cleaned_across_chunks():
    decoder = create_decoder()
    parts = [part for text in ("nul\x00 ", "\ud83d", "\ude00", " \udc00") for part in decoder.feed(chunk(text))]
    assert parts == [Delta("nul "), Delta("😀"), Delta(" \ufffd")]


def test_answer_gives_what_was_held_back_at_the_end():
    decoder = create_decoder()
    assert [*decoder.feed(chunk("<thi"))] == []
    list(decoder.feed(END))
    assert [*decoder.end()] == [Delta("<thi")]
    decoder = create_decoder()
    assert [*decoder.feed(chunk("<think>Hm.</think>\n") + chunk("\nx\ud83d"))] == [Reasoning("Hm."), Delta("x")]
    list(decoder.feed(END))
    assert [*decoder.end()] == [Delta("\ufffd")]


@pytest.mark.parametrize(("field", "kind"), [("content", Delta), ("reasoning", Reasoning)])
def test_answer_is_cut_at_its_size(field, kind):
    decoder = create_decoder(max_bytes=10)
    event = orjson.dumps({"choices": [{"delta": {field: "12345678"}}]})
    assert [*decoder.feed(b"data: %b\n\n" % event)] == [kind("12345678")]
    assert [*decoder.feed(chunk("9é") + chunk("x"))] == [Delta("9")]
    assert decoder.is_truncated
    assert decoder.is_complete
    assert [*decoder.end()] == [Truncation()]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\r\n", b": hello\n\n"])
def test_answer_takes_events_whatever_comes_first(start):
    decoder = create_decoder()
    assert [*decoder.feed(start + chunk("One"))] == [Delta("One")]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n "])
@pytest.mark.parametrize("as_list", [False, True])
def test_answer_takes_one_document_instead(start, as_list):
    document = {"choices": [{"message": {"content": "All of it"}, "finish_reason": "stop"}]}
    body = start + orjson.dumps([document] if as_list else document)
    decoder = create_decoder()
    assert [*decoder.feed(body[:20])] == []
    assert [*decoder.feed(body[20:])] == []
    assert [*decoder.end()] == [Delta("All of it")]


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html>",
        b"\n <html>",
        b'{"choices": [',
        b"[1, 2]",
        b"data: {\n\n",
        b"data: 5\n\n",
        b"data: []\n\n",
        b'data: "text"\n\n',
        b"data: \xff\xfe\x00\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b'data: {"choices": "x"}\n\n',
        b'data: {"choices": [5]}\n\n',
        b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": [{"type": "text"}]}}]}\n\n',
        b'data: {"choices": [{"delta": {"reasoning": {"a": 1}}}]}\n\n',
        b'data: {"usage": 5}\n\n',
    ],
)
def test_answer_does_not_understand_garbage(body):
    error = decode_error(body)
    assert (error.action, error.reason) == (Action.REPLACE, "unavailable")
    assert error.detail.startswith("malformed response")
    assert len(error.detail) < 500


@pytest.mark.parametrize(
    ("chunks", "action", "reason"),
    [
        ([], Action.RETRY, "unavailable"),
        ([b": ping\n\n"], Action.RETRY, "unavailable"),
        ([b'"a JSON string"'], Action.RETRY, "unavailable"),
        ([b"binary \x00\x01 junk"], Action.RETRY, "unavailable"),
        ([chunk("half an ans")], Action.RETRY, "unavailable"),
        ([END], Action.REPLACE, "empty"),
        ([chunk(" \n") + END], Action.REPLACE, "empty"),
        ([chunk("<think>only thoughts</think>\n") + END], Action.REPLACE, "empty"),
        ([b"{}"], Action.REPLACE, "empty"),
        ([b"[]"], Action.REPLACE, "empty"),
    ],
)
def test_answer_that_is_not_there_is_an_error(chunks, action, reason):
    error = decode_error(*chunks)
    assert (error.action, error.reason) == (action, reason)


@pytest.mark.parametrize(
    "event",
    [
        {"error": {"message": "no", "type": "server_error"}},
        {"error": "no"},
        {"object": "error", "message": "no", "type": "InternalServerError", "code": 500},
        {"error": {"code": 502, "message": "no"}, "choices": [{"delta": {"content": ""}}]},
    ],
)
@pytest.mark.parametrize("form", ["event", "document"])
def test_answer_knows_an_error_object(event, form):
    data = orjson.dumps(event)
    error = decode_error(b"data: " + data + b"\n\n" if form == "event" else data)
    assert (error.action, error.reason) == (Action.RETRY, "unavailable")


@pytest.mark.parametrize(
    "event", [b": ping\n\n", chunk(), chunk(padding="x" * 1_000)], ids=["comment", "empty", "padded"]
)
def test_answer_has_a_limit_for_what_comes_without_text(event):
    events = event * (100_000 // len(event))
    error = decode_error(chunk("One"), *[events] * (MAX_BYTES_BEFORE_TEXT // len(events) + 2))
    assert re.search("more than .* bytes for 3 bytes of text", error.detail)


def test_answer_of_single_characters_in_large_frames_is_read():
    decoder = create_decoder()
    events = chunk("x", frame="y" * 450) * 100
    for _ in range(60):
        list(decoder.feed(events))
    list(decoder.feed(END))
    assert decoder.is_complete


def test_answer_has_a_limit_for_one_document():
    error = decode_error(b'{"x": "', *[b"x" * 100_000] * (MAX_DOCUMENT_BYTES // 100_000 + 1))
    assert "more than" in error.detail


def test_answer_gives_what_came_before_an_error():
    decoder = create_decoder()
    parts = decoder.feed(chunk("One") + b"data: {\n\n")
    assert next(parts) == Delta("One")
    with pytest.raises(BackendError):
        next(parts)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'"\\ud83d"', "\ud83d"),
        (b'"caf\xe9"', "caf\ufffd"),
        (b'"\\ud83d\\ude00"', "😀"),
    ],
)
def test_load_is_lenient_about_text(data, value):
    assert parse_json(data) == value
