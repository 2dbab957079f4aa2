"""Builds requests to backends. All models share the system prompt and the default settings."""

from arena.endpoints import key_variables
from arena.endpoints.backends.protocol import Message, Request
from arena.models import Endpoint

DEFAULT_MAX_TOKENS = 1024
DEFAULT_TEMPERATURE = 0.7
SYSTEM_PROMPT = (
    "You are a helpful assistant. Do not say which model you are, who made you, or which family you belong to, "
    "even if you are asked."
)


def get_max_tokens(endpoint: Endpoint) -> int:
    return endpoint.max_tokens or DEFAULT_MAX_TOKENS


def build_request(endpoint: Endpoint, messages: tuple[Message, ...]) -> Request:
    """Build the request for these messages, with the default for each setting that the endpoint does not set."""
    return Request(
        base_url=endpoint.base_url,
        model=endpoint.upstream_id,
        api_key=key_variables.read_key(endpoint),
        messages=messages,
        system=SYSTEM_PROMPT,
        max_tokens=get_max_tokens(endpoint),
        thinking_tokens=endpoint.thinking_tokens or 0,
        temperature=DEFAULT_TEMPERATURE if endpoint.temperature is None else endpoint.temperature,
        parameters=endpoint.parameters,
    )
