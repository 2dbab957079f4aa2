import json
import re

import orjson
import pytest

from arena.endpoints.backends.deadlines import MAX_BODY_BYTES, MAX_DOCUMENT_BYTES
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Reasoning, Truncation, Usage
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.response import AnswerDecoder, parse_json


def answer(**options) -> AnswerDecoder:
    return AnswerDecoder(BACKENDS["openai"].reader(), **options)


def chunk(text: str = "", finish: str | None = None, **fields) -> bytes:
    event = {"choices": [{"delta": {"content": text}, "finish_reason": finish}], **fields}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


END = chunk(finish="stop") + b"data: [DONE]\n\n"


def failed(*chunks: bytes) -> BackendError:
    heard = answer()
    with pytest.raises(BackendError) as caught:
        for piece in chunks:
            list(heard.feed(piece))
        list(heard.end())
    return caught.value


def test_answer_gives_parts_as_they_come():
    heard = answer()
    assert [*heard.feed(chunk("One"))] == [Delta("One")]
    assert not heard.complete
    assert [*heard.feed(chunk(" two") + chunk(" three"))] == [Delta(" two"), Delta(" three")]
    assert [*heard.feed(END)] == []
    assert heard.complete
    assert [*heard.end()] == []


def test_answer_reads_nothing_after_done():
    heard = answer()
    list(heard.feed(chunk("One") + END))
    assert [*heard.feed(chunk("two"))] == []
    assert [*heard.feed(b"data: {garbage\n\n")] == []
    assert [*heard.end()] == []


def test_answer_counts_tokens_at_the_end():
    heard = answer()
    list(heard.feed(chunk("One", usage={"prompt_tokens": 1, "completion_tokens": 1})))
    list(heard.feed(chunk(usage={"prompt_tokens": 3, "completion_tokens": 5}) + END))
    assert [*heard.end()] == [Usage(3, 5)]


def test_answer_tells_that_it_was_cut_before_the_counts():
    heard = answer()
    list(heard.feed(chunk("One", usage={"prompt_tokens": 1, "completion_tokens": 1}) + chunk(finish="length")))
    assert [*heard.end()] == [Truncation(), Usage(1, 1)]


def test_answer_tells_how_much_was_thought():
    heard = answer()
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 4}}
    list(heard.feed(chunk("One", usage=usage) + END))
    assert [*heard.end()] == [Usage(3, 5, 4)]


@pytest.mark.parametrize("counts", [(None, 5), (3, None), (-1, 5), (3, 2**31), (3.5, 5), ("3", 5), (True, 5)])
def test_answer_leaves_out_counts_that_make_no_sense(counts):
    heard = answer()
    list(heard.feed(chunk("One", usage={"prompt_tokens": counts[0], "completion_tokens": counts[1]}) + END))
    assert [*heard.end()] == []


def test_answer_is_cleaned_across_chunks():
    heard = answer()
    parts = [part for text in ("nul\x00 ", "\ud83d", "\ude00", " \udc00") for part in heard.feed(chunk(text))]
    assert parts == [Delta("nul "), Delta("😀"), Delta(" \ufffd")]


def test_answer_gives_what_was_held_back_at_the_end():
    heard = answer()
    assert [*heard.feed(chunk("<thi"))] == []
    list(heard.feed(END))
    assert [*heard.end()] == [Delta("<thi")]
    heard = answer()
    assert [*heard.feed(chunk("x") + chunk("\ud83d"))] == [Delta("x")]
    list(heard.feed(END))
    assert [*heard.end()] == [Delta("\ufffd")]


def test_answer_is_cut_at_its_size():
    heard = answer(budget=10)
    assert [*heard.feed(chunk("123456789") + chunk("é") + chunk("x"))] == [Delta("123456789")]
    assert heard.cut
    assert heard.complete
    assert [*heard.end()] == [Truncation()]


def test_answer_counts_reasoning_into_its_size():
    heard = answer(budget=10)
    event = {"choices": [{"delta": {"reasoning": "12345678"}}]}
    assert [*heard.feed(b"data: " + orjson.dumps(event) + b"\n\n")] == [Reasoning("12345678")]
    assert [*heard.feed(chunk("12345"))] == [Delta("12")]
    assert heard.cut


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\r\n", b": hello\n\n"])
def test_answer_takes_events_whatever_comes_first(start):
    heard = answer()
    assert [*heard.feed(start + chunk("One"))] == [Delta("One")]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n "])
@pytest.mark.parametrize("as_list", [False, True])
def test_answer_takes_one_document_instead(start, as_list):
    document = {"choices": [{"message": {"content": "All of it"}, "finish_reason": "stop"}]}
    body = start + orjson.dumps([document] if as_list else document)
    heard = answer()
    assert [*heard.feed(body[:20])] == []
    assert [*heard.feed(body[20:])] == []
    assert [*heard.end()] == [Delta("All of it")]


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
        b"data: " + b"x" * 1_000_001,
    ],
)
def test_answer_does_not_understand_garbage(body):
    error = failed(body)
    assert (error.action, error.reason) == (Action.REPLACE, "unavailable")
    assert error.detail.startswith("not understood")
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
    error = failed(*chunks)
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
    error = failed(b"data: " + data + b"\n\n" if form == "event" else data)
    assert (error.action, error.reason) == (Action.RETRY, "unavailable")


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_answer_does_not_take_an_empty_error_for_one(nothing):
    assert [*answer().feed(chunk("One", error=nothing))] == [Delta("One")]


def test_answer_has_a_limit_for_everything_that_came():
    comments = b": ping\n" * 200_000
    error = failed(*[comments] * (MAX_BODY_BYTES // len(comments) + 1))
    assert re.search("more than .* bytes", error.detail)


def test_answer_has_a_limit_for_one_document():
    error = failed(b'{"x": "', *[b"x" * 100_000] * (MAX_DOCUMENT_BYTES // 100_000 + 1))
    assert "more than" in error.detail


def test_answer_gives_what_came_before_an_error():
    heard = answer()
    parts = heard.feed(chunk("One") + b"data: {\n\n")
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
