"""The wire formats of the providers, as documented by them."""

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from tests.fake_provider.behavior import Token


@dataclass(frozen=True)
class ParsedRequest:
    """A request in any format."""

    model: str
    messages: list[dict[str, str]]
    system: str
    body: dict[str, Any]
    token_limit: int
    key: str = ""

    @property
    def prompt(self) -> str:
        return next((message["content"] for message in reversed(self.messages) if message["role"] == "user"), "")

    @property
    def turn(self) -> int:
        return sum(message["role"] == "user" for message in self.messages)


def encode_token(token: Token) -> bytes:
    if isinstance(token, bytes):
        return b'"' + token + b'"'
    try:
        return orjson.dumps(token)
    except TypeError:  # orjson refuses lone surrogates.
        return json.dumps(token).encode()


def build_event(data: bytes | dict[str, Any], name: str = "") -> bytes:
    payload = data if isinstance(data, bytes) else orjson.dumps(data)
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + payload + b"\n\n"


class OpenAI:
    name = "openai"
    path = re.compile(r"/chat/completions$")
    HEAD = b'{"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1750000000,"model":"fake",'
    TOO_LONG = {
        "message": "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000.",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }

    def parse_request(self, path: str, body: dict[str, Any]) -> ParsedRequest:
        messages = [message for message in body["messages"] if message["role"] != "system"]
        system = "".join(message["content"] for message in body["messages"] if message["role"] == "system")
        token_limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
        # The name of a model has at most 200 characters, so a long behavior is a parameter of its own.
        return ParsedRequest(body.get("behavior", body["model"]), messages, system, body, token_limit)

    def begin(self, request: ParsedRequest) -> bytes:
        return self._chunk(b'{"role":"assistant","content":""}')

    @functools.cache  # noqa: B019 - there is one object of each format in the process
    def token(self, token: Token) -> bytes:
        return self._chunk(b'{"content":' + encode_token(token) + b"}")

    @functools.cache  # noqa: B019
    def thought(self, token: Token) -> bytes:
        return self._chunk(b'{"reasoning_content":' + encode_token(token) + b"}")

    def end(self, request: ParsedRequest, count: int, *, cut: bool = False) -> bytes:
        usage = b""
        if (request.body.get("stream_options") or {}).get("include_usage"):
            usage = build_event(self.HEAD + b'"choices":[],"usage":' + orjson.dumps(self._usage(request, count)) + b"}")
        return self._chunk(b"{}", b'"length"' if cut else b'"stop"') + usage + build_event(b"[DONE]")

    def finish(self, request: ParsedRequest) -> bytes:
        """Return the event that ends the answer but not the stream."""
        return self._chunk(b"{}", b'"stop"')

    def filtered(self) -> bytes:
        return self._chunk(b"{}", b'"content_filter"') + build_event(b"[DONE]")

    def failure(self) -> bytes:
        return build_event({"error": {"message": "The server had an error", "type": "server_error", "code": None}})

    def error(self, status: int, message: str) -> dict[str, Any]:
        return {"error": {"message": message, "type": "some_error", "param": None, "code": str(status)}}

    def too_long(self) -> dict[str, Any]:
        return {"error": self.TOO_LONG}

    def document(self, request: ParsedRequest, text: str) -> Any:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._usage(request, len(text.split())),
        }

    def _chunk(self, delta: bytes, finish: bytes = b"null") -> bytes:
        choice = b'"choices":[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]}'
        return build_event(self.HEAD + choice % (delta, finish))

    def _usage(self, request: ParsedRequest, count: int) -> dict[str, int]:
        words = count_words(request)
        return {"prompt_tokens": words, "completion_tokens": count, "total_tokens": words + count}


class Anthropic:
    name = "anthropic"
    path = re.compile(r"/messages$")
    TYPES = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}

    def parse_request(self, path: str, body: dict[str, Any]) -> ParsedRequest:
        return ParsedRequest(body["model"], body["messages"], body.get("system", ""), body, body.get("max_tokens", 0))

    def begin(self, request: ParsedRequest) -> bytes:
        message = {"id": "msg_fake", "type": "message", "role": "assistant", "content": [], "model": "fake"}
        message |= {"usage": {"input_tokens": count_words(request), "output_tokens": 1}}  # type: ignore[dict-item]
        start = build_event({"type": "message_start", "message": message}, "message_start")
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return start + build_event(block, "content_block_start") + build_event({"type": "ping"}, "ping")

    @functools.cache  # noqa: B019
    def token(self, token: Token) -> bytes:
        return self._delta(b'{"type":"text_delta","text":' + encode_token(token) + b"}")

    @functools.cache  # noqa: B019
    def thought(self, token: Token) -> bytes:
        return self._delta(b'{"type":"thinking_delta","thinking":' + encode_token(token) + b"}")

    def end(self, request: ParsedRequest, count: int, *, cut: bool = False) -> bytes:
        stop = self._delta(b'{"type":"signature_delta","signature":"c2ln"}')
        stop += build_event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        reason = "max_tokens" if cut else "end_turn"
        return stop + self._stop(reason, count) + build_event({"type": "message_stop"}, "message_stop")

    def finish(self, request: ParsedRequest) -> bytes:
        return self._stop("end_turn", 1)

    def filtered(self) -> bytes:
        return self._stop("refusal", 1) + build_event({"type": "message_stop"}, "message_stop")

    def failure(self) -> bytes:
        return build_event(self.error(529, "Overloaded"), "error")

    def error(self, status: int, message: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": self.TYPES.get(status, "api_error"), "message": message}}

    def too_long(self) -> dict[str, Any]:
        message = "prompt is too long: 210000 tokens > 200000 maximum"
        return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}

    def document(self, request: ParsedRequest, text: str) -> Any:
        raise NotImplementedError("it always streams")

    def _delta(self, delta: bytes) -> bytes:
        data = b'{"type":"content_block_delta","index":0,"delta":%b}' % delta
        return build_event(data, "content_block_delta")

    def _stop(self, reason: str, count: int) -> bytes:
        delta = {"stop_reason": reason, "stop_sequence": None}
        data = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": count}}
        return build_event(data, "message_delta")


class Gemini:
    name = "gemini"
    path = re.compile(r"/models/(?P<model>[^/]+):streamGenerateContent$")

    def parse_request(self, path: str, body: dict[str, Any]) -> ParsedRequest:
        match = self.path.search(path)
        assert match
        messages = [
            {
                "role": "assistant" if content["role"] == "model" else content["role"],
                "content": "".join(part["text"] for part in content["parts"]),
            }
            for content in body["contents"]
        ]
        system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", ()))
        token_limit = body.get("generationConfig", {}).get("maxOutputTokens", 0)
        return ParsedRequest(unquote(match["model"]), messages, system, body, token_limit)

    def begin(self, request: ParsedRequest) -> bytes:
        return b""

    @functools.cache  # noqa: B019
    def token(self, token: Token) -> bytes:
        return self._response(b'{"text":' + encode_token(token) + b"}")

    @functools.cache  # noqa: B019
    def thought(self, token: Token) -> bytes:
        return self._response(b'{"text":' + encode_token(token) + b',"thought":true}')

    def end(self, request: ParsedRequest, count: int, *, cut: bool = False) -> bytes:
        usage = {"promptTokenCount": count_words(request), "candidatesTokenCount": count}
        content = {"parts": [{"text": "", "thoughtSignature": "c2ln"}], "role": "model"}
        candidate = {"content": content, "finishReason": "MAX_TOKENS" if cut else "STOP", "index": 0}
        return build_event({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fake"})

    def finish(self, request: ParsedRequest) -> bytes:
        return self.end(request, 1)

    def filtered(self) -> bytes:
        return build_event({"candidates": [{"finishReason": "SAFETY", "index": 0, "safetyRatings": []}]})

    def failure(self) -> bytes:
        return build_event(self.error(503, "The model is overloaded."))

    def error(self, status: int, message: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": "SOME_STATUS"}}

    def too_long(self) -> dict[str, Any]:
        message = "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."
        return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}

    def document(self, request: ParsedRequest, text: str) -> Any:
        content = {"parts": [{"text": text}], "role": "model"}
        usage = {"promptTokenCount": count_words(request), "candidatesTokenCount": len(text.split())}
        return [{"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": usage}]

    def _response(self, part: bytes) -> bytes:
        candidate = b'{"content":{"parts":[%b],"role":"model"},"index":0}' % part
        return build_event(b'{"candidates":[%b],"modelVersion":"fake","responseId":"fake"}' % candidate)


Format = OpenAI | Anthropic | Gemini
FORMATS: Sequence[Format] = (OpenAI(), Anthropic(), Gemini())


def count_words(request: ParsedRequest) -> int:
    return sum(len(message["content"].split()) for message in request.messages)
