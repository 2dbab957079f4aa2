"""Builds requests to backends. All contestants share the defaults."""

from arena.endpoints import key_variables
from arena.endpoints.backends.protocol import Message, Request
from arena.models import Contestant, Endpoint

DEFAULT_MAX_TOKENS = 1024
DEFAULT_TEMPERATURE = 0.7
SYSTEM_PROMPT = (
    "You are a helpful assistant. Do not say which model you are, who made you, or which family you belong to, "
    "even if you are asked."
)


def get_max_tokens(contestant: Contestant) -> int:
    return contestant.max_tokens or DEFAULT_MAX_TOKENS


def get_endpoint(contestant: Contestant) -> Endpoint:
    """Return the endpoint of a contestant that answers here. Raises ValueError if it has none."""
    if contestant.endpoint is None:
        raise ValueError(f"contestant {contestant.slug} has no endpoint")
    return contestant.endpoint


def build_request(contestant: Contestant, messages: tuple[Message, ...], conversation: str) -> Request:
    """Build the request for these messages, with the default for each setting that the contestant does not set.

    conversation: the value of the contestant's conversation field, if it has one
    """
    endpoint = get_endpoint(contestant)
    return Request(
        base_url=endpoint.base_url,
        model=endpoint.upstream_id,
        api_key=key_variables.read_key(endpoint),
        messages=messages,
        system=SYSTEM_PROMPT if contestant.system is None else contestant.system,
        max_tokens=get_max_tokens(contestant),
        thinking_tokens=contestant.thinking_tokens or 0,
        temperature=DEFAULT_TEMPERATURE if contestant.temperature is None else contestant.temperature,
        parameters=contestant.parameters | {name: conversation for name in [contestant.conversation_field] if name},
        headers=contestant.headers,
    )
