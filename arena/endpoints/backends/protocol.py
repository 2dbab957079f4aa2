"""The interface between the answer engine and the backends: requests, parts of an answer, and errors."""

import enum
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import aiohttp

# The values of `Answer.Failure`.
FailureReason = Literal["timeout", "unavailable", "refused", "too_long", "empty", "rejected", "busy"]
SERVER_FIELDS = ("base_url", "model")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model.

    `parameters` are merged over the body last, under the provider's own field names; a value of None removes a field.
    A model may spend `thinking_tokens` on reasoning, in addition to `max_tokens` for the answer. It is 0 for a model
    that does not reason, or whose provider counts its reasoning separately.
    """

    base_url: str
    model: str
    messages: tuple[Message, ...]
    api_key: str = field(default="", repr=False)
    system: str = ""
    max_tokens: int = 1024
    temperature: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    thinking_tokens: int = 0

    @property
    def token_limit(self) -> int:
        """The limit for answer and reasoning together: providers have one limit for both."""
        return self.max_tokens + self.thinking_tokens


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds. `first_token` and `total` start with the request and include the time to connect.

    Reasoning counts as tokens; keep-alives and empty events do not. Time that the reader of the stream takes between
    tokens is not counted.
    """

    connect: float = 10
    first_token: float = 30
    between_tokens: float = 20
    total: float = 180


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the answer. It is never empty, and the first one is never blank.

    The first Delta is the "first word": a model that fails before it can be asked again or replaced. The "first token"
    is the first part of any kind, so it may be reasoning, and comes before the first word or with it.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The next piece of the model's reasoning before its answer. It is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of the whole answer as the provider counts them; a stream has at most one, at its end.

    `output_tokens` include reasoning. `reasoning_tokens` are the part of the output that was reasoning, visible or
    not, as far as the provider reports it.
    """

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Truncation:
    """The answer ended at a length limit, the provider's or ours. A stream has at most one, after the text."""


TextPart = Delta | Reasoning
StreamPart = TextPart | Usage | Truncation


class Action(enum.Enum):
    """The next step after a failure. Another model is asked only in the first turn of a blind battle.

    RETRY: ask the same model once more, then another one. REPLACE: ask another model. GIVE_UP: the failure stands,
    because the model refused to answer, or because a part of its answer has arrived.
    """

    RETRY = "retry"
    REPLACE = "replace"
    GIVE_UP = "give_up"


class BackendError(Exception):
    """An answer failed. After the first word (see `Delta`) the action is always GIVE_UP.

    detail: text for the operator's log only, and not in every case (see
        `arena.answers.answering.format_log_detail`), because it may quote the provider, and the provider may quote
        the question. It never contains the API key.
    retry_after_s: the provider limits the rate, and answers again after this many seconds.
    status: the HTTP status of the error, or the status that an error inside a stream corresponds to.
    """

    def __init__(
        self,
        action: Action,
        reason: FailureReason,
        detail: str = "",
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{reason}, {action.value}")
        self.action = action
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.status = status


class Backend(Protocol):
    """One wire format.

    `required_fields` are the fields of an endpoint, by their names in the models file, that this backend needs:
    SERVER_FIELDS if it calls a server, else none. All other fields but `kind` are optional.

    The stream ends normally when the answer is complete or reaches a length limit (`Truncation`); otherwise it raises
    BackendError. To stop early, close it (`contextlib.aclosing`): that also ends the request to the provider.
    """

    required_fields: tuple[str, ...]

    def stream(
        self, request: Request, session: aiohttp.ClientSession, timeouts: Timeouts
    ) -> AsyncGenerator[StreamPart]: ...
