"""The interface of backends: requests, the parts of an answer, and errors."""

import enum
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import aiohttp

# The values of `Answer.Failure`, except `stopped`, which is not an error.
FailureReason = Literal["timeout", "unavailable", "refused", "too_long", "empty", "rejected", "busy"]
SERVER_FIELDS = ("base_url", "model")
BYTES_PER_TOKEN = 4  # in UTF-8, about four letters of English or one or two Chinese characters
API_KEY_HINT = "put the key in an environment variable, and its name in the endpoint's API key variable (api_key_env)"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a model for one answer.

    max_tokens: the maximum length of the answer, in tokens of BYTES_PER_TOKEN bytes. The provider's own tokens can be
        shorter, so it may generate more of them (see `token_limit`).
    parameters: fields of the provider's API that are merged into the body last. A value of None removes a field.
    headers: the operator's own headers, which replace none of Arena's.
    thinking_tokens: the maximum number of reasoning tokens, in addition to the tokens of the answer. It is 0 if the
        model does not reason, or if its provider counts reasoning separately.
    """

    base_url: str
    model: str
    messages: tuple[Message, ...]
    api_key: str = field(default="", repr=False)
    system: str = ""
    max_tokens: int = 1024
    temperature: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    thinking_tokens: int = 0

    @property
    def max_bytes(self) -> int:
        """The maximum length of the answer in UTF-8. Arena cuts off the answers of all models there."""
        return BYTES_PER_TOKEN * self.max_tokens

    @property
    def token_limit(self) -> int:
        """The provider's limit on the answer and the reasoning together, in tokens.

        A token has at least one byte, so `max_bytes` tokens never end an answer before Arena's limit does.
        """
        return self.max_bytes + self.thinking_tokens


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds. `first_token` and `total` start with the request, so they include the time to connect.

    Reasoning tokens count as tokens, but keep-alives and empty events do not. The time that the consumer of the stream
    takes between tokens is not counted.
    """

    connect: float = 10
    first_token: float = 30
    between_tokens: float = 20
    total: float = 180


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the answer. It is never empty, and the first one is never blank.

    In this package, the "first word" is the first Delta. If a model fails before its first word, it can be asked again
    or replaced. The "first token" is the first part of any kind, which can be Reasoning.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The next piece of the model's reasoning, which is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The provider's token counts for the whole answer. A stream has at most one Usage, at its end.

    `output_tokens` includes reasoning. `reasoning_tokens` is the number of reasoning tokens, visible or not, or 0 if
    the provider does not report it.
    """

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Truncation:
    """Marks an answer that ended at a length limit, either the provider's or ours. It comes after the text."""


TextPart = Delta | Reasoning
StreamPart = TextPart | Usage | Truncation


class EventReader:
    """Base class of the readers of one answer's events. There is one subclass per wire format.

    The caller, `response.AnswerDecoder`, handles `[DONE]`, errors in the stream, malformed events, and leading
    whitespace.
    """

    is_complete = False  # whether the provider reported the end of the answer
    is_truncated = False  # whether the provider reported that the answer ended at a length limit
    usage: tuple[Any, ...] | None = None  # the provider's token counts: input, output, and possibly reasoning

    def read(self, event: dict[str, Any]) -> Iterable[TextPart]:
        """Return the pieces of text in one event. Raises an error such as KeyError if the event is malformed."""
        raise NotImplementedError

    def end(self) -> Iterable[TextPart]:
        """Return the pieces of text that were still buffered when the stream ended."""
        return ()


class Action(enum.Enum):
    """The next step after a failure.

    RETRY: ask the same model once more, and if it fails again, ask a replacement.
    REPLACE: ask a replacement, which is possible only in the first turn of a blind battle.
    GIVE_UP: end the answer as failed, because the model refused or part of its answer has already arrived.
    """

    RETRY = "retry"
    REPLACE = "replace"
    GIVE_UP = "give_up"


class BackendError(Exception):
    """An answer failed. After the first word (see `Delta`), the action is always GIVE_UP.

    detail: a message for the operator's log. It can quote the provider, which can quote the question, so it is not
        always logged or stored (see `arena.answers.answering.select_provider_words`). It never contains the API key.
    retry_after_s: seconds until a rate limit ends, or 0 if unknown; None if no rate limit caused the failure
    status: the HTTP status of the error, or the matching status for an error in a stream
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


Pause = Callable[[], Awaitable[None]]


async def do_not_pause() -> None:
    """Return immediately."""


class Backend(Protocol):
    """The code for one wire format.

    `required_fields` are the endpoint fields in the models file that this backend requires in addition to `kind`. They
    are SERVER_FIELDS if the backend calls a server.

    The stream ends when the answer is complete or reaches a length limit (see `Truncation`). In all other cases, it
    raises BackendError. To stop early, close the stream (see `contextlib.aclosing`), which also ends the request.

    `pause` is awaited after each read that returned a token. If all streams pause until the same moment, each of them
    then reads all tokens that have arrived, and the streams run one right after another, which takes less CPU time.
    Nothing is read from an unencrypted connection during a pause. Backends that need no server ignore `pause`.
    """

    required_fields: tuple[str, ...]

    def stream(
        self, request: Request, session: "aiohttp.ClientSession", timeouts: Timeouts, pause: Pause = do_not_pause
    ) -> AsyncGenerator[StreamPart]: ...
