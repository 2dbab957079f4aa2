import asyncio
import os
import socket
import ssl
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import aiohttp
import orjson
import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from arena.endpoints.backends.client import find_rejected_field, merge_parameters
from arena.endpoints.backends.deadlines import MAX_TEXT_BYTES
from arena.endpoints.backends.protocol import Delta, Message, Request, Timeouts, Truncation, Usage
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.ssrf_guard import create_session
from tests.fake_provider import expected_reasoning, expected_text, wire

FORMATS = [each.name for each in wire.FORMATS]
SHORT = Timeouts(connect=0.3, first_token=0.3, between_tokens=0.3, total=5)


async def wait_for_state(provider, model: str) -> str:
    """The state of the last request at the provider, once it is no longer open."""
    for _ in range(100):
        if (state := provider.requests(model)[-1]["state"]) != "open":
            return state
        await asyncio.sleep(0.01)
    return "open"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "model",
    [
        "steady-1000",
        "a/ttft-0.05-len-3",
        "says:I am a model / and you?",
        "thinks",
        "surrogates",
        "bytes",
        "split-rate-5000",
        "crlf",
        "split-crlf-rate-5000",
        "plain",
        "lingers-len-3",
    ],
)
async def test_stream_gives_what_the_provider_sent(ask, kind, model):
    result = await ask(kind, model, "Why is the sky blue?")
    assert result.error is None
    assert result.text == expected_text(model, "Why is the sky blue?")
    assert result.reasoning == expected_reasoning(model, "Why is the sky blue?")


@pytest.mark.parametrize(("kind", "model"), [("openai", "json"), ("gemini", "json"), ("openai", "thinks-tag")])
async def test_stream_takes_the_peculiarities_of_a_format(ask, kind, model):
    result = await ask(kind, model)
    assert result.text == expected_text(model, "Why?")
    assert result.reasoning == expected_reasoning(model, "Why?")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("model", "outcome"),
    [
        ("error-500", ("RETRY", "unavailable")),
        ("error-503", ("RETRY", "unavailable")),
        ("error-429", ("RETRY", "unavailable")),
        ("error-401", ("REPLACE", "unavailable")),
        ("error-403", ("REPLACE", "rejected")),
        ("error-404", ("REPLACE", "unavailable")),
        ("error-302", ("REPLACE", "unavailable")),
        ("no such model", ("REPLACE", "unavailable")),
        ("toolong", ("REPLACE", "too_long")),
        ("html", ("REPLACE", "unavailable")),
        ("empty", ("REPLACE", "empty")),
        ("blank", ("REPLACE", "empty")),
        ("reset", ("RETRY", "unavailable")),
        ("fails", ("RETRY", "unavailable")),
        ("garbage", ("REPLACE", "unavailable")),
        ("truncated", ("REPLACE", "unavailable")),
        ("filtered", ("GIVE_UP", "refused")),
        ("reset-3", ("GIVE_UP", "unavailable")),
        ("fails-3", ("GIVE_UP", "unavailable")),
        ("garbage-3", ("GIVE_UP", "unavailable")),
        ("truncated-3", ("GIVE_UP", "unavailable")),
        ("filtered-3", ("GIVE_UP", "refused")),
    ],
)
async def test_stream_types_every_misbehaviour(ask, provider, kind, model, outcome):
    before = len(provider.requests(model))
    result = await ask(kind, model)
    assert result.outcome == outcome
    assert bool(result.text) is model.endswith("-3")
    assert model.replace("error-", "status ") in result.error.detail or not model.startswith("error-")
    assert len(provider.requests(model)) == before + 1


@pytest.mark.parametrize(
    ("model", "outcome", "detail"),
    [
        ("hang", ("REPLACE", "timeout"), "no first token within 0.3 s"),
        ("slowloris", ("REPLACE", "timeout"), "no first token within 0.3 s"),
        ("ttft-1", ("REPLACE", "timeout"), "no first token within 0.3 s"),
        ("hang-3", ("GIVE_UP", "timeout"), "no token for 0.3 s"),
        ("slowloris-3", ("GIVE_UP", "timeout"), "no token for 0.3 s"),
        ("steady-2", ("GIVE_UP", "timeout"), "no token for 0.3 s"),
    ],
)
async def test_stream_limits_each_wait(ask, provider, model, outcome, detail):
    result = await ask("openai", model, timeouts=SHORT)
    assert result.outcome == outcome
    assert detail in result.error.detail
    assert await wait_for_state(provider, model) == "aborted"


async def test_stream_limits_the_whole_answer(ask):
    result = await ask("openai", "steady-50-len-100", timeouts=Timeouts(total=0.3))
    assert result.outcome == ("GIVE_UP", "timeout")
    assert "not finished within 0.3 s" in result.error.detail
    assert 1 < len(result.parts) < 40


async def test_stream_limits_reasoning_like_text(ask):
    result = await ask("openai", "thinks-steady-50-len-5", timeouts=SHORT)
    assert result.error is None
    assert result.text == expected_text("thinks-steady-50-len-5", "Why?")


async def test_stream_retries_what_failed_while_it_only_thought(ask):
    result = await ask("openai", "thinks-reset-3")
    assert result.reasoning
    assert result.outcome == ("RETRY", "unavailable")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("model", "told"), [("len-7", 0), ("cut-len-7", 1)])
async def test_stream_tells_that_the_provider_cut_the_answer(ask, kind, model, told):
    result = await ask(kind, model, "three little words")
    assert result.parts[-1] == Usage(3, 7)
    assert result.text == expected_text(model, "three little words")
    assert result.parts.count(Truncation()) == told


@pytest.mark.parametrize("kind", FORMATS)
async def test_stream_cuts_an_endless_answer(ask, provider, kind):
    result = await ask(kind, "endless", max_tokens=MAX_TEXT_BYTES)
    assert result.error is None
    assert MAX_TEXT_BYTES - 4 < len(result.text) <= MAX_TEXT_BYTES
    assert result.parts.count(Truncation()) == 1
    assert await wait_for_state(provider, "endless") == "aborted"


async def test_stream_closed_early_ends_the_request(provider, client):
    model = "steady-50-len-500"
    request = Request(provider.base_url, model, (Message("user", "Why?"),))
    async with aclosing(BACKENDS["openai"].stream(request, client, Timeouts())) as parts:
        assert isinstance(await anext(parts), Delta)
    assert await wait_for_state(provider, model) == "aborted"


async def test_stream_cancelled_ends_the_request(ask, provider):
    model = "hang-2"
    task = asyncio.create_task(ask("openai", model))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await wait_for_state(provider, model) == "aborted"


async def test_stream_does_not_count_the_time_of_a_slow_reader(provider, client):
    request = Request(provider.base_url, "steady-200-len-20", (Message("user", "Why?"),))
    text = ""
    async with aclosing(BACKENDS["openai"].stream(request, client, SHORT)) as parts:
        async for part in parts:
            if isinstance(part, Delta):
                await asyncio.sleep(0 if text else 0.5)
                text += part.text
    assert text == expected_text("steady-200-len-20", "Why?")


async def test_stream_pauses_after_tokens_and_then_reads_all_that_has_arrived(provider, client):
    model, pauses = "steady-200-len-20", 0

    async def pause():
        nonlocal pauses
        pauses += 1
        await asyncio.sleep(0.05)

    request = Request(provider.base_url, model, (Message("user", "Why?"),))
    async with aclosing(BACKENDS["openai"].stream(request, client, Timeouts(), pause)) as parts:
        text = "".join([part.text async for part in parts if isinstance(part, Delta)])
    assert text == expected_text(model, "Why?")
    assert 2 <= pauses < 20


async def test_stream_counts_no_pause_as_time_between_tokens(provider, client):
    model = "steady-200-len-20"
    request = Request(provider.base_url, model, (Message("user", "Why?"),))
    stream = BACKENDS["openai"].stream(request, client, SHORT, lambda: asyncio.sleep(2 * SHORT.between_tokens))
    async with aclosing(stream) as parts:
        text = "".join([part.text async for part in parts if isinstance(part, Delta)])
    assert text == expected_text(model, "Why?")


async def test_stream_reads_nothing_from_the_connection_during_a_pause(provider, client):
    model, reading = "steady-200-len-20", []

    async def pause():
        [protocol] = client.connector._acquired
        reading.append(protocol.transport.is_reading())
        await asyncio.sleep(0.05)

    request = Request(provider.base_url, model, (Message("user", "Why?"),))
    async with aclosing(BACKENDS["openai"].stream(request, client, Timeouts(), pause)) as parts:
        text = "".join([part.text async for part in parts if isinstance(part, Delta)])
    assert text == expected_text(model, "Why?")
    assert set(reading) == {False}


@pytest.fixture
def tls(tmp_path):
    """The server side of TLS, with a certificate that nobody has signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    file = tmp_path / "localhost.pem"
    encoded_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(encoded_key + unsigned.sign(key, SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def answer_and_hang_up(reader, writer):
    """Send the first token, and during the pause after it the rest and the end of the connection."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for text in ("One", " two."):
        data = orjson.dumps({"choices": [{"delta": {"content": text}}]})
        writer.write(b"data: %b\n\n" % data)
        await asyncio.sleep(0.1)
    writer.write(b"data: [DONE]\n\n")
    await asyncio.sleep(0.1)
    with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as connection:
        connection.shutdown(socket.SHUT_WR)
    await asyncio.sleep(0.5)
    writer.transport.abort()


def test_stream_loses_nothing_if_an_encrypted_connection_ends_during_a_pause(tls):
    async def read():
        server = await asyncio.start_server(answer_and_hang_up, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        request = Request(f"https://127.0.0.1:{port}", "any", (Message("user", "Why?"),))
        async with server, aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
            stream = BACKENDS["openai"].stream(request, session, Timeouts(), lambda: asyncio.sleep(0.5))
            async with aclosing(stream) as parts:
                return "".join([part.text async for part in parts if isinstance(part, Delta)])

    assert uvloop.run(read()) == "One two."


async def test_stream_uses_a_connection_again(ask, client):
    for _ in range(3):
        assert (await ask("openai", "len-3")).error is None
    connector = client.connector
    assert sum(len(connections) for connections in connector._conns.values()) == 1


async def test_streams_do_not_mix(ask):
    prompts = [f"question {n}" for n in range(40)]
    results = await asyncio.gather(*(ask(FORMATS[n % len(FORMATS)], "steady-500", p) for n, p in enumerate(prompts)))
    assert [result.text for result in results] == [expected_text("steady-500", p) for p in prompts]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("model", ["error-401", "error-500", "fails-3", "toolong"])
async def test_errors_never_hold_the_key(ask, provider, kind, model):
    result = await ask(kind, model, api_key="sk-canary-1234")
    sent = provider.requests(model)[-1]["headers"]
    assert "sk-canary-1234" in "".join(sent.values())
    assert "canary" not in f"{result.error!r}{result.error}{result.error.detail}{result.error.__cause__!r}"


async def test_stream_with_a_key_that_is_no_header_fails_without_it(ask):
    result = await ask("openai", "len-3", api_key="sk-canary\r\nX-Evil: 1")
    assert result.outcome == ("REPLACE", "unavailable")
    assert "sk-canary\r" not in result.error.detail


@pytest.mark.parametrize(
    ("base_url", "outcome"),
    [
        ("http://127.0.0.1:1/v1", ("RETRY", "unavailable")),
        ("http://name.invalid/v1", ("RETRY", "unavailable")),
        ("http://10.0.0.1/v1", ("REPLACE", "unavailable")),
        ("ftp://127.0.0.1/v1", ("REPLACE", "unavailable")),
        ("no url", ("REPLACE", "unavailable")),
        ("", ("REPLACE", "unavailable")),
    ],
)
async def test_stream_types_what_cannot_be_reached(ask, base_url, outcome):
    assert (await ask("openai", "len-3", base_url=base_url)).outcome == outcome


@pytest.mark.parametrize(("status", "outcome"), [(503, "RETRY"), (404, "REPLACE")])
async def test_stream_does_not_wait_for_the_rest_of_an_error(ask, status, outcome):
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 100\r\n\r\nhalf a sent" % status)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(stall, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await ask("openai", "m", base_url=f"http://127.0.0.1:{port}/v1")
    assert result.outcome == (outcome, "unavailable")
    assert "half a sent" in result.error.detail


async def test_stream_sends_the_whole_conversation(ask, provider):
    messages = (Message("user", "Hi"), Message("assistant", "Hello 🙂"), Message("user", "Why?"))
    for kind in FORMATS:
        await ask(kind, "whole/len-3", messages=messages, system="Be brief.", temperature=0.5, max_tokens=9)
        seen = provider.requests("whole/len-3")[-1]
        assert seen["messages"] == [{"role": m.role, "content": m.content} for m in messages]
        assert seen["system"] == "Be brief."
        assert seen["format"] == kind


@pytest.mark.parametrize(
    ("kind", "field", "instead"),
    [
        ("openai", "stream_options", None),
        ("openai", "temperature", None),
        ("openai", "max_tokens", "max_completion_tokens"),
        ("anthropic", "temperature", None),
        ("anthropic", "budget_tokens", None),
        ("gemini", "temperature", None),
    ],
)
async def test_stream_does_without_a_field_that_is_rejected_and_remembers(ask, provider, kind, field, instead):
    model = f"{kind}/refuses-{field}"
    for _ in range(2):
        result = await ask(kind, model, temperature=0.7, thinking_tokens=2000 if field == "budget_tokens" else 0)
        assert result.text == expected_text(model, "Why?")
    states = [request["state"] for request in provider.requests(model)]
    assert states == ["failed", "finished", "finished"]
    body = provider.requests(model)[-1]["body"]
    assert instead is None or instead in body


async def test_stream_puts_the_operators_parameters_over_the_body(ask, provider):
    parameters = {"temperature": None, "max_tokens": None, "max_completion_tokens": 9, "stream_options": {"x": 1}}
    await ask("openai", "parameters/len-3", temperature=0.7, parameters=parameters)
    body = provider.requests("parameters/len-3")[-1]["body"]
    assert body.keys() == {"model", "messages", "stream", "max_completion_tokens", "stream_options"}
    assert (body["max_completion_tokens"], body["stream_options"]) == (9, {"include_usage": True, "x": 1})


async def test_stream_passes_on_when_the_provider_answers_again(ask):
    assert (await ask("openai", "error-429-wait-70")).error.retry_after_s == 70


@pytest.mark.parametrize("kind", FORMATS)
async def test_stream_of_a_model_that_thinks_has_the_tokens_for_it(ask, kind):
    model = f"{kind}/ponders-1500"
    assert (await ask(kind, model, max_tokens=370)).outcome == ("REPLACE", "empty")
    assert (await ask(kind, model, max_tokens=370, thinking_tokens=1024)).text == expected_text(model, "Why?")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("manner", "thinking_tokens"), [("thinks-", 1024), ("", 0)])
async def test_what_is_seen_of_every_model_is_cut_at_the_same_byte(ask, kind, manner, thinking_tokens):
    """Before the vote, the length of a cut answer does not tell whether the model thinks, or how it counts tokens."""
    model = f"{kind}/{manner}len-90"
    whole = expected_text(model, "Why?").encode()

    result = await ask(kind, model, max_tokens=20, thinking_tokens=thinking_tokens)

    assert result.text == whole[:80].decode(errors="ignore")
    assert result.reasoning == (expected_reasoning(model, "Why?") if thinking_tokens else "")
    assert Truncation() in result.parts


async def test_stream_remembers_nothing_from_a_request_that_failed_anyway(ask, provider):
    result = await ask("anthropic", "refuses-max_tokens")
    assert result.outcome == ("REPLACE", "rejected")
    assert (await ask("anthropic", "refuses-max_tokens")).error
    assert all("max_tokens" in request["body"] for request in provider.requests("refuses-max_tokens"))


@pytest.mark.parametrize(
    ("status", "text", "field"),
    [
        (400, "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens'.", "max_tokens"),
        (400, "`temperature` is deprecated for this model.", "temperature"),
        (400, '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"', "thinking"),
        (422, '{"type":"extra_forbidden","loc":["body","stream_options"]}', "stream_options"),
        (400, "temperature must be between 0 and 2", None),
        (400, "Unsupported parameter: 'top_p'", None),
        (500, "stream_options is not supported", None),
        (400, "user said: not supported", None),
    ],
)
def test_rejected_field_reads_only_clear_words(status, text, field):
    body = b'{"max_tokens":5,"temperature":0.7,"stream_options":{"include_usage":true},"thinking":{"type":"enabled"}}'
    assert find_rejected_field(status, text, body) == field


def test_rejected_field_is_one_that_was_sent():
    body = rb'{"messages":[{"content":"\"temperature\": not supported"}]}'
    assert find_rejected_field(400, "temperature is not supported", body) is None


@pytest.mark.parametrize(
    ("parameters", "result"),
    [
        ({}, {"a": 1, "b": {"c": 2}}),
        ({"a": None}, {"b": {"c": 2}}),
        ({"x": None}, {"a": 1, "b": {"c": 2}}),
        ({"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ({"b": {"c": None}}, {"a": 1, "b": {}}),
        ({"b": 5, "a": {"x": 1}}, {"a": {"x": 1}, "b": 5}),
    ],
)
def test_merged_puts_parameters_over_the_body(parameters, result):
    assert merge_parameters({"a": 1, "b": {"c": 2}}, parameters) == result


async def test_session_without_allowed_hosts_reaches_no_loopback(provider):
    request = Request(provider.base_url, "guarded/len-3", (Message("user", "Why?"),))
    async with create_session([], Timeouts()) as guarded:
        with pytest.raises(Exception, match="unavailable") as caught:
            [part async for part in BACKENDS["openai"].stream(request, guarded, Timeouts())]
    assert "127.0.0.1" in caught.value.detail
    assert provider.requests("guarded/len-3") == []
