from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from arena.endpoints.backends.protocol import (
    BackendError,
    Delta,
    Message,
    Reasoning,
    Request,
    StreamPart,
    Timeouts,
    Usage,
)
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.ssrf_guard import create_session
from tests.fake_provider import FakeProvider

QUICK = Timeouts(connect=1, first_token=2, between_tokens=2, total=5)


@dataclass
class Result:
    """The parts and the error of one request."""

    parts: list[StreamPart] = field(default_factory=list)
    error: BackendError | None = None

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Delta))

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))

    @property
    def usage(self) -> list[Usage]:
        return [part for part in self.parts if isinstance(part, Usage)]

    @property
    def outcome(self) -> tuple[str, str]:
        assert self.error, f"no error, but {self.text!r}"
        return self.error.action.name, self.error.reason


@pytest.fixture(scope="session")
def provider():
    with FakeProvider() as server:
        yield server


@pytest.fixture
async def client():
    async with create_session(["127.0.0.0/8"], QUICK) as session:
        yield session


@pytest.fixture
def ask(provider, client):
    async def send(kind, model, prompt="Why?", timeouts=QUICK, **fields):
        messages = fields.pop("messages", (Message("user", prompt),))
        fields = {"base_url": provider.base_url, **fields}
        request = Request(model=model, messages=messages, **fields)
        result = Result()
        try:
            async with aclosing(BACKENDS[kind].stream(request, client, timeouts)) as parts:
                async for part in parts:
                    result.parts.append(part)
        except BackendError as error:
            result.error = error
        return result

    return send
