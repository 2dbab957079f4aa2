"""The backend for OpenAI's chat completions API, which vLLM, llama.cpp, Ollama, LiteLLM, and others also support.

Sources:

- chunks, usage, and finish reasons: https://platform.openai.com/docs/api-reference/chat-streaming
- comments, and errors in a stream: https://openrouter.ai/docs/api/reference/streaming
- `reasoning`, formerly `reasoning_content`: https://docs.vllm.ai/en/v0.11.2/features/reasoning_outputs/
- content as a list of `thinking` and `text` parts: https://docs.mistral.ai/capabilities/reasoning/
"""

from collections.abc import Iterator
from typing import Any

from arena.endpoints.backends.client import HttpBackend, Post
from arena.endpoints.backends.protocol import Action, BackendError, EventReader, Reasoning, Request, TextPart
from arena.endpoints.backends.text_cleaning import ThoughtSplitter

FAILURE_REASONS = frozenset({"error", "insufficient_system_resource"})  # the second one is from DeepSeek
LENGTH_REASONS = frozenset({"length", "model_length"})  # the second one is from Mistral


class OpenAIReader(EventReader):
    """Reads `chat.completion.chunk` objects, or one `chat.completion` from a server that does not stream."""

    def __init__(self) -> None:
        self._splitter = ThoughtSplitter()

    def read(self, event: dict[str, Any]) -> Iterator[TextPart]:
        if usage := event.get("usage"):
            reasoning_tokens = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
            self.usage = (usage.get("prompt_tokens"), usage.get("completion_tokens"), reasoning_tokens)
        for choice in (event.get("choices") or ())[:1]:
            delta = choice.get("delta") or choice.get("message") or {}
            if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
                yield Reasoning(reasoning)
            yield from self._read_content(delta.get("content") or ())
            if delta.get("refusal"):
                raise BackendError(Action.GIVE_UP, "refused", f"refusal: {delta['refusal']}")
            if reason := choice.get("finish_reason"):
                self._finish(reason)

    def _read_content(self, content: Any) -> Iterator[TextPart]:
        """Yield the text of a string, or of a list of parts."""
        parts: Any = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if part["type"] == "thinking":
                yield Reasoning("".join(piece.get("text", "") for piece in part["thinking"]))
            elif part["type"] == "text":
                yield from self._splitter.feed(part["text"])

    def end(self) -> list[TextPart]:
        return self._splitter.end()

    def _finish(self, reason: str) -> None:
        if reason == "content_filter":
            raise BackendError(Action.GIVE_UP, "refused", "finish_reason content_filter")
        if reason in FAILURE_REASONS:
            raise BackendError(Action.RETRY, "unavailable", f"finish_reason {reason}")
        self.is_complete = True
        self.is_truncated = reason in LENGTH_REASONS


class OpenAIBackend(HttpBackend):
    """The backend for endpoints of kind `openai`."""

    reader_type = OpenAIReader

    def build_post(self, request: Request, rejected_fields: frozenset[str]) -> Post:
        system = [{"role": "system", "content": request.system}] if request.system else []
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        limit_field = "max_completion_tokens" if "max_tokens" in rejected_fields else "max_tokens"
        body: dict[str, Any] = {
            "model": request.model,
            "messages": system + messages,
            "stream": True,
            limit_field: request.token_limit,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if "stream_options" not in rejected_fields:
            body["stream_options"] = {"include_usage": True}
        headers = {"Authorization": f"Bearer {request.api_key}"} if request.api_key else {}
        return Post("/chat/completions", headers, body)
