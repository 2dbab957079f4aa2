from dataclasses import replace

import pytest

from arena.endpoints.backends.anthropic import AnthropicBackend, AnthropicReader
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Message, Reasoning, Request

NOTHING_REFUSED: frozenset[str] = frozenset()
REQUEST = Request(
    "https://api.example.com/v1",
    "claude-x",
    (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?")),
    api_key="sk-ant",
    system="Be brief.",
    max_tokens=16,
    temperature=0.7,
)
# The order of events in the documentation, with thinking.
STREAM = (
    {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 25, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "EqQB"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "!"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}},
    {"type": "message_stop"},
)


def test_post_asks_for_a_stream():
    post = AnthropicBackend().build_post(REQUEST, NOTHING_REFUSED)
    assert post.path == "/messages"
    assert post.headers == {"x-api-key": "sk-ant", "anthropic-version": "2023-06-01"}
    assert post.body == {
        "model": "claude-x",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Why?"},
        ],
        "stream": True,
        "max_tokens": 64,
        "temperature": 0.7,
    }


def test_post_leaves_out_what_is_not_set():
    bare = Request("http://h", "m", (Message("user", "Hi"),))
    assert AnthropicBackend().build_post(bare, NOTHING_REFUSED).body.keys() == {
        "model",
        "messages",
        "stream",
        "max_tokens",
    }


@pytest.mark.parametrize(
    ("tokens", "rejected", "thinking", "limit"),
    [
        (8000, NOTHING_REFUSED, {"type": "enabled", "budget_tokens": 8000}, 8064),
        (100, NOTHING_REFUSED, {"type": "enabled", "budget_tokens": 1024}, 1088),
        (8000, frozenset({"thinking"}), {"type": "adaptive"}, 8064),
    ],
)
def test_post_of_a_model_that_thinks_has_a_budget_and_no_temperature(tokens, rejected, thinking, limit):
    body = AnthropicBackend().build_post(replace(REQUEST, thinking_tokens=tokens), rejected).body
    assert (body["thinking"], body["max_tokens"]) == (thinking, limit)
    assert "temperature" not in body


def test_post_leaves_the_way_of_thinking_to_the_operators_parameters():
    request = replace(REQUEST, thinking_tokens=8000, parameters={"thinking": {"type": "adaptive"}})
    body = AnthropicBackend().build_post(request, NOTHING_REFUSED).body
    assert ("thinking" in body, body["max_tokens"]) == (False, 8064)


def test_events_read_the_documented_stream():
    events = AnthropicReader()
    parts = []
    for event in STREAM:
        assert events.is_complete is (event == STREAM[-1])  # once there is a reason
        parts += events.read(event)
    assert parts == [Reasoning("Hm"), Delta("Hello"), Delta("!")]
    assert events.usage == (25, 15)


@pytest.mark.parametrize("reason", ["max_tokens", "stop_sequence", "model_context_window_exceeded", "pause_turn"])
def test_events_end_normally_or_at_a_limit_of_length(reason):
    events = AnthropicReader()
    list(events.read({"type": "message_delta", "delta": {"stop_reason": reason}}))
    assert events.is_complete
    assert events.is_truncated is reason.startswith("m")


def test_events_know_a_refusal():
    with pytest.raises(BackendError) as caught:
        list(AnthropicReader().read({"type": "message_delta", "delta": {"stop_reason": "refusal"}}))
    assert (caught.value.action, caught.value.reason) == (Action.GIVE_UP, "refused")


def test_events_count_cached_input_too():
    events = AnthropicReader()
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 20}
    list(events.read({"type": "message_start", "message": {"usage": usage | {"output_tokens": 1}}}))
    list(events.read({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 7, "x": None}}))
    assert events.usage == (125, 7)


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        ({"type": "something_new", "x": 1}, []),
        ({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "t", "input": {}}}, []),
        ({"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": "x"}}, []),
        ({"type": "content_block_start", "content_block": {"type": "text", "text": "At once"}}, [Delta("At once")]),
        ({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{"}}, []),
        ({"type": "content_block_delta", "delta": {"type": "citations_delta", "citation": {}}}, []),
    ],
)
def test_events_pass_over_what_is_not_text(event, parts):
    assert list(AnthropicReader().read(event)) == parts
