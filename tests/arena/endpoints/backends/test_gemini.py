from dataclasses import replace

import pytest

from arena.endpoints.backends.gemini import GeminiBackend, GeminiReader
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Message, Reasoning, Request

NOTHING_REFUSED: frozenset[str] = frozenset()
REQUEST = Request(
    "https://api.example.com/v1beta/",
    "gemini-x",
    (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?")),
    api_key="AIza",
    system="Be brief.",
    max_tokens=16,
    temperature=0.7,
)


def response(*parts: dict, finish: str | None = None, **fields) -> dict:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **fields}


def test_post_asks_for_a_stream():
    post = GeminiBackend().build_post(REQUEST, NOTHING_REFUSED)
    assert post.path == "/models/gemini-x:streamGenerateContent?alt=sse"
    assert post.headers == {"x-goog-api-key": "AIza"}
    assert post.body == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello"}]},
            {"role": "user", "parts": [{"text": "Why?"}]},
        ],
        "generationConfig": {"maxOutputTokens": 64, "temperature": 0.7},
    }


@pytest.mark.parametrize(
    ("parameters", "thinking"),
    [
        ({}, {"thinkingConfig": {"thinkingBudget": 8000}}),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}, {}),
    ],
)
def test_post_of_a_model_that_thinks_has_a_budget_unless_the_operator_gives_a_level(parameters, thinking):
    body = (
        GeminiBackend().build_post(replace(REQUEST, thinking_tokens=8000, parameters=parameters), NOTHING_REFUSED).body
    )
    assert body["generationConfig"] == {"maxOutputTokens": 8064, "temperature": 0.7} | thinking


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-x", "models/gemini-x:"),
        ("models/gemini-x", "models/gemini-x:"),
        ("a b?c#d", "models/a%20b%3Fc%23d:"),
    ],
)
def test_post_puts_the_model_into_the_path(model, path):
    assert f"/{path}stream" in GeminiBackend().build_post(Request("http://h", model, ()), NOTHING_REFUSED).path


def test_post_leaves_out_what_is_not_set():
    bare = GeminiBackend().build_post(Request("http://h", "m", (), max_tokens=2), NOTHING_REFUSED).body
    assert bare == {"contents": [], "generationConfig": {"maxOutputTokens": 8}}


@pytest.mark.parametrize(
    ("event", "parts"),
    [
        (response({"text": "Hi"}), [Delta("Hi")]),
        (response({"text": "Hm", "thought": True}, {"text": "So"}), [Reasoning("Hm"), Delta("So")]),
        (response({"text": "", "thoughtSignature": "x"}), []),
        (response({"inlineData": {}}), []),
        (response(), []),
        ({"candidates": [{"finishReason": "STOP"}]}, []),
        ({"candidates": [{"content": {"role": "model"}}]}, []),
        ({"candidates": [], "usageMetadata": {}}, []),
        ({"modelVersion": "x"}, []),
        ({"promptFeedback": {"safetyRatings": []}}, []),
    ],
)
def test_responses_read_every_known_shape(event, parts):
    assert list(GeminiReader().read(event)) == parts


@pytest.mark.parametrize("reason", ["STOP", "MAX_TOKENS"])
def test_responses_end_normally_or_at_a_limit_of_length(reason):
    responses = GeminiReader()
    list(responses.read(response({"text": "Hi"})))
    assert not responses.is_complete
    list(responses.read(response({"text": "!"}, finish=reason)))
    assert responses.is_complete
    assert responses.is_truncated is (reason == "MAX_TOKENS")


@pytest.mark.parametrize(
    ("event", "action", "reason"),
    [
        *(
            (response(finish=finish), Action.GIVE_UP, "refused")
            for finish in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")
        ),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, Action.GIVE_UP, "refused"),
        (response(finish="OTHER"), Action.REPLACE, "rejected"),
        (response(finish="MALFORMED_FUNCTION_CALL"), Action.REPLACE, "rejected"),
    ],
)
def test_responses_know_the_bad_ends(event, action, reason):
    with pytest.raises(BackendError) as caught:
        list(GeminiReader().read(event))
    assert (caught.value.action, caught.value.reason) == (action, reason)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"promptTokenCount": 4, "candidatesTokenCount": 6, "thoughtsTokenCount": 10}, (4, 16, 10)),
        ({"promptTokenCount": 4, "candidatesTokenCount": 6}, (4, 6, 0)),
        ({"promptTokenCount": 4, "thoughtsTokenCount": 10}, (4, 10, 10)),
        ({"candidatesTokenCount": 6}, (None, 6, 0)),
    ],
)
def test_responses_count_thoughts_as_output(usage, counts):
    responses = GeminiReader()
    list(responses.read({"usageMetadata": usage}))
    assert responses.usage == counts
