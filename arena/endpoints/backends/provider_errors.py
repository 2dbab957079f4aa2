"""What a provider's failure means, in our words.

One table for all formats, since routers pass on the words of the provider behind them. Sources:
https://platform.openai.com/docs/guides/error-codes, https://platform.claude.com/docs/en/api/errors,
https://ai.google.dev/gemini-api/docs/troubleshooting, https://openrouter.ai/docs/api/reference/errors-and-debugging,
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html,
https://docs.bigmodel.cn/cn/api/api-code, https://www.volcengine.com/docs/82379/1299023,
and the messages of vLLM, llama.cpp, TGI, Cohere and Mistral.
"""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from arena.endpoints.backends.protocol import Action, BackendError, FailureReason

MAX_DETAIL_LENGTH = 500
PERMANENT_ERRORS = (ValueError, aiohttp.ClientResponseError, aiohttp.NonHttpUrlClientError)
RETRY_STATUSES = frozenset({408, 409, 425})

TOO_LONG_PHRASES = (
    "context_length_exceeded",  # OpenAI, Groq
    "maximum context length",  # OpenAI, vLLM, OpenRouter, Mistral
    "maximum model length",  # vLLM
    "exceed_context_size",  # llama.cpp
    "available context size",  # llama.cpp
    "exceeds the context length",  # Ollama
    "string_above_max_length",  # OpenAI
    "prompt is too long",  # Anthropic
    "exceed context limit",  # Anthropic
    "exceeds the maximum number of tokens",  # Gemini
    "`max_new_tokens` must be <=",  # TGI
    "`inputs` must have less than",  # TGI
    "too many tokens",  # Cohere
    "too many input tokens",  # Bedrock
    "input is too long",  # Bedrock
)
REFUSAL_PHRASES = (
    "content_filter",  # OpenAI, Azure
    "content_policy",  # OpenAI
    "usage policy",  # OpenAI
    "content filtering policy",  # Anthropic
    "content management policy",  # Azure
    "flagged_input",  # OpenRouter
    "data_inspection_failed",  # DashScope
    "datainspectionfailed",  # DashScope
    "contentfilter",  # GLM
    "sensitivecontentdetected",  # Ark
    "riskdetection",  # Ark
    "content exists risk",  # DeepSeek
    "new_sensitive",  # MiniMax
    '"1301"',  # GLM
    "敏感内容",  # GLM: sensitive content
)
# A bad request, or a rate limit, as these providers count it, though no question can bring it about.
ACCOUNT_PHRASES = ("api key", "api_key", "credit balance", "billing", "insufficient_quota", "insufficient balance")
# Moderation says 403 and 451 too, and a firewall that takes a question for an attack says 403 or 406.
REJECTED_STATUSES = frozenset({400, 403, 406, 422, 451})
# Gemini's RetryInfo, and the words of OpenAI and Groq.
RETRY_DELAY_PATTERN = re.compile(r'"retrydelay": ?"(\d{1,5})(?:\.\d+)?s"|try again in (\d{1,5})(?:\.\d+)?s')
# An error inside a stream that began with status 200 names its kind instead.
STATUS_BY_KIND = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
}


def translate_status(status: int, text: str, retry_after: str = "") -> BackendError:
    """The error for an answer with this HTTP status, body and header Retry-After, before anything was said."""
    words = text.lower()
    detail = f"status {status}: {text}"
    of_account = any(words_of in words for words_of in ACCOUNT_PHRASES)
    if status == 429:  # Bedrock's says "Too many tokens, please wait": no word of a rate limit is about the question.
        wait_s = _parse_retry_delay(words, retry_after, of_account=of_account)
        return BackendError(Action.RETRY, "unavailable", detail, wait_s, status)
    if status == 413 or any(words_of in words for words_of in TOO_LONG_PHRASES):
        return BackendError(Action.GIVE_UP, "too_long", detail, status=status)
    if any(words_of in words for words_of in REFUSAL_PHRASES):
        return BackendError(Action.GIVE_UP, "refused", detail, status=status)
    if status in REJECTED_STATUSES and not of_account:
        return BackendError(Action.REPLACE, "rejected", detail, status=status)
    action = Action.RETRY if status >= 500 or status in RETRY_STATUSES else Action.REPLACE
    return BackendError(action, "unavailable", detail, status=status)


def _parse_retry_delay(words: str, retry_after: str, *, of_account: bool) -> float | None:
    """How long a rate limit lasts, 0 where it does not say; None if it is none, for the account has no money."""
    if (wait_s := parse_retry_after(retry_after)) is not None:
        return wait_s
    if found := RETRY_DELAY_PATTERN.search(words):
        return float(found[1] or found[2])
    return None if of_account else 0.0


def parse_retry_after(retry_after: str) -> float | None:
    """What a header Retry-After says, a number of seconds or a date; None if neither."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
        return max(0.0, at.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def translate_event(error: Any, text: str) -> BackendError:
    """The error for an error object inside a stream; `text` is the whole event.

    Gemini and OpenRouter give the status as `code`, OpenAI and Anthropic a word as `code` or `type`; what
    gives neither is the server's own fault.
    """
    fields = error if isinstance(error, dict) else {}
    status = next((fields[k] for k in ("code", "status") if type(fields.get(k)) is int), 0)
    if not 400 <= status < 600:
        status = next((STATUS_BY_KIND[k] for k in map(str, fields.values()) if k in STATUS_BY_KIND), 500)
    return translate_status(status, text)


def translate_exception(error: Exception) -> BackendError:
    """The error for what the network, the clock or a broken answer raised."""
    if isinstance(error, BackendError):
        return error
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, TimeoutError):
        return BackendError(Action.REPLACE, "timeout", detail)
    # what is not understood (our ValueErrors among them) will be no better the second time
    hopeless = isinstance(error, PERMANENT_ERRORS)
    return BackendError(Action.REPLACE if hopeless else Action.RETRY, "unavailable", detail)


def finalize_error(error: BackendError, *, begun: bool, secret: str) -> BackendError:
    """The error as it leaves the backend: nothing is retried after the first Delta, and no key in it."""
    detail = error.detail.replace(secret, "***") if secret else error.detail
    reason: FailureReason = error.reason
    action = Action.GIVE_UP if begun else error.action
    return BackendError(action, reason, detail[:MAX_DETAIL_LENGTH], error.retry_after_s, error.status)
