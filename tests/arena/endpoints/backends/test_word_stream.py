import time

import pytest

from arena.endpoints.backends.protocol import BackendError, Delta, Message, Request, Timeouts, Truncation, Usage
from arena.endpoints.backends.word_stream import stream_words

FAST = {"first_token_s": 0, "tokens_per_second": 1000}


def build_request(**fields) -> Request:
    return Request("", "", (Message("user", "two words"),), **{"parameters": FAST, **fields})


async def speak(text: str, request: Request, timeouts: Timeouts | None = None) -> list:
    return [part async for part in stream_words(text, request, timeouts or Timeouts())]


@pytest.mark.parametrize("text", ["one", "one two", "  one\n\n two\tthree ", "日本 🙂 x", "- a\n- b"])
async def test_echo_repeats_the_last_message(ask, text):
    messages = (Message("user", "one"), Message("assistant", "two"), Message("user", text))
    result = await ask("echo", "", messages=messages, parameters=FAST)
    assert result.text == text.strip()
    assert result.usage[0].output_tokens == len(text.split())


async def test_speak_says_a_word_at_a_time_and_counts():
    assert await speak("Why not, then?", build_request()) == [
        Delta("Why "),
        Delta("not, "),
        Delta("then?"),
        Usage(2, 3),
    ]


async def test_speak_stops_at_the_same_byte_as_every_model():
    parts = await speak("abc defgh ijk", build_request(max_tokens=2))
    assert parts == [Delta("abc "), Delta("defg"), Truncation(), Usage(2, 2)]


async def test_speak_keeps_the_pace():
    start = time.monotonic()
    pace = {"first_token_s": 0.1, "tokens_per_second": 50}
    times = [
        time.monotonic() - start async for _ in stream_words("a b c d e f", build_request(parameters=pace), Timeouts())
    ]
    assert 0.09 < times[0] < 1
    assert 0.19 < times[5] < 1.5


async def test_speak_ends_when_the_time_is_over():
    pace = {"first_token_s": 0, "tokens_per_second": 20}
    with pytest.raises(BackendError) as caught:
        await speak("a b c d e f", build_request(parameters=pace), Timeouts(total=0.12))
    assert (caught.value.action.name, caught.value.reason) == ("GIVE_UP", "timeout")


async def test_speak_may_be_replaced_when_it_never_begins():
    pace = {"first_token_s": 10, "tokens_per_second": 20}
    with pytest.raises(BackendError) as caught:
        await speak("a b", build_request(parameters=pace), Timeouts(total=0.1))
    assert (caught.value.action.name, caught.value.reason) == ("REPLACE", "timeout")


@pytest.mark.parametrize(("kind", "messages"), [("echo", ()), ("echo", (Message("user", " \n "),)), ("eliza", ())])
async def test_nothing_to_say_is_an_error(ask, kind, messages):
    assert (await ask(kind, "", messages=messages)).outcome == ("REPLACE", "empty")


@pytest.mark.parametrize(
    "parameters",
    [{"tokens_per_second": 0}, {"tokens_per_second": "fast"}, {"first_token_s": -1}, {"first_token_s": None}],
)
async def test_speak_refuses_a_pace_that_is_none(parameters):
    with pytest.raises(BackendError) as caught:
        await speak("a b", build_request(parameters=parameters))
    assert "tokens_per_second" in caught.value.detail
