import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.fake_provider import FakeProvider, expected_text
from tests.fake_provider.behavior import MISBEHAVIORS, parse
from tests.fake_provider.plan import MISBEHAVIORS as PLANS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as fake:
        yield fake


async def ask(base_url: str, model: str, *texts: str, **fields: str) -> tuple[int, str]:
    """Return the status and the raw body."""
    roles = [("user", "assistant")[n % 2] for n in range(len(texts))]
    messages = [{"role": role, "content": content} for role, content in zip(roles, texts, strict=True)]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base_url}/chat/completions", json={"model": model, "messages": messages} | fields) as response,
    ):
        return response.status, await response.text()


def text_of(body: str) -> str:
    lines = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: {")]
    return "".join(json.loads(line)["choices"][0]["delta"].get("content", "") for line in lines)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("steady-50", {"rate": 50}),
        ("x/rate-20-ttft-0.5-len-3", {"rate": 20, "ttft": 0.5, "length": 3}),
        ("error-500", {"misbehavior": "error", "value": "500", "after": 0}),
        ("reset-10", {"misbehavior": "reset", "after": 10}),
        ("hang", {"misbehavior": "hang", "after": 0}),
        ("refuses-stream_options", {"misbehavior": "refuses", "value": "stream_options"}),
        ("error-429-once-turn-2-pct-30", {"once": True, "turn": 2, "percent": 30}),
        ("thinks-tag", {"manners": frozenset({"thinks", "tag"})}),
        ("rate-5-says:a/b - c", {"rate": 5, "says": "a/b - c"}),
        ("gpt-4o", {"unknown": ("gpt", "4o")}),
    ],
)
def test_parse_reads_the_behavior_from_the_name(model, fields):
    behavior = parse(model)
    assert {name: getattr(behavior, name) for name in fields} == fields


def test_every_misbehavior_has_a_plan():
    assert set(PLANS) == set(MISBEHAVIORS)


async def test_provider_streams_the_expected_text(provider):
    status, body = await ask(provider.base_url, "steady-500", "Why?")
    assert status == 200
    assert text_of(body) == expected_text("steady-500", "Why?")
    assert body.endswith("data: [DONE]\n\n")


@pytest.mark.slow
async def test_provider_keeps_the_pace(provider):
    start = time.monotonic()
    await ask(provider.base_url, "steady-100-ttft-0.1-len-20", "Why?")
    assert 0.28 < time.monotonic() - start < 1.5


async def test_provider_misbehaves_when_the_name_says_so(provider):
    assert [(await ask(provider.base_url, "error-500-once", "x"))[0] for _ in range(3)] == [500, 200, 200]
    assert (await ask(provider.base_url, "error-500-turn-2", "x"))[0] == 200
    assert (await ask(provider.base_url, "error-500-turn-2", "x", "y", "z"))[0] == 500
    statuses = [(await ask(provider.base_url, "error-500-pct-30-len-1", str(n)))[0] for n in range(100)]
    assert 15 < statuses.count(500) < 45
    assert (await ask(provider.base_url, "unknown", "x"))[0] == 404


async def test_provider_answers_with_the_text_in_the_request(provider):
    _, body = await ask(provider.base_url, "a/rate-500", "Why?", says="A long text - one of many words.")
    assert text_of(body) == "A long text - one of many words."


@pytest.mark.slow
async def test_provider_holds_many_streams_at_once(provider):
    start = time.monotonic()
    answers = await asyncio.gather(*(ask(provider.base_url, "steady-100-len-30", f"question {n}") for n in range(50)))
    assert time.monotonic() - start < 5  # one after another, these would take 15 s
    assert [text_of(body) for _, body in answers] == [
        expected_text("steady-100-len-30", f"question {n}") for n in range(50)
    ]


async def test_provider_refuses_more_requests_at_a_time_than_its_limit(provider: FakeProvider) -> None:
    calls = (ask(provider.base_url, "limit-2-ttft-0.2", f"Question {n}?") for n in range(3))

    assert sorted(status for status, _ in await asyncio.gather(*calls)) == [200, 200, 429]
    assert (await ask(provider.base_url, "limit-2", "Question 4?"))[0] == 200


async def test_provider_resets_all_requests_during_an_outage(provider: FakeProvider) -> None:
    call = asyncio.ensure_future(ask(provider.base_url, "hang-2", "Why?"))
    await asyncio.sleep(0.1)
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{provider.port}/outage?seconds=0.3"):
        pass

    for failing in (call, ask(provider.base_url, "len-2", "Why?")):
        with pytest.raises(aiohttp.ClientError):
            await failing
    await asyncio.sleep(0.3)
    assert (await ask(provider.base_url, "len-2", "Why?"))[0] == 200
