"""What the answer engine and a model's server say to each other, whatever the wire format in between."""

import enum
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import aiohttp

FailureReason = Literal[
    "timeout", "unavailable", "refused", "too_long", "empty", "rejected", "busy"
]  # of Answer.Failure


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model. `parameters` are merged over the body last, in the provider's own field
    names; a None there takes a field out. `thinking_tokens` may be spent on thought, beside `max_tokens` for the
    answer; 0 for a model that does not think, or whose thoughts its provider counts by themselves."""

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
        """For answer and thought together: providers know one limit for both."""
        return self.max_tokens + self.thinking_tokens


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `first_token` and `total` run from the moment of asking, connecting included.

    Reasoning counts as tokens, keep-alives and empty events do not; the time that the reader of the stream takes
    is not counted between tokens.
    """

    connect: float = 10
    first_token: float = 30
    between_tokens: float = 20
    total: float = 180


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the answer; never empty, and the first one is never blank."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The next piece of what the model thought before it answered; no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of the whole answer as the provider counts them, reasoning among the output; at most one,
    at the end. `reasoning_tokens` of the output were thought, whether they were shown or not, as far as it says."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Truncation:
    """The answer ended at a limit of length, the provider's or ours; at most one, after the text."""


TextPart = Delta | Reasoning
StreamPart = TextPart | Usage | Truncation


class Action(enum.Enum):
    """What to do after a failure: ask the same model once more, ask another one, or neither."""

    RETRY = "retry"
    REPLACE = "replace"
    GIVE_UP = "give_up"


class BackendError(Exception):
    """An answer failed. After the first Delta the action is always GIVE_UP.

    `detail` may quote the provider, and the provider the question: it belongs in the operator's log only, and not in
    every case (see `arena.answers.answering.log_words`). It never holds the API key.
    `retry_after_s`: the provider limits the rate, and answers again after so many seconds.
    `status`: the HTTP status of the error, or the one that an error inside a stream amounts to.
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

    The stream ends normally when the answer is complete, or cut at a limit of length (`Truncation`); else it raises
    BackendError. Close it (`contextlib.aclosing`) to stop early: that also ends the request upstream.
    """

    def stream(
        self, request: Request, session: aiohttp.ClientSession, timeouts: Timeouts
    ) -> AsyncGenerator[StreamPart]: ...
