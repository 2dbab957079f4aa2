"""Translates providers' errors into BackendError.

All wire formats share the tables below, because routers pass on other providers' error messages. Sources:
https://platform.openai.com/docs/guides/error-codes, https://platform.claude.com/docs/en/api/errors,
https://ai.google.dev/gemini-api/docs/troubleshooting, https://openrouter.ai/docs/api/reference/errors-and-debugging,
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html,
https://docs.bigmodel.cn/cn/api/api-code, https://www.volcengine.com/docs/82379/1299023,
and the error messages of vLLM, llama.cpp, TGI, Cohere, and Mistral.
"""

import re
import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from arena.endpoints.backends.protocol import Action, BackendError

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
# Account problems, which a question cannot cause. Providers report them as a bad request or a rate limit.
ACCOUNT_PHRASES = ("api key", "api_key", "credit balance", "billing", "insufficient_quota", "insufficient balance")
# Includes 403 and 451 from moderation, and 403 and 406 from firewalls that mistake a question for an attack.
REJECTED_STATUSES = frozenset({400, 403, 406, 422, 451})
# The first alternative matches Gemini's RetryInfo. The second matches messages from OpenAI and Groq.
RETRY_DELAY_PATTERN = re.compile(r'"retrydelay": ?"(\d{1,5})(?:\.\d+)?s"|try again in (\d{1,5})(?:\.\d+)?s')
# Errors in a stream name their kind rather than a status, because the response began with status 200.
STATUS_BY_KIND = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
}


def build_status_error(status: int, text: str, retry_after: str = "") -> BackendError:
    """Return the error for an HTTP error response.

    text: the body of the response
    retry_after: the value of the Retry-After header
    """
    lower_text = text.lower()

    def contains_any(phrases: Iterable[str]) -> bool:
        return any(phrase in lower_text for phrase in phrases)

    detail = f"status {status}: {text}"
    is_account_problem = contains_any(ACCOUNT_PHRASES)
    if status == 429:  # checked first, because Bedrock's message, "Too many tokens, please wait", is not "too_long"
        retry_after_s = parse_retry_after(retry_after)
        if retry_after_s is None and (match := RETRY_DELAY_PATTERN.search(lower_text)):
            retry_after_s = float(match[1] or match[2])
        elif retry_after_s is None and not is_account_problem:
            retry_after_s = 0.0
        return BackendError(Action.RETRY, "unavailable", detail, retry_after_s, status)
    if status == 413 or contains_any(TOO_LONG_PHRASES):
        return BackendError(Action.REPLACE, "too_long", detail, status=status)
    if contains_any(REFUSAL_PHRASES):
        return BackendError(Action.GIVE_UP, "refused", detail, status=status)
    if status in REJECTED_STATUSES and not is_account_problem:
        return BackendError(Action.REPLACE, "rejected", detail, status=status)
    action = Action.RETRY if status >= 500 or status in RETRY_STATUSES else Action.REPLACE
    return BackendError(action, "unavailable", detail, status=status)


def parse_retry_after(retry_after: str) -> float | None:
    """Return the seconds to wait according to a Retry-After header (a number or a date), or None if it is invalid."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        retry_time = parsedate_to_datetime(retry_after)
        return max(0.0, retry_time.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def build_event_error(error: Any, text: str) -> BackendError:
    """Convert the error object in a stream event to an exception. `text` is the whole event.

    Gemini and OpenRouter send the status as `code`. OpenAI and Anthropic send a word as `code` or `type`. An error with
    neither is treated as status 500.
    """
    fields = error if isinstance(error, dict) else {}
    status = next((fields[name] for name in ("code", "status") if type(fields.get(name)) is int), 0)
    if not 400 <= status < 600:
        kinds = map(str, fields.values())
        status = next((STATUS_BY_KIND[kind] for kind in kinds if kind in STATUS_BY_KIND), 500)
    return build_status_error(status, text)


def convert_exception(error: Exception) -> BackendError:
    """Return the error for an exception from the network, a timeout, or a malformed answer."""
    if isinstance(error, BackendError):
        return error
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, TimeoutError):
        return BackendError(Action.REPLACE, "timeout", detail)
    # A ValueError means that the answer was malformed. A retry would probably get another malformed answer.
    is_permanent = isinstance(error, PERMANENT_ERRORS)
    return BackendError(Action.REPLACE if is_permanent else Action.RETRY, "unavailable", detail)


def finalize_error(error: Exception, *, has_begun: bool, api_key: str) -> BackendError:
    """Return the BackendError for an exception, with its detail as one printable line without the API key.

    If the answer has begun, the action is GIVE_UP.
    """
    final = convert_exception(error)
    detail = final.detail.replace(api_key, "***") if api_key else final.detail
    detail = "".join(character if character.isprintable() else " " for character in detail)
    action = Action.GIVE_UP if has_begun else final.action
    return BackendError(
        action, final.reason, " ".join(detail.split())[:MAX_DETAIL_LENGTH], final.retry_after_s, final.status
    )
