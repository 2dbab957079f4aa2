"""Anthropic's Messages API.

Sources: https://platform.claude.com/docs/en/build-with-claude/streaming (events and deltas),
https://platform.claude.com/docs/en/api/errors (errors, also inside a stream),
https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons (`refusal` among them),
https://platform.claude.com/docs/en/build-with-claude/extended-thinking (a budget of at least 1,024 tokens that counts
against max_tokens, with no temperature; models from 4.7 on refuse it and have `adaptive` instead).
"""

from collections.abc import Iterator
from typing import Any

from arena.endpoints.backends.client import HttpBackend, Post, merge_parameters
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Reasoning, Request, TextPart
from arena.endpoints.backends.response import EventReader

API_VERSION = "2023-06-01"
LENGTH_REASONS = frozenset({"max_tokens", "model_context_window_exceeded"})
MIN_THINKING_TOKENS = 1024
INPUT_TOKEN_FIELDS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class AnthropicReader(EventReader):
    """The events of a message, in the order that the API gives them."""

    def __init__(self) -> None:
        self._counts: dict[str, Any] = {}

    def read(self, event: dict[str, Any]) -> Iterator[TextPart]:
        kind = event["type"]
        if kind == "content_block_delta":
            yield from self._piece(event["delta"])
        elif kind == "content_block_start":
            yield from self._piece(event["content_block"])
        elif kind == "message_start":
            self._count(event["message"].get("usage"))
        elif kind == "message_delta":
            self._count(event.get("usage"))
            self._stop(event["delta"].get("stop_reason"))
        elif kind == "message_stop":
            self.complete = True

    def _piece(self, block: dict[str, Any]) -> Iterator[TextPart]:
        if text := block.get("text"):
            yield Delta(text)
        elif thinking := block.get("thinking"):
            yield Reasoning(thinking)

    def _count(self, usage: dict[str, Any] | None) -> None:
        """Counts are cumulative, and a later event may leave some out."""
        self._counts |= {name: count for name, count in (usage or {}).items() if type(count) is int}
        if "input_tokens" in self._counts and "output_tokens" in self._counts:
            self.usage = (sum(self._counts.get(name, 0) for name in INPUT_TOKEN_FIELDS), self._counts["output_tokens"])

    def _stop(self, reason: str | None) -> None:
        if reason == "refusal":
            raise BackendError(Action.GIVE_UP, "refused", "stop_reason refusal")
        if reason:
            self.complete, self.cut = True, reason in LENGTH_REASONS


class AnthropicBackend(HttpBackend):
    """Kind `anthropic`."""

    def post(self, request: Request, refused: frozenset[str]) -> Post:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "stream": True,
            "max_tokens": request.token_limit,
        }
        thinks = bool(request.thinking_tokens) and "thinking" not in request.parameters
        if thinks:
            budget = max(MIN_THINKING_TOKENS, request.thinking_tokens)
            body["max_tokens"] = request.max_tokens + budget
            # Newer models know no budget, and think as much as they like.
            body["thinking"] = (
                {"type": "adaptive"} if "thinking" in refused else {"type": "enabled", "budget_tokens": budget}
            )
        if request.system:
            body["system"] = request.system
        if request.temperature is not None and "temperature" not in refused and not thinks:
            body["temperature"] = request.temperature
        url = f"{request.base_url.rstrip('/')}/messages"
        headers = {"x-api-key": request.api_key, "anthropic-version": API_VERSION}
        return Post(url, headers, merge_parameters(body, request.parameters))

    def reader(self) -> AnthropicReader:
        return AnthropicReader()
