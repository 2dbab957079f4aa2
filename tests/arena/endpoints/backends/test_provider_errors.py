import json

import aiohttp
import pytest

from arena.endpoints.backends.protocol import Action, BackendError
from arena.endpoints.backends.provider_errors import (
    MAX_DETAIL_LENGTH,
    build_event_error,
    build_status_error,
    convert_exception,
    finalize_error,
)


@pytest.mark.parametrize(
    ("status", "action"),
    [
        *((status, Action.RETRY) for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)),
        *((status, Action.REPLACE) for status in (204, 302, 401, 402, 404, 405, 410)),
    ],
)
def test_from_status_says_what_to_do_next(status, action):
    error = build_status_error(status, '{"error": {"message": "Something"}}')
    assert (error.action, error.reason) == (action, "unavailable")
    assert str(status) in error.detail


TOO_LONG = [
    (400, "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"),
    (400, '{"error": {"message": "…", "code": "context_length_exceeded"}}'),
    (400, "The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
    (400, '{"error":{"code":400,"type":"exceed_context_size_error","n_ctx":8192}}'),
    (500, "the request exceeds the available context size. try increasing the context size"),
    (400, "prompt is too long: 210000 tokens > 200000 maximum"),
    (400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    (400, "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."),
    (400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
    (413, "Request Entity Too Large"),
    (422, '{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 …"}'),
    (422, '{"error":"Input validation error: `inputs` must have less than 4096 tokens. Given: 5000"}'),
    (400, '{"message":"too many tokens: total number of tokens in the prompt cannot exceed 4081"}'),
    (400, '{"message":"Input is too long for requested model."}'),
]
REFUSED = [
    (400, '{"error":{"code":"content_filter","message":"…"}}'),
    (400, "triggered Azure OpenAI's content management policy"),
    (403, '{"error":{"code":403,"metadata":{"reasons":["x"],"flagged_input":"…"}}}'),
    (400, '{"error":{"code":"data_inspection_failed"}}'),
    (400, '{"error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}'),
    (400, '{"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入"}}'),
    (400, '{"error":{"code":"InputTextSensitiveContentDetected","type":"BadRequest"}}'),
    (400, '{"error":{"code":"OutputTextSensitiveContentDetected","type":"BadRequest"}}'),
    (400, '{"error":{"message":"Content Exists Risk","type":"invalid_request_error"}}'),
    (400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
    (500, "input new_sensitive, messages[1] is sensitive, please check your input (1026)"),
]
REJECTED = [
    (400, '{"error": {"message": "Something about the messages"}}'),
    (422, '{"detail": [{"loc": ["body", "messages", 0], "msg": "Input should be shorter"}]}'),
    (403, "<html><title>Attention Required! | Cloudflare</title>"),
    (403, '{"error": {"message": "This content is not permitted here."}}'),
    (406, "Not Acceptable! An appropriate representation … could not be found. Mod_Security"),
    (451, "Unavailable For Legal Reasons"),
]
ACCOUNT_PROBLEMS = [
    (403, '{"error": {"message": "This API key has been disabled."}}'),
    (400, "API key not valid. Please pass a valid API key."),
    (400, "Incorrect API key provided: x. You can obtain an API key from"),
    (400, "Your credit balance is too low to access the Anthropic API."),
]
OUTCOMES = [
    *((case, "too_long", Action.REPLACE) for case in TOO_LONG),
    *((case, "refused", Action.GIVE_UP) for case in REFUSED),
    *((case, "rejected", Action.REPLACE) for case in REJECTED),
    *((case, "unavailable", Action.REPLACE) for case in ACCOUNT_PROBLEMS),
]


@pytest.mark.parametrize(("case", "reason", "action"), OUTCOMES)
def test_from_status_knows_what_the_question_has_caused(case, reason, action):
    error = build_status_error(*case)
    assert (error.action, error.reason) == (action, reason)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, Action.RETRY),
        ({"message": "The server had an error", "type": "server_error", "code": None}, Action.RETRY),
        ({"code": 429, "message": "slow down"}, Action.RETRY),
        ({"code": 503, "status": "UNAVAILABLE"}, Action.RETRY),
        ({"code": 7, "type": "whatever"}, Action.RETRY),
        ({"code": 401, "message": "no"}, Action.REPLACE),
        ({"type": "authentication_error"}, Action.REPLACE),
        ({"type": "x", "code": "invalid_api_key"}, Action.REPLACE),
        ("model overloaded", Action.RETRY),
        (["odd"], Action.RETRY),
        (True, Action.RETRY),
    ],
)
def test_from_event_reads_what_each_provider_gives(error, action):
    translated = build_event_error(error, repr(error))
    assert (translated.action, translated.reason) == (action, "unavailable")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"type": "invalid_request_error", "code": None}, "rejected"),
        ({"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}, "refused"),
        ({"code": "1301", "message": "敏感内容"}, "refused"),
        ({"type": "invalid_request_error", "message": "prompt is too long: 3 tokens > 2 maximum"}, "too_long"),
    ],
)
def test_from_event_knows_what_the_question_has_caused(error, reason):
    assert build_event_error(error, json.dumps(error, ensure_ascii=False)).reason == reason


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, "20", 20),
        (429, " 0", 0),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 0),
        (429, "Fri, 31 Dec 9999 23:59:59 GMT", pytest.approx(252e9, rel=0.01)),
        (429, "", 0),
        (429, "soon", 0),
        (429, "-3", 0),
        (503, "20", None),
    ],
)
def test_from_status_knows_when_a_provider_that_limits_the_rate_answers_again(status, header, seconds):
    error = build_status_error(status, "slow down", header)
    assert (error.reason, error.retry_after_s) == ("unavailable", seconds)
    assert finalize_error(error, has_begun=False, api_key="").retry_after_s == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('{"error":{"message":"… check your billing details.","details":[{"@type":"…","retryDelay":"34.07s"}]}}', 34),
        ("Rate limit reached for gpt-4o in organization x on requests per min (RPM). Please try again in 20s.", 20),
        ('{"message":"Requests rate limit exceeded"}', 0),
        ('{"error":{"message":"You exceeded your current quota, …","code":"insufficient_quota"}}', None),
        ('{"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}}', None),
    ],
)
def test_from_status_tells_a_rate_limit_from_an_account_without_money(text, seconds):
    """Visitors can cause a rate limit: one that does not say when it ends must not count as an outage."""
    assert build_status_error(429, text).retry_after_s == seconds


@pytest.mark.parametrize(
    "text",
    [
        '{"message":"Too many tokens, please wait before trying again."}',  # Bedrock
        '{"message":"Too many input tokens per minute. Please slow down."}',
    ],
)
def test_from_status_takes_no_rate_limit_for_a_prompt_that_is_too_long(text):
    """Visitors can cause a rate limit: a probe that took it for a failure would take the model out of the draw."""
    error = build_status_error(429, text, "7")
    assert (error.action, error.reason, error.retry_after_s) == (Action.RETRY, "unavailable", 7)


@pytest.mark.parametrize(
    ("error", "action", "reason"),
    [
        (TimeoutError("no first token"), Action.REPLACE, "timeout"),
        (aiohttp.ConnectionTimeoutError("connect"), Action.REPLACE, "timeout"),
        (aiohttp.ServerDisconnectedError(), Action.RETRY, "unavailable"),
        (aiohttp.ClientPayloadError("not completed"), Action.RETRY, "unavailable"),
        (ConnectionResetError(104, "reset"), Action.RETRY, "unavailable"),
        (aiohttp.InvalidURL("x"), Action.REPLACE, "unavailable"),
        (ValueError("is not public"), Action.REPLACE, "unavailable"),
        (BackendError(Action.GIVE_UP, "refused"), Action.GIVE_UP, "refused"),
    ],
)
def test_from_exception_says_what_to_do_next(error, action, reason):
    translated = convert_exception(error)
    assert (translated.action, translated.reason) == (action, reason)


@pytest.mark.parametrize("action", Action)
def test_final_gives_up_once_the_answer_has_begun(action):
    error = BackendError(action, "unavailable", "x")
    assert finalize_error(error, has_begun=True, api_key="").action is Action.GIVE_UP
    assert finalize_error(error, has_begun=False, api_key="").action is action


def test_final_takes_the_key_out_and_shortens():
    error = BackendError(Action.RETRY, "unavailable", "key sk-canary " * 100)
    detail = finalize_error(error, has_begun=False, api_key="sk-canary").detail
    assert "canary" not in detail
    assert len(detail) == MAX_DETAIL_LENGTH
