import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.fake_provider import FakeProvider, expected_text
from tests.fake_provider.behavior import MISBEHAVIORS, parse, tokens
from tests.fake_provider.plan import MISBEHAVIORS as PLANS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as fake:
        yield fake


async def ask(base_url: str, model: str, *texts: str) -> tuple[int, str]:
    """Return the status and the raw body."""
    roles = [("user", "assistant")[n % 2] for n in range(len(texts))]
    messages = [{"role": role, "content": content} for role, content in zip(roles, texts, strict=True)]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base_url}/chat/completions", json={"model": model, "messages": messages}) as response,
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


def test_text_depends_on_model_and_prompt_alone():
    assert expected_text("steady-50", "x") == expected_text("steady-50", "x")
    assert len({expected_text(model, prompt) for model in ("a/len-9", "b/len-9") for prompt in "xy"}) == 4
    assert len(tokens("len-300", "x")) == 300
    assert 30 <= len(tokens("steady-50", "x")) <= 60


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


async def test_provider_logs_what_it_was_asked(provider):
    await ask(provider.base_url, "logged/len-2", "Hi", "Hello", "Why?")
    (entry,) = provider.requests("logged/len-2")
    assert [message["content"] for message in entry["messages"]] == ["Hi", "Hello", "Why?"]
    assert (entry["format"], entry["state"], entry["system"]) == ("openai", "finished", "")
    assert entry["headers"]["content-type"] == "application/json"
    assert entry["time"] <= entry["ended"]


async def test_provider_misbehaves_when_the_name_says_so(provider):
    assert [(await ask(provider.base_url, "error-500-once", "x"))[0] for _ in range(3)] == [500, 200, 200]
    assert (await ask(provider.base_url, "error-500-turn-2", "x"))[0] == 200
    assert (await ask(provider.base_url, "error-500-turn-2", "x", "y", "z"))[0] == 500
    statuses = [(await ask(provider.base_url, "error-500-pct-30-len-1", str(n)))[0] for n in range(100)]
    assert 15 < statuses.count(500) < 45
    assert (await ask(provider.base_url, "unknown", "x"))[0] == 404


async def test_provider_forgets(provider):
    assert (await ask(provider.base_url, "error-503-once", "x"))[0] == 503
    provider.forget()
    assert (await ask(provider.base_url, "error-503-once", "x"))[0] == 503
    assert len(provider.requests("error-503-once")) == 1


@pytest.mark.slow
async def test_provider_holds_many_streams_at_once(provider):
    start = time.monotonic()
    answers = await asyncio.gather(*(ask(provider.base_url, "steady-100-len-30", f"question {n}") for n in range(50)))
    assert time.monotonic() - start < 5  # one after another, these would take 15 s
    assert [text_of(body) for _, body in answers] == [
        expected_text("steady-100-len-30", f"question {n}") for n in range(50)
    ]


@pytest.mark.slow
async def test_provider_runs_as_a_process():
    command = [sys.executable, "-m", "tests.fake_provider", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            assert (await ask(f"{url}/v1", "len-2", "x"))[0] == 200
            async with aiohttp.ClientSession() as session:
                async with session.get(f"{url}/log", params={"model": "len-2"}) as response:
                    log = await response.json()
                async with session.delete(f"{url}/log") as response:
                    assert await response.json() == []
        finally:
            process.terminate()
    assert [(entry["model"], entry["state"]) for entry in log] == [("len-2", "finished")]
