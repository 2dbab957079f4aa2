"""The backend for Google's Gemini API (`streamGenerateContent`).

Sources:

- request, candidates, finish reasons, and usage: https://ai.google.dev/api/generate-content
- thinking: https://ai.google.dev/gemini-api/docs/thinking

Thoughts count toward maxOutputTokens. If includeThoughts is set, they are sent as parts with `thought` set. A
thinking budget cannot be combined with a thinking level, so an operator's `thinkingConfig` replaces ours.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from arena.endpoints.backends.client import HttpBackend, Post
from arena.endpoints.backends.protocol import Action, BackendError, Delta, EventReader, Reasoning, Request, TextPart

REFUSAL_REASONS = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"})
LENGTH_REASON = "MAX_TOKENS"
ROLES = {"user": "user", "assistant": "model"}
COMPLETION_REASONS = frozenset({"STOP", LENGTH_REASON})


class GeminiReader(EventReader):
    """Reads `GenerateContentResponse` objects, or a JSON list of them if the server ignores alt=sse."""

    def read(self, event: dict[str, Any]) -> Iterator[TextPart]:
        if block_reason := (event.get("promptFeedback") or {}).get("blockReason"):
            raise BackendError(Action.GIVE_UP, "refused", f"blockReason {block_reason}")
        if usage := event.get("usageMetadata"):
            answer_tokens = usage.get("candidatesTokenCount") or 0
            reasoning_tokens = usage.get("thoughtsTokenCount") or 0
            self.usage = (usage.get("promptTokenCount"), answer_tokens + reasoning_tokens, reasoning_tokens)
        for candidate in (event.get("candidates") or ())[:1]:
            for part in (candidate.get("content") or {}).get("parts") or ():
                if text := part.get("text"):
                    yield Reasoning(text) if part.get("thought") else Delta(text)
            if reason := candidate.get("finishReason"):
                self._finish(reason)

    def _finish(self, reason: str) -> None:
        if reason in REFUSAL_REASONS:
            raise BackendError(Action.GIVE_UP, "refused", f"finishReason {reason}")
        if reason not in COMPLETION_REASONS:
            raise BackendError(Action.REPLACE, "rejected", f"finishReason {reason}")
        self.is_complete = True
        self.is_truncated = reason == LENGTH_REASON


class GeminiBackend(HttpBackend):
    """The backend for endpoints of kind `gemini`.

    The endpoint's parameters are nested as in the API, for example in `generationConfig` or `safetySettings`.
    """

    reader_type = GeminiReader

    def build_post(self, request: Request, rejected_fields: frozenset[str]) -> Post:
        config: dict[str, Any] = {"maxOutputTokens": request.token_limit}
        if request.thinking_tokens and "thinkingConfig" not in (request.parameters.get("generationConfig") or {}):
            config["thinkingConfig"] = {"thinkingBudget": request.thinking_tokens}
        if request.temperature is not None:
            config["temperature"] = request.temperature
        body: dict[str, Any] = {
            "contents": [
                {"role": ROLES[message.role], "parts": [{"text": message.content}]} for message in request.messages
            ],
            "generationConfig": config,
        }
        if request.system:
            body["systemInstruction"] = {"parts": [{"text": request.system}]}
        model = quote(request.model.removeprefix("models/"), safe="")
        return Post(f"/models/{model}:streamGenerateContent?alt=sse", {"x-goog-api-key": request.api_key}, body)
