"""The backend for Anthropic's Messages API.

Sources:

- events and deltas: https://platform.claude.com/docs/en/build-with-claude/streaming
- errors, including errors in a stream: https://platform.claude.com/docs/en/api/errors
- stop reasons, including `refusal`: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
- thinking: https://platform.claude.com/docs/en/build-with-claude/extended-thinking

A thinking budget is at least 1,024 tokens, counts toward max_tokens, and cannot be combined with a temperature. Claude
4.7 and later models reject a budget, and accept `adaptive` thinking instead.
"""

from collections.abc import Iterator
from typing import Any

from arena.endpoints.backends.client import HttpBackend, Post
from arena.endpoints.backends.protocol import Action, BackendError, Delta, EventReader, Reasoning, Request, TextPart

API_VERSION = "2023-06-01"
LENGTH_REASONS = frozenset({"max_tokens", "model_context_window_exceeded"})
MIN_THINKING_TOKENS = 1024
INPUT_TOKEN_FIELDS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class AnthropicReader(EventReader):
    """Reads one message's events in the order in which the API sends them."""

    def __init__(self) -> None:
        self._counts: dict[str, Any] = {}

    def read(self, event: dict[str, Any]) -> Iterator[TextPart]:
        event_type = event["type"]
        if event_type == "content_block_delta":
            yield from self._read_block(event["delta"])
        elif event_type == "content_block_start":
            yield from self._read_block(event["content_block"])
        elif event_type == "message_start":
            self._add_counts(event["message"].get("usage"))
        elif event_type == "message_delta":
            self._add_counts(event.get("usage"))
            self._finish(event["delta"].get("stop_reason"))
        elif event_type == "message_stop":
            self.is_complete = True

    def _read_block(self, block: dict[str, Any]) -> Iterator[TextPart]:
        if text := block.get("text"):
            yield Delta(text)
        elif thinking := block.get("thinking"):
            yield Reasoning(thinking)

    def _add_counts(self, usage: dict[str, Any] | None) -> None:
        """Update the token counts. They are cumulative, and later events can omit some of them."""
        self._counts |= {name: count for name, count in (usage or {}).items() if type(count) is int}
        if "input_tokens" in self._counts and "output_tokens" in self._counts:
            input_tokens = sum(self._counts.get(name, 0) for name in INPUT_TOKEN_FIELDS)
            self.usage = (input_tokens, self._counts["output_tokens"])

    def _finish(self, reason: str | None) -> None:
        if reason == "refusal":
            raise BackendError(Action.GIVE_UP, "refused", "stop_reason refusal")
        if reason:
            self.is_complete = True
            self.is_truncated = reason in LENGTH_REASONS


class AnthropicBackend(HttpBackend):
    """The backend for endpoints of kind `anthropic`."""

    reader_type = AnthropicReader

    def build_post(self, request: Request, rejected_fields: frozenset[str]) -> Post:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
            "max_tokens": request.token_limit,
        }
        uses_thinking = bool(request.thinking_tokens) and "thinking" not in request.parameters
        if uses_thinking:
            budget = max(MIN_THINKING_TOKENS, request.thinking_tokens)
            body["max_tokens"] = request.max_bytes + budget
            body["thinking"] = {"type": "enabled", "budget_tokens": budget}
            if "thinking" in rejected_fields:  # newer models reject a budget
                body["thinking"] = {"type": "adaptive"}
        if request.system:
            body["system"] = request.system
        if request.temperature is not None and not uses_thinking:
            body["temperature"] = request.temperature
        return Post("/messages", {"x-api-key": request.api_key, "anthropic-version": API_VERSION}, body)
