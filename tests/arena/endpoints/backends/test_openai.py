import pytest

from arena.endpoints.backends.openai import OpenAIBackend, OpenAIReader
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Message, Reasoning, Request

NOTHING_REFUSED: frozenset[str] = frozenset()
REQUEST = Request(
    "https://api.example.com/v1/",
    "gpt-x",
    (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?")),
    api_key="sk-1",
    system="Be brief.",
    max_tokens=16,
    temperature=0.7,
)


def read(*events: dict) -> list:
    chunks = OpenAIReader()
    return [part for event in events for part in chunks.read(event)] + chunks.end()


def delta(finish: str | None = None, **fields) -> dict:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def test_post_asks_for_a_stream():
    post = OpenAIBackend().build_post(REQUEST, NOTHING_REFUSED)
    assert post.path == "/chat/completions"
    assert post.headers == {"Authorization": "Bearer sk-1"}
    assert post.body == {
        "model": "gpt-x",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "Why?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 64,
        "temperature": 0.7,
    }
    post = OpenAIBackend().build_post(Request("http://h/v1", "m", (Message("user", "Hi"),)), NOTHING_REFUSED)
    assert (post.headers, "temperature" in post.body, len(post.body["messages"])) == ({}, False, 1)


@pytest.mark.parametrize(
    ("rejected", "gone", "instead"),
    [
        ("stream_options", "stream_options", {}),
        ("max_tokens", "max_tokens", {"max_completion_tokens": 64}),
    ],
)
def test_post_does_without_what_was_rejected(rejected, gone, instead):
    body = OpenAIBackend().build_post(REQUEST, frozenset({rejected})).body
    assert gone not in body
    assert body.items() >= instead.items()


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        (delta(role="assistant", content=""), []),
        (delta(content="Hi"), [Delta("Hi")]),
        (delta(content=None), []),
        (delta(), []),
        ({"choices": [{"index": 0, "finish_reason": None}]}, []),
        ({"choices": [{"delta": None}]}, []),
        ({"choices": []}, []),
        ({"choices": None}, []),
        ({}, []),
        (delta(reasoning_content="Hm"), [Reasoning("Hm")]),
        (delta(reasoning="Hm"), [Reasoning("Hm")]),
        (delta(reasoning="Hm", reasoning_content="Hm"), [Reasoning("Hm")]),
        (delta(reasoning="Hm", content="So"), [Reasoning("Hm"), Delta("So")]),
        (delta(content="<think>Hm</think>So"), [Reasoning("Hm"), Delta("So")]),
        (delta(content=[{"type": "text", "text": "Hi"}]), [Delta("Hi")]),
        (
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]),
            [Reasoning("Hm")],
        ),
        (delta(content=[{"type": "image_url"}]), []),
        (delta(tool_calls=[{"index": 0}]), []),
        ({"choices": [{"message": {"content": "Whole"}, "finish_reason": "stop"}]}, [Delta("Whole")]),
        ({"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}, [Delta("a")]),
    ],
)
def test_chunks_read_every_known_shape(event, parts):
    assert read(event) == parts


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "function_call", "model_length", "eos"])
def test_chunks_end_normally_or_at_a_limit_of_length(reason):
    chunks = OpenAIReader()
    list(chunks.read(delta(content="Hi")))
    assert not chunks.is_complete
    list(chunks.read(delta(finish=reason)))
    assert chunks.is_complete
    assert chunks.is_truncated is reason.endswith("length")


@pytest.mark.parametrize(
    ("event", "action", "reason"),
    [
        (delta(finish="content_filter"), Action.GIVE_UP, "refused"),
        (delta(refusal="I will not"), Action.GIVE_UP, "refused"),
        (delta(finish="error"), Action.RETRY, "unavailable"),
        (delta(finish="insufficient_system_resource"), Action.RETRY, "unavailable"),
    ],
)
def test_chunks_know_the_bad_ends(event, action, reason):
    with pytest.raises(BackendError) as caught:
        read(event)
    assert (caught.value.action, caught.value.reason) == (action, reason)


@pytest.mark.parametrize(("details", "thought"), [({"reasoning_tokens": 8}, 8), ({}, 0), (None, 0)])
def test_chunks_take_usage_from_a_chunk_without_choices(details, thought):
    chunks = OpenAIReader()
    usage = {"prompt_tokens": 1, "completion_tokens": 9, "completion_tokens_details": details}
    for event in ({"choices": [], "usage": usage}, {"choices": [], "usage": None}):
        assert list(chunks.read(event)) == []
    assert chunks.usage == (1, 9, thought)
